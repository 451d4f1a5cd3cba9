# SPDX-License-Identifier: Apache-2.0
"""Secrets stay in: a canary in each, every channel failing, trace logging, and a search through all that came out."""
import base64
import unittest
import urllib.parse

from tests.e2e.story import MX1, Story, own_zone
from tests.support import daemon, webhook_signature
from tests.support.http_receiver import Answer

CANARIES = {name: f"canary-{name}-{'7f3a9c' * 3}" for name in ("url", "slack", "password", "token", "key", "env")}
SIGNING = webhook_signature.secret_of(b"canary-signing-secret-0123456789")


def forms(secret):
    """The secret as it is, and as it could be written by accident."""
    raw = secret.encode()
    return [raw, base64.b64encode(raw)[:-4], urllib.parse.quote(secret, safe="").encode(), secret.upper().encode()]


class Secrets(Story):
    def setUp(self):
        super().setUp()
        self.dns, self.sink = self.resolver("bl.test", f"{CANARIES['key'].lower()}.keyed.test"), self.receiver()
        self.smtp = self.mail_server(users={"me": CANARIES["password"]})
        for path in (f"/{CANARIES['url']}", f"/{CANARIES['slack']}", f"/{CANARIES['env']}"):
            self.sink.script(path, Answer(500, body=path.encode()), Answer(404, body=path.encode()))
        base = self.config(self.dns,
                           daemon.webhook(self.sink.url(f"/{CANARIES['url']}"), secret=SIGNING),
                           daemon.webhook("env:OPS_URL", "from-env"),
                           {"name": "chat", "type": "slack", "url": self.sink.url(f"/{CANARIES['slack']}"), "group_wait": "0s"},
                           {"name": "mail", "type": "email", "smtp": self.smtp.url(), "starttls": "required", "group_wait": "0s",
                            "user": "me", "password": CANARIES["password"], "from": "a@example.com", "to": ["b@example.com"]},
                           zone=[own_zone(), own_zone("keyed", "{key}.keyed.test", key=CANARIES["key"])],
                           daemon={"log_level": "trace", "token": CANARIES["token"]})
        self.config_dict = base
        self.watch = self.install(base, env={"OPS_URL": self.sink.url(f"/{CANARIES['env']}")})

    def assertClean(self, data, where):
        for name, secret in {**CANARIES, "signing": SIGNING.removeprefix("whsec_")}.items():
            for form in forms(secret):
                self.assertFalse(form.lower() in data.lower(), f"the {name} secret shows in {where}")

    def test_no_output_log_alert_or_database_holds_a_secret(self):
        self.watch.start()
        self.watch.wait_seeing(2)
        for zone in self.dns.zones.values():
            zone.list(MX1, txt="why")
        self.wait_listed(self.watch, 2)
        self.sink.wait(f"/{CANARIES['slack']}", 2, 30)
        self.eventually(lambda: self.watch.cli("alerts", "--failed", "--json").json["deliveries"], "failed deliveries", 30)
        self.assertTrue(any(row.name.startswith("10.2.0.192." + CANARIES["key"]) for row in self.dns.log.rows()))
        for words in ("status", "history", "history --events", f"why {MX1}", "zones", "targets", "alerts", "alerts test ops",
                      "alerts test mail", "config check", f"check {MX1}", "zones test keyed"):
            for args in (words.split(), [*words.split(), "--json"]):
                result = self.watch.cli(*args)
                self.assertClean((result.stdout + result.stderr).encode("utf-8", "surrogateescape"), f"rblwatch {' '.join(args)}")
        for request in self.sink.requests():
            self.assertClean(request.body, "an alert")
        with open(f"/proc/{self.watch.process.pid}/cmdline", "rb") as line:
            self.assertClean(line.read(), "the command line")
        self.assertIn("<key>.keyed.test", self.watch.cli("zones", "keyed").stdout)
        self.watch.stop()
        for path in self.watch.folder.iterdir():
            if path != self.watch.config_file and path.is_file():
                self.assertClean(path.read_bytes(), path.name)

    def test_error_texts_of_a_configuration_do_not_quote_them(self):
        broken = dict(self.config_dict)
        broken["channel"] = [{**self.config_dict["channel"][0], "url": f"htp://x.test/{CANARIES['url']}"},
                             {**self.config_dict["channel"][3], "password": CANARIES["password"], "password_file": "p"},
                             {**self.config_dict["channel"][0], "name": "third", "secret": "whsec_" + CANARIES["env"]}]
        watch = self.install(broken)
        for result in (watch.cli("config", "check"), watch.cli("config", "check", "--json"), watch.check_config()):
            self.assertEqual(result.code, 2)
            self.assertClean((result.stdout + result.stderr).encode(), "an error text")


if __name__ == "__main__":
    unittest.main()
