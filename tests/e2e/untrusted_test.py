# SPDX-License-Identifier: Apache-2.0
"""Nothing from DNS is code: hostile TXT records through the terminal, JSON, Slack, mail and the log."""
import html.parser
import re
import unittest

from tests.e2e.story import Story, own_zone
from tests.support import daemon

PAYLOADS = {
    "192.0.2.20": b"\x1b]0;owned\x07\x1b[31mred\x1b[2J",
    "192.0.2.21": b"\xc2\x9b31m C1 \x9b31m",
    "192.0.2.22": b"broken \xff\xfe\xc3( utf-8 \xed\xa0\x80",
    "192.0.2.23": b"<!channel> <http://evil.example|click> & <@U123>",
    "192.0.2.24": b"<script>alert(1)</script><img src=x onerror=alert(1)>",
    "192.0.2.25": b"line\r\nBcc: evil@example.com\r\n\r\n.\r\n",
    "192.0.2.26": b"nul \x00 and del \x7f",
    "192.0.2.27": "right \u202e to left \u2066 isolate".encode(),
    "192.0.2.28": b"x" * 8000,
    "192.0.2.29": b'"}{ %0a `id` $(id) \\',
}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Tags(html.parser.HTMLParser):
    """Collects what would be active."""

    def __init__(self):
        super().__init__()
        self.active = []

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "img", "iframe", "object") or any(name.startswith("on") for name, _ in attrs):
            self.active.append(tag)


class Untrusted(Story):
    @classmethod
    def setUpClass(cls):
        cls.stage = Story()
        cls.stage.setUp()
        try:
            cls.tell(cls.stage)
        except BaseException as error:
            error.args = (f"{error}\n{cls.stage.post_mortem()}",)
            cls.stage.doCleanups()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.stage.doCleanups()

    @classmethod
    def tell(cls, stage):
        dns = stage.resolver("bl.test")
        for address, payload in PAYLOADS.items():
            dns.zones["bl.test"].list(address, txt=payload)
        cls.sink, cls.smtp = stage.receiver(), stage.mail_server()
        channels = [daemon.webhook(cls.sink.url("/ops")),
                    {"name": "chat", "type": "slack", "url": cls.sink.url("/slack"), "group_wait": "0s"},
                    {"name": "mail", "type": "email", "smtp": cls.smtp.url(), "starttls": "never", "group_wait": "0s",
                     "from": "rblwatch@example.com", "to": ["postmaster@example.com"]}]
        targets = [{"range": "192.0.2.16/28", "name": "net"}]
        cls.watch = stage.install(stage.config(dns, *channels, target=targets, schedule={"breaker_share": 1.0},
                                               zone=[own_zone(operator="Corp <b>")]))
        cls.watch.start()
        stage.wait_listed(cls.watch, len(PAYLOADS))
        cls.events = cls.sink.wait_events("listed", len(PAYLOADS), "/ops", 40)
        cls.mails, cls.chats = cls.smtp.wait(1), cls.sink.wait("/slack", 1)
        commands = ("status", "history", "history --events", "alerts", "targets", "zones", "check 192.0.2.20",
                    *(f"why {address}" for address in PAYLOADS))
        cls.texts = {name: cls.watch.cli(*name.split()) for name in commands}
        cls.documents = {name: cls.watch.cli(*name.split(), "--json") for name in commands}

    def setUp(self):
        super().setUp()
        self.watched = self.stage.watched

    def reasons(self):
        return {event["subject"]: event["reason"] for event in self.events}

    def test_the_terminal_gets_no_control_character(self):
        for name, result in self.texts.items():
            with self.subTest(command=name):
                self.assertIn(result.code, (0, 1), result.stderr)
                self.assertIsNone(CONTROL.search(result.stdout), "a raw control character")
        self.assertIn("owned", self.texts["why 192.0.2.20"].stdout)

    def test_json_is_utf8_with_replacement_characters(self):
        for name, result in self.documents.items():
            with self.subTest(command=name):
                result.stdout.encode("utf-8")  # raises where the output was not UTF-8
                self.assertIsNotNone(result.json)
        broken = self.reasons()["192.0.2.22"]
        self.assertTrue(broken.startswith("broken \ufffd"), broken)
        self.assertIn("utf-8", broken)

    def test_a_reason_keeps_its_text_up_to_four_kib(self):
        self.assertEqual(self.reasons()["192.0.2.23"], PAYLOADS["192.0.2.23"].decode())
        self.assertLessEqual(len(self.reasons()["192.0.2.28"].encode()), 4096)
        self.assertGreaterEqual(len(self.reasons()["192.0.2.28"]), 4000)

    def test_slack_is_escaped(self):
        text = "".join(chat.body.decode() for chat in self.chats)
        for active in ("<!channel>", "<http://evil", "<@U123>"):
            self.assertNotIn(active, text)
        self.assertIn("&lt;!channel&gt;", text)

    def test_mail_has_no_active_markup_and_no_injected_header(self):
        for mail in self.mails:
            self.assertNotIn("Bcc", mail.message)
            self.assertEqual(mail.recipients, ["postmaster@example.com"])
            tags = Tags()
            tags.feed(mail.part("text/html"))
            self.assertEqual(tags.active, [])
            self.assertIsNone(re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", mail.part("text/plain")))

    def test_the_log_gets_no_control_character(self):
        self.assertIsNone(CONTROL.search(self.watch.all_output()))


if __name__ == "__main__":
    unittest.main()
