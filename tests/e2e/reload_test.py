# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: a bad file changes nothing and says why, a good one keeps what stays, what goes is retired in silence."""
import signal
import unittest

from tests.e2e.story import MX1, Story, own_zone, target
from tests.support import daemon


class Reload(Story):
    def setUp(self):
        super().setUp()
        self.dns, self.sink = self.resolver("bl.test", "other.test"), self.receiver()
        self.base = self.config(self.dns, daemon.webhook(self.sink.url("/ops")), zone=[own_zone(), own_zone("other", "other.test")],
                                target=[target(), target("192.0.2.11", "mx2")])
        self.watch = self.install(self.base).start()
        self.watch.wait_seeing(2)
        self.dns.zones["bl.test"].list(MX1)
        self.sink.wait_events("listed", path="/ops")

    def test_a_bad_file_changes_nothing_and_says_why(self):
        self.watch.write_config("[daemon]\nlog_levl = 'info'\n")
        self.watch.reload()
        self.watch.wait_log("log_levl")
        self.assertIn("rblwatch.toml:2:", self.watch.log())
        self.sweeps(self.dns, "10.2.0.192.bl.test", 3)
        self.watch.write_config(self.base)
        self.wait_listed(self.watch)

    def test_a_good_one_keeps_listings_and_asks_for_what_is_new(self):
        listing = self.watch.status()["listings"][0]
        self.watch.write_config({**self.base, "target": [*self.base["target"], target("192.0.2.12", "mx3")]})
        self.watch.reload()
        status = self.watch.wait_status(lambda s: s["summary"]["subjects"] == 3 and s["summary"]["unknown"] == 0, "a third subject")
        self.assertEqual(status["listings"][0]["listed_at"], listing["listed_at"])
        self.assertEqual(status["summary"]["zones_seeing"], 2)
        self.assertEqual([e["type"] for e in self.watch.events()], ["listed"])

    def test_what_needs_a_restart_is_named_each_time(self):
        changed = {**self.base, "daemon": {**self.base["daemon"], "proxy": "http://127.0.0.1:9/"},
                   "resolver": {**self.base["resolver"], "attempts": 3}}
        self.watch.write_config(changed)
        for count in (1, 2):
            self.watch.reload()
            self.eventually(lambda: self.watch.log().count("configuration reloaded") == count, "the reload")
            self.assertEqual(self.watch.log().count('keys="daemon.proxy resolver"'), count, self.watch.log())
        self.watch.write_config(self.base)
        self.watch.reload()
        self.eventually(lambda: self.watch.log().count("configuration reloaded") == 3, "the reload")
        self.assertEqual(self.watch.log().count("need a restart"), 2, self.watch.log())

    def test_a_subject_taken_out_is_retired_without_an_alert(self):
        self.watch.write_config({**self.base, "target": [target("192.0.2.11", "mx2")]})
        self.watch.reload()
        self.watch.wait_status(lambda s: s["summary"]["subjects"] == 1, "one subject less")
        event = self.eventually(lambda: [e for e in self.watch.events() if e["type"] == "retired"], "the event")[0]
        self.assertEqual(event["subject"], MX1)
        self.assertEqual(self.watch.cli("history", "--json").json["listings"][0]["state"], "retired")
        self.assertEqual([e["type"] for e in self.sink.events("/ops")], ["listed"])

    def test_a_zone_taken_out_while_it_was_down_is_retired_too(self):
        self.watch.stop()
        self.watch.write_config({**self.base, "zone": [own_zone("other", "other.test")]})
        self.watch.start()
        self.eventually(lambda: [e for e in self.watch.events() if e["type"] == "retired"], "the event")
        self.assertEqual([e["type"] for e in self.sink.events("/ops")], ["listed"])

    def test_a_storm_of_signals_does_no_harm(self):
        for _ in range(200):
            self.watch.process.signal(signal.SIGHUP)
        self.sweeps(self.dns, "10.2.0.192.bl.test", 3)
        self.assertNoCrash(self.watch)
        self.assertEqual([e["type"] for e in self.watch.events()], ["listed"])


class Unread(Story):
    """What only the configuration names is nothing that the daemon has looked at."""

    def setUp(self):
        super().setUp()
        self.base = self.config(self.resolver("bl.test"), schedule={"interval": "10m"})
        self.watch = self.install(self.base).start()
        self.watch.wait_seeing()
        self.assertEqual(self.watch.cli("status").code, 0)

    def edit(self):
        self.watch.write_config({**self.base, "target": [target(), target("192.0.2.12", "mx3")]})

    def assertOneUnknown(self):
        for words in ((), ("status",), ("status", "mx3")):
            self.assertEqual(self.watch.cli(*words).code, 3, words)
        self.assertEqual(self.watch.cli("status", "mx1").code, 0)
        unknowns = self.watch.status()["unknowns"]
        self.assertEqual([(row["zone"], row["cause"], row["pairs"], row["subjects"]) for row in unknowns],
                         [("corp", "not_asked", 1, ["192.0.2.12"])])
        targets = self.shaped(self.watch.cli("targets", "--json"), "targets")["targets"]
        self.assertEqual([(row["name"], row["state"], row["unknown"]) for row in targets], [("mx1", "clear", 0), ("mx3", "unknown", 1)])

    def test_a_configuration_that_was_not_reloaded_is_no_all_clear(self):
        self.edit()
        self.assertOneUnknown()
        self.assertIn("reload", self.watch.cli("status").stdout)
        self.watch.reload()
        self.watch.wait_status(lambda s: s["summary"]["unknown"] == 0, "the new target seen")
        self.assertEqual(self.watch.cli("status").code, 0)

    def test_nor_is_one_that_was_edited_while_the_daemon_is_down(self):
        self.watch.stop()
        self.assertEqual(self.watch.cli("status").code, 0)
        self.edit()
        self.assertOneUnknown()


if __name__ == "__main__":
    unittest.main()
