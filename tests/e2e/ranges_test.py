# SPDX-License-Identifier: Apache-2.0
"""A list that takes a whole network: one line for people, each address for programs. Listed, shown, told, delisted."""
import json
import re
import unittest

from tests.e2e.story import Story, own_zone, target
from tests.support import daemon, json_shapes
from tests.support.rbldnsd import Rbldnsd

NET = "203.0.113.0/24"
PARTS = ("203.0.113.0/25", "203.0.113.128/26", "203.0.113.192/29")  # 200 addresses
SLASH64 = "2001:db8::/64"
LINE = f"{NET}: 200 of 256 on level2, dnsbl covers the whole network"
LINE6 = f"{SLASH64}: 3 of 3 watched on level2, dnsbl covers the whole network"
MX6 = ("2001:db8::25", "2001:db8::26", "2001:db8::587")


class RangeStory(Story):
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
        cls.rbl = stage.keep(Rbldnsd(stage.folder, {"l2.test": ("ipv4", "ipv6")}))
        cls.sink, cls.smtp = stage.receiver(), stage.mail_server()
        config = daemon.quick([]) | {
            "zone": [own_zone("level2", "l2.test", ("ipv4", "ipv6"), servers=[cls.rbl.server])],
            "target": [{"range": NET, "name": "office-net"}, target("203.0.113.77", "mx1"), *({"address": a} for a in MX6)],
            "channel": [daemon.webhook(cls.sink.url("/ops"), group_wait="6s"),
                        {"name": "chat", "type": "slack", "url": cls.sink.url("/slack"), "group_wait": "6s"},
                        {"name": "mail", "type": "email", "smtp": cls.smtp.url(), "starttls": "never", "group_wait": "6s",
                         "from": "rblwatch@example.com", "to": ["postmaster@example.com"]}]}
        config["schedule"]["breaker_share"] = 1.0  # whole networks are what this is about
        config["resolver"]["servers"] = [cls.rbl.server]
        cls.watch = stage.install(config)
        cls.watch.start()
        cls.watch.wait_seeing(1)
        for part in PARTS:
            cls.rbl.list("l2.test", part, "127.0.0.2", f"Net {NET} is listed")
        cls.watch.wait_status(lambda s: s["summary"]["listed"] == 200 and s["summary"]["pending"] == 0, "200 listed", 60)
        cls.texts = {name: cls.watch.cli(*name.split()) for name in ("status", "", f"status {NET}", "status office-net", f"check {NET}",
                                                                     "status mx1", "status 203.0.113.0/30", "targets")}
        cls.document = cls.watch.cli("status", "--json")
        cls.sink.wait_events("listed", 200, path="/ops", timeout=60)
        cls.messages = [request.json for request in cls.sink.requests("/ops")]
        cls.mail = cls.smtp.wait(1, 30)[0]
        cls.chat = cls.sink.wait("/slack", 1, 30)[0].json
        cls.rbl.list("l2.test", SLASH64, "127.0.0.4", f"{SLASH64} is listed")
        cls.watch.wait_status(lambda s: s["summary"]["listed"] == 203 and s["summary"]["pending"] == 0, "203 listed", 60)
        cls.with64 = cls.watch.cli("status").stdout
        cls.one64 = cls.watch.cli("status", SLASH64)
        for part in PARTS:
            cls.rbl.delist("l2.test", part)
        cls.watch.wait_status(lambda s: s["summary"]["listed"] == 3, "the range delisted", 60)
        cls.sink.wait_events("delisted", 200, path="/ops", timeout=60)
        cls.after = [request.json for request in cls.sink.requests("/ops")]

    def setUp(self):
        super().setUp()
        self.watched = self.stage.watched

    def test_status_tells_the_range_as_one_line_with_the_first_behind_it(self):
        for name in ("status", ""):
            text = self.texts[name].stdout
            with self.subTest(command=name):
                self.assertEqual(self.texts[name].code, 1)
                self.assertIn(LINE, text)
                self.assertIn("203.0.113.77 (mx1)", text)
                self.assertIn(f"and 195 more; `rblwatch status {NET}` shows each", " ".join(text.split()))
                self.assertLess(len(text.splitlines()), 30, text)
                self.assertIn(f"names the network {NET}", text)

    def test_a_range_by_itself_shows_each_of_its_listings(self):
        for name in (f"status {NET}", "status office-net"):
            with self.subTest(command=name):
                text = self.texts[name].stdout
                self.assertIn(LINE, text)
                for last in range(200):
                    self.assertRegex(text, rf"(?m)^  203\.0\.113\.{last} ")
        part = self.texts["status 203.0.113.0/30"]
        self.assertEqual((part.code, len(re.findall(r"(?m)^  203\.0\.113\.\d+ ", part.stdout))), (1, 4), part.stdout)
        self.assertNotIn(LINE, self.texts["status mx1"].stdout)
        self.assertIn("203.0.113.77", self.texts["status mx1"].stdout)

    def test_a_network_in_which_nothing_is_watched_is_a_mistake(self):
        self.assertEqual(self.watch.cli("status", "192.0.2.0/24").code, 2)

    def test_check_tells_it_as_one_with_every_address(self):
        text = self.texts[f"check {NET}"].stdout
        self.assertIn(LINE, text)
        self.assertEqual(text.count("Stop the cause."), 1)
        addresses = set(re.findall(r"203\.0\.113\.\d+", text))
        self.assertLessEqual({f"203.0.113.{last}" for last in range(200)}, addresses)

    def test_json_keeps_every_listing_single(self):
        document = json_shapes.check(self.document.json, "status")
        self.assertEqual({listing["subject"] for listing in document["listings"]}, {f"203.0.113.{last}" for last in range(200)})
        self.assertEqual(document["summary"]["listed"], 200)

    def test_targets_count_each_of_the_range(self):
        self.assertRegex(self.texts["targets"].stdout, rf"office-net +listed +range +{NET} +256 +200 +0")

    def test_the_webhook_keeps_events_single_and_sums_them_up_by_network(self):
        self.assertEqual({event["subject"] for message in self.messages for event in message["events"]},
                         {f"203.0.113.{last}" for last in range(200)})
        for message in self.messages:
            count = len(message["events"])
            with self.subTest(count=count):
                if count >= 4:
                    self.assertEqual(message["summary"], f"{count} listed: {NET} on level2")

    def test_mail_and_slack_tell_one_line_with_the_single_ones_behind_it(self):
        count = int(re.search(r"(\d+) of 256 on level2", self.mail.part("text/plain")).group(1))
        for body in (self.mail.part("text/plain"), self.mail.part("text/html")):
            self.assertEqual(len(re.findall(r"of 256 on level2", body)), 1)
            self.assertEqual(len({a for a in re.findall(r"203\.0\.113\.\d+", body) if a != "203.0.113.0"}), count - 1)
            self.assertIn("1 of 1 zone can be seen", body)
        self.assertIn(f"listed: {NET} on level2", self.mail.message["Subject"])
        text = json.dumps(self.chat)
        self.assertRegex(text, r"\d+ of 256 on level2")
        self.assertIn(f"more: 'rblwatch history --events {NET}'", text)
        self.assertIn("1 of 1 zone can be seen", text)
        self.assertLess(len(self.chat["blocks"]), 8)

    def test_a_whole_64_shows_as_such(self):
        self.assertIn(LINE6, self.with64)
        self.assertIn(LINE, self.with64)
        self.assertEqual(self.one64.code, 1)
        for address in MX6:
            self.assertRegex(self.one64.stdout, rf"(?m)^  {address} ")
        told = [message for message in self.after if any(event["subject"] in MX6 for event in message["events"])]
        for message in told:
            self.assertIn(f"{SLASH64} on level2", message["summary"])

    def test_the_end_is_told_as_one_too(self):
        gone = [m for m in self.after if any(e["type"] == "delisted" for e in m["events"])]
        self.assertEqual(sum(e["type"] == "delisted" for m in gone for e in m["events"]), 200)
        for message in gone:
            count = sum(event["type"] == "delisted" for event in message["events"])
            if count >= 4:
                self.assertRegex(message["summary"], rf"{count} delisted: .*{NET} on level2")
        self.assertTrue(any("no longer on level2" in mail.part("text/plain") for mail in self.smtp.wait(2, 30)))


class Exceptions(Story):
    def test_of_a_range_with_exceptions_status_and_alerts_count_what_is_watched(self):
        dns, sink = self.resolver(), self.receiver()
        for last in range(8):
            dns.zones["bl.test"].list(f"198.51.100.{last}")
        config = self.config(dns, {"name": "chat", "type": "slack", "url": sink.url("/slack"), "group_wait": "0s"},
                             target=[{"range": "198.51.100.0/28", "name": "net", "except": ["198.51.100.8/30"]}],
                             schedule={"breaker_share": 1.0})
        watch = self.install(config).start()
        told = sink.wait("/slack", 1, 30)[0].body.decode()  # first sight: all in one message
        line = "198.51.100.0/28: 8 of 12 watched on corp"
        self.assertIn(line, told)
        self.wait_listed(watch, 8)
        self.assertIn(line, watch.cli("status").stdout)


if __name__ == "__main__":
    unittest.main()
