# SPDX-License-Identifier: Apache-2.0
"""What isn't fresh says so, wherever it is read: in alerts of what happens elsewhere, by each command, and once the daemon has stopped."""
import unittest

from tests.e2e.story import MX1, Story, own_zone
from tests.support import daemon, json_shapes
from tests.support.http_receiver import Answer


class Fresh(Story):
    def listed_on_two(self, *channels):
        """MX1 on corp and other."""
        self.dns = self.resolver("bl.test", "other.test", "third.test")
        for name in ("bl.test", "other.test"):
            self.dns.zones[name].list(MX1)
        self.watch = self.install(self.config(self.dns, *channels, zone=[
            own_zone(), own_zone("other", "other.test"), own_zone("third", "third.test")])).start()
        self.wait_listed(self.watch, 2)

    def go_blind(self):
        self.dns.zones["bl.test"].set_mode("drop")
        self.watch.wait_status(lambda s: s["summary"]["zones_blind"] == 1, "corp being blind")

    def delist_elsewhere(self):
        self.dns.zones["other.test"].delist(MX1)
        self.wait_listed(self.watch, 1)

    def text(self, *words):
        return " ".join(self.watch.cli(*words).stdout.split())

    def test_an_alert_says_where_else_its_subject_is_listed_unseen(self):
        sink, mails = self.receiver(), self.mail_server()
        self.listed_on_two(daemon.webhook(sink.url("/ops")),
                           {"name": "mail", "type": "email", "smtp": mails.url(), "starttls": "never", "from": "rblwatch@example.com",
                            "to": ["ops@example.com"], "events": ["listed", "delisted"], "group_wait": "0s"})
        sink.wait_events("listed", 2, path="/ops")
        self.go_blind()
        self.delist_elsewhere()
        sink.wait_events("delisted", path="/ops")
        messages = [json_shapes.check(request.json, "message") for request in sink.requests("/ops")]
        first, last = messages[0], messages[-1]
        self.assertEqual(first["in_doubt"], [])
        self.assertEqual((last["events"][0]["type"], last["coverage"]["blind"]), ("delisted", ["corp"]))
        [doubt] = last["in_doubt"]
        self.assertEqual((doubt["subject"], doubt["zone"], doubt["codes"], doubt["doubt"]["cause"]),
                         (MX1, "corp", ["127.0.0.2"], "timeout"))
        self.assertLess(doubt["last_seen"], last["events"][0]["at"])
        mail = self.eventually(lambda: next((m for m in mails.mails() if "Still listed" in m.part("text/plain")), None), "the mail")
        self.assertRegex(mail.part("text/plain"), r"Still listed: +on corp since .* UTC, last seen .* UTC\s+\(blind:\s+timeout\)")

    def test_targets_and_why_say_when_it_was_last_seen(self):
        self.listed_on_two()
        self.go_blind()
        [row] = self.shaped(self.watch.cli("targets", "--json"), "targets")["targets"]
        self.assertEqual((row["listed"], row["listed_in_doubt"], row["last_seen"]), (1, 0, None))
        self.assertNotIn("in doubt", self.text("targets"))
        self.delist_elsewhere()
        [row] = self.shaped(self.watch.cli("targets", "--json"), "targets")["targets"]
        [listing] = self.watch.status()["listings"]
        self.assertEqual((row["state"], row["listed"], row["listed_in_doubt"], row["last_seen"]),
                         ("listed", 1, 1, listing["last_seen"]))
        self.assertRegex(self.text("targets"), r"in doubt: last seen .* ago")
        self.assertRegex(self.text("why", MX1, "corp"), r"stands as listed since .* in doubt \(timeout\): last seen .* ago")

    def test_with_the_daemon_down_each_command_says_so(self):
        sink = self.receiver()
        sink.script("/down", *[Answer(status=503)] * 100)
        self.listed_on_two(daemon.webhook(sink.url("/down")))
        self.go_blind()
        self.eventually(lambda: self.shaped(self.watch.cli("alerts", "--json"), "alerts")["deliveries"], "a delivery")
        for command in ("zones", "targets", "alerts"):
            self.assertNotIn("rblwatchd is not running", self.text(command))
        self.watch.stop()
        for words in (["zones"], ["zones", "corp"], ["targets"], ["alerts"]):
            self.assertIn("rblwatchd is not running", self.text(*words))
        self.assertIn("2 of 3 zones could be seen then", self.text("zones"))
        self.assertIn("is listed on", self.text("alerts"))
        third = self.text("why", MX1, "third")
        self.assertIn("not kept", third)
        self.assertNotIn("not asked yet", third)


if __name__ == "__main__":
    unittest.main()
