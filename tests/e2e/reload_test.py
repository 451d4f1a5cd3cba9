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
        self.sweeps(self.dns, "10.2.0.192.bl.test")
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

    def test_the_history_of_a_target_outlives_its_name(self):
        self.watch.write_config({**self.base, "target": [target(MX1, "renamed"), target("192.0.2.11", "mx2")]})
        self.watch.reload()
        self.eventually(lambda: self.watch.log().count("configuration reloaded") == 1, "the reload")
        for word in ("renamed", MX1):
            rows = self.watch.cli("history", word, "--json").json["listings"]
            self.assertEqual([row["subject"] for row in rows], [MX1], word)
            self.assertEqual(len(self.watch.cli("history", word, "--events", "--json").json["events"]), 1, word)

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
        self.sweeps(self.dns, "10.2.0.192.bl.test")
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


class Edited(Story):
    """What is known already is asked otherwise: a subject on more zones, a zone under another name or in another form.
    Until the daemon has done so, nobody knows; and what it finds then is first sight."""

    def watching(self, zones, targets):
        self.dns = self.resolver("bl.test", "other.test", "moved.test", kinds=("ipv4", "domain"))
        self.sink = self.receiver()
        self.base = self.config(self.dns, daemon.webhook(self.sink.url("/ops")), schedule={"interval": "10m"}, zone=zones, target=targets)
        self.watch = self.install(self.base).start()
        self.watch.wait_status(lambda s: s["summary"]["unknown"] == 0 and s["summary"]["listed"] == 0, "all clear")
        self.assertEqual(self.watch.cli("status").code, 0)

    def edit(self, unknown, **sections):
        """The reading commands read the new configuration: of these pairs nobody knows."""
        self.watch.write_config({**self.base, **sections})
        self.assertEqual(self.watch.cli("status").code, 3)
        rows = self.watch.status()["unknowns"]
        self.assertEqual([(row["zone"], row["cause"], row["subjects"]) for row in rows], [(zone, "not_asked", names) for zone, names in unknown])

    def assertTarget(self, name, state, code):
        self.assertEqual(self.watch.cli("status", name).code, code)
        rows = {row["name"]: row["state"] for row in self.watch.cli("targets", "--json").json["targets"]}
        self.assertEqual(rows[name], state)

    def assertFirstSeen(self, subject, zone):
        """The daemon finds it listed, for the first time and not anew."""
        self.wait_listed(self.watch)
        event = self.sink.wait_events("listed", path="/ops")[0]
        self.assertEqual((event["subject"], event["zone"]["id"], event["first_seen"]), (subject, zone, True))
        self.watch.wait_status(lambda s: s["summary"]["unknown"] == 0, "every pair seen")

    def more_zones(self):
        zones = [own_zone(), own_zone("other", "other.test")]
        self.watching(zones, [target(zones=["corp"]), target("192.0.2.11", "mx2")])
        self.dns.zones["other.test"].list(MX1)

    def test_a_zone_more_for_a_known_subject_while_the_daemon_is_down(self):
        self.more_zones()
        self.watch.stop()
        self.edit([("other", [MX1])], target=[target(), target("192.0.2.11", "mx2")])
        self.assertTarget("mx1", "unknown", 3)
        self.assertTarget("mx2", "clear", 0)
        why = self.watch.cli("why", MX1, "other", "--json").json["answers"][0]
        self.assertEqual((why["verdict"], why["cause"]), ("unknown", "not_asked"))
        self.watch.start()
        self.assertFirstSeen(MX1, "other")

    def test_a_zone_more_by_another_target_that_was_not_reloaded(self):
        self.more_zones()
        self.edit([("other", [MX1])], target=[*self.base["target"], target(MX1, "again", zones=["other"])])
        self.assertTarget("mx2", "clear", 0)
        self.watch.reload()
        self.assertFirstSeen(MX1, "other")

    def test_a_zone_less_and_a_restart_in_between_forget_nothing_else(self):
        self.more_zones()
        self.watch.stop()
        self.watch.write_config({**self.base, "target": [target(skip_zones=["corp"]), target("192.0.2.11", "mx2")]})
        self.watch.start()
        self.assertFirstSeen(MX1, "other")
        self.watch.stop()
        self.watch.write_config({**self.base, "target": [target(), target("192.0.2.11", "mx2")]})
        self.assertEqual(self.watch.cli("status").code, 1)
        rows = self.watch.status()["unknowns"]
        self.assertEqual([(row["zone"], row["subjects"]) for row in rows], [("corp", [MX1])])

    def moved(self):
        self.watching([own_zone(), own_zone("other", "other.test")], [target(), target("192.0.2.11", "mx2")])
        self.dns.zones["moved.test"].list(MX1)
        return [own_zone(dns="moved.test"), own_zone("other", "other.test")]

    def test_a_zone_under_another_name_while_the_daemon_is_down(self):
        zones = self.moved()
        self.watch.stop()
        self.edit([("corp", [MX1, "192.0.2.11"])], zone=zones)
        shown = self.watch.cli("zones", "corp", "--json").json["zones"][0]
        self.assertEqual((shown["state"], shown["unknown"]), ("untested", 2))
        self.watch.start()
        self.assertFirstSeen(MX1, "corp")

    def test_a_zone_under_another_name_that_was_not_reloaded(self):
        zones = self.moved()
        self.edit([("corp", [MX1, "192.0.2.11"])], zone=zones)
        self.watch.reload()
        self.assertFirstSeen(MX1, "corp")

    def test_a_listing_under_the_old_name_is_none_of_the_new_one(self):
        self.moved()
        self.dns.zones["bl.test"].list(MX1)
        self.watch.write_config({**self.base, "schedule": {**self.base["schedule"], "interval": "1s"}})
        self.watch.reload()
        self.wait_listed(self.watch)
        self.watch.stop()
        self.dns.zones["moved.test"].delist(MX1)
        self.edit([("corp", [MX1, "192.0.2.11"])], zone=[own_zone(dns="moved.test"), own_zone("other", "other.test")])
        why = self.watch.cli("why", MX1, "corp", "--json").json["answers"][0]
        self.assertEqual((why["verdict"], why["a"]), ("unknown", []))
        self.watch.start()
        self.watch.wait_status(lambda s: s["summary"]["unknown"] == 0 and s["summary"]["listed"] == 0, "all clear")
        self.assertEqual([e["type"] for e in self.watch.events()], ["retired", "listed"], "newest first")

    def other_form(self):
        """Listed is the name itself, not the registrable domain that was asked about."""
        self.watching([own_zone(kinds=("domain",))], [{"domain": "mail.example.com", "name": "mail"}])
        self.dns.zones["bl.test"].list("mail.example.com")
        return [own_zone(kinds=("domain",), domain_form="exact")]

    def test_domains_in_another_form_while_the_daemon_is_down(self):
        zones = self.other_form()
        self.watch.stop()
        self.edit([("corp", ["mail.example.com"])], zone=zones)
        self.watch.start()
        self.assertFirstSeen("mail.example.com", "corp")

    def test_domains_in_another_form_that_was_not_reloaded(self):
        zones = self.other_form()
        self.edit([("corp", ["mail.example.com"])], zone=zones)
        self.watch.reload()
        self.assertFirstSeen("mail.example.com", "corp")

    def test_codes_of_another_purpose(self):
        """What was only worth knowing is a block listing now; the old listing ends."""
        self.watching([own_zone(purpose="info")], [target()])
        self.dns.zones["bl.test"].list(MX1)
        quick = {**self.base, "schedule": {**self.base["schedule"], "interval": "1s"}}
        self.watch.write_config(quick)
        self.watch.reload()
        self.watch.wait_status(lambda s: s["summary"]["info"] == 1, "listed as info")
        self.watch.stop()
        self.watch.write_config({**quick, "zone": [own_zone()]})
        self.watch.start()
        self.watch.wait_status(lambda s: s["summary"]["listed"] == 1 and s["summary"]["info"] == 0, "listed as block alone")
        self.assertEqual(sorted(e["type"] for e in self.watch.events()), ["delisted", "listed", "listed"])

    def test_a_kind_more_of_a_zone(self):
        self.watching([own_zone()], [target(), target("2001:db8::1", "six")])
        self.watch.stop()
        self.edit([("corp", ["2001:db8::1"])], zone=[own_zone(kinds=("ipv4", "ipv6"))])

    def test_no_key_reaches_the_database(self):
        self.dns = self.resolver("s3cretlabel.bl.test")
        self.watch = self.install(self.config(self.dns, zone=[own_zone(dns="{key}.bl.test", key="s3cretlabel")])).start()
        self.watch.wait_status(lambda s: s["summary"]["unknown"] == 0, "all clear")
        self.watch.stop()
        self.assertEqual(self.watch.cli("status").code, 0)
        self.assertFalse(b"s3cretlabel" in self.watch.database.read_bytes())
        self.assertTrue(b"{key}.bl.test" in self.watch.database.read_bytes())


if __name__ == "__main__":
    unittest.main()
