# SPDX-License-Identifier: Apache-2.0
"""The commands that ask for themselves: check and zones test, without a daemon and without a database."""
import sqlite3
import unittest

from tests.e2e.story import MX1, Story, own_zone
from tests.support import daemon, json_shapes


class Check(Story):
    def setUp(self):
        super().setUp()
        self.dns = self.resolver("bl.test")
        self.dns.zone("dbl.test", ("domain",))
        hosts = self.dns.hosts()
        hosts.add("mail.example.com", "A", MX1)
        self.bl, self.dbl = self.dns.zones["bl.test"], self.dns.zones["dbl.test"]
        self.watch = self.install(self.config(self.dns, zone=[own_zone(), own_zone("names", "dbl.test", ("domain",))]))

    def check(self, *args, code):
        result = self.watch.cli("check", *args, "--json")
        self.assertEqual(result.code, code, result)
        self.assertEqual(self.watch.cli("check", *args).code, code)
        document = self.shaped(result, "check")
        self.assertIsNone(document["daemon"])
        return document

    def test_what_is_clear_is_zero(self):
        document = self.check("192.0.2.11", code=0)
        self.assertEqual((document["summary"]["pairs"], document["summary"]["unknown"], document["listings"]), (1, 0, []))
        self.assertFalse(self.watch.database.exists())

    def test_what_is_listed_is_one_with_reason_and_link(self):
        self.bl.list(MX1, ["127.0.0.2", "127.0.0.4"], txt="because")
        listing = self.check(MX1, code=1)["listings"][0]
        self.assertEqual((listing["subject"], listing["codes"], listing["meanings"], listing["reason"], listing["state"]),
                         (MX1, ["127.0.0.2", "127.0.0.4"], ["spam source", "open proxy"], "because", "listed"))
        text = self.watch.cli("check", MX1).stdout
        for part in (MX1, "because", f"https://lists.example/remove/{MX1}"):
            self.assertIn(part, text)

    def test_listed_outranks_unknown_and_unknown_outranks_clear(self):
        self.dbl.set_mode("servfail")
        document = self.check("192.0.2.11", "example.com", code=3)
        self.assertEqual([(u["zone"], u["cause"]) for u in document["unknowns"]], [("names", "servfail")])
        self.bl.list(MX1)
        self.check(MX1, "example.com", code=1)

    def test_a_zone_that_fails_its_test_knows_nothing(self):
        for mode, cause in (("wildcard", "lists_everything"), ("empty", "test_entry_missing"), ("refusal", "refused"),
                            ("outside", "rewritten"), ("drop", "timeout")):
            with self.subTest(mode):
                self.bl.set_mode(mode)
                document = self.check(MX1, code=3)
                self.assertEqual([u["cause"] for u in document["unknowns"]], [cause])
                self.assertEqual(document["listings"], [])

    def test_a_bare_name_is_asked_on_domain_zones_and_its_addresses_on_ip_zones(self):
        self.bl.list(MX1)
        document = self.check("mail.example.com", code=1)
        self.assertEqual([row["subject"] for row in document["listings"]], [MX1])
        asked = {row.name for row in self.dns.log.rows()}
        self.assertIn("example.com.dbl.test", asked)
        self.assertIn("10.2.0.192.bl.test", asked)

    def test_ranges_and_zones_can_be_chosen(self):
        document = self.check("192.0.2.0/29", "--zone", "corp", code=0)
        self.assertEqual((document["summary"]["subjects"], document["summary"]["zones"]), (8, 1))
        self.assertEqual(self.check("192.0.2.1", "--zone", "bl.test", code=0)["summary"]["zones"], 1)
        self.assertEqual(self.watch.cli("check", "192.0.2.1", "--zone", "nosuch").code, 2)

    def test_what_no_zone_has_data_for_is_unsupported_and_no_reason_for_three(self):
        summary = self.check("2001:db8::1", code=0)["summary"]
        self.assertEqual((summary["pairs"], summary["unsupported"], summary["unknown"]), (0, 1, 0))
        self.assertIn("1 pair unsupported", self.watch.cli("check", "2001:db8::1").stdout)
        result = self.watch.cli("check", "--nagios", "2001:db8::1")
        self.assertEqual(result.code, 0)
        self.assertRegex(result.stdout, r"^DNSBL OK - nothing was asked, 1 pair unsupported \|")
        self.check("2001:db8::1", "--zone", "names", code=3)
        self.bl.list(MX1)
        self.check("2001:db8::1", MX1, code=1)

    def test_each_pair_is_asked_once_and_each_zone_tested_once(self):
        mark = self.dns.log.total
        self.watch.cli("check", "192.0.2.11", "192.0.2.12", "192.0.2.11")
        self.assertEqual(self.dns.log.total - mark, 3 + 2, [row.name for row in self.dns.log.rows()])

    def test_wrong_words_are_two(self):
        for what in ("192.0.2.300", "192.0.2.0/33", "not..a..name", ""):
            result = self.watch.cli("check", what)
            self.assertEqual(result.code, 2, what)
            self.assertOneLine(result.stderr)

    def test_it_ends_although_nobody_answers(self):
        self.dns.close_ports()
        result = self.watch.cli("check", MX1, "--json")
        self.assertEqual(result.code, 3)
        self.assertEqual(result.json["unknowns"][0]["cause"], "network")
        self.assertLess(result.took, 30)

    def test_plugin_output_has_the_plugins_own_codes(self):
        self.assertEqual(self.watch.cli("check", "--nagios", "192.0.2.11").code, 0)
        self.bl.list(MX1)
        result = self.watch.cli("check", "--nagios", MX1)
        self.assertEqual(result.code, 2)
        self.assertRegex(result.stdout, r"CRITICAL.*\|")
        for words in (("check", "--nagios"), ("check", "--nagios", "--nosuch", MX1), ("check", "--nagios", "192.0.2.300")):
            result = self.watch.cli(*words)
            self.assertEqual(result.code, 3, words)
            self.assertRegex(result.stdout, r"^DNSBL UNKNOWN - rblwatch: .*\n$")
            self.assertTrue(result.stderr, words)
        self.bl.set_mode("servfail")
        self.assertEqual(self.watch.cli("check", "--nagios", MX1).code, 3)

    def test_zones_test_asks_now_and_names_the_cause(self):
        document = json_shapes.check(self.watch.cli("zones", "test", "--json").json, "zones")
        self.assertEqual({zone["id"]: zone["state"] for zone in document["zones"]}, {"corp": "seeing", "names": "seeing"})
        self.bl.set_mode("refusal")
        document = self.watch.cli("zones", "test", "corp", "--json").json
        self.assertEqual([(zone["id"], zone["state"], zone["cause"]) for zone in document["zones"]], [("corp", "blind", "refused")])
        self.assertIn("refused", self.watch.cli("zones", "test", "corp").stdout)


class Reading(Story):
    def test_history_can_be_narrowed(self):
        dns, sink = self.resolver("bl.test", "other.test"), self.receiver()
        zones = [own_zone(), own_zone("other", "other.test")]
        targets = [{"address": f"192.0.2.{i}", "name": f"mx{i}"} for i in range(1, 5)]
        watch = self.install(self.config(dns, daemon.webhook(sink.url("/ops")), zone=zones, target=targets)).start()
        watch.wait_seeing(2)
        for i in range(1, 5):
            dns.zones["bl.test"].list(f"192.0.2.{i}")
        dns.zones["other.test"].list("192.0.2.1")
        self.wait_listed(watch, 5)

        def rows(*args):
            return self.shaped(watch.cli("history", *args, "--json"), "history")

        self.assertEqual(len(rows()["listings"]), 5)
        self.assertEqual(len(rows("192.0.2.1")["listings"]), 2)
        self.assertEqual(len(rows("mx2")["listings"]), 1)
        self.assertEqual(len(rows("--zone", "other")["listings"]), 1)
        page = rows("--limit", "2")
        self.assertEqual((len(page["listings"]), page["more"]), (2, True))
        self.assertEqual(rows("--since", "2099-01-01T00:00:00Z")["listings"], [])
        table = watch.cli("history", "--csv").stdout.splitlines()
        self.assertEqual(len(table), 6)
        for words in (("--zone", "othr"), ("--zone", "othr", "--events"), ("mx1", "--zone", "othr")):
            result = watch.cli("history", *words)
            self.assertEqual((result.code, result.stdout), (2, ""), words)
            self.assertOneLine(result.stderr)
            self.assertIn("did you mean other?", result.stderr)
        self.assertEqual(rows("--zone", "spamhaus-zen")["listings"], [])  # of the catalogue, without a past
        for narrowed in ((), ("--since", "1d"), ("--zone", "other"), ("--events", "--since", "1d")):
            result = watch.cli("history", "mx11", *narrowed)
            self.assertEqual((result.code, result.stdout), (2, ""), narrowed)
            self.assertIn("did you mean mx1?", result.stderr)
        watch.stop()
        watch.write_config(self.config(dns, target=targets[1:]))
        self.assertEqual(len(rows("--zone", "other")["listings"]), 1)  # gone, with its past still here
        self.assertEqual(len(rows("mx1")["listings"]), 2)
        self.assertEqual(rows("mx1", "--until", "2020-01-01T00:00:00Z")["listings"], [])

    def test_of_very_many_deliveries_the_newest_are_shown_and_that_is_said(self):
        dns, sink = self.resolver("bl.test"), self.receiver()
        dns.zones["bl.test"].list(MX1)
        watch = self.install(self.config(dns, daemon.webhook(sink.url("/ops")))).start()
        sink.wait_events("listed", path="/ops", timeout=40)
        self.assertEqual(watch.stop(), 0)
        self.assertEqual(watch.cli("alerts").stderr, "")
        with sqlite3.connect(watch.database) as connection:
            columns = ", ".join(row[1] for row in connection.execute("PRAGMA table_info(deliveries)") if row[1] not in ("seq", "id"))
            connection.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
                               f"INSERT INTO deliveries (id, {columns}) SELECT printf('copy%04d', i), {columns} "
                               "FROM n, (SELECT * FROM deliveries LIMIT 1)")
        for words in (("alerts",), ("alerts", "--json")):
            result = watch.cli(*words)
            self.assertEqual(result.code, 0)
            self.assertIn("newest 1000", result.stderr)
        self.assertEqual(len(watch.cli("alerts", "--json").json["deliveries"]), 1000)

    def test_colour_only_when_asked_without_a_terminal(self):
        dns = self.resolver()
        dns.zones["bl.test"].list(MX1)
        watch = self.install(self.config(dns))
        self.assertNotIn("\x1b", watch.cli("check", MX1).stdout)
        self.assertIn("\x1b", watch.cli("--color", "always", "check", MX1).stdout)

    def test_plain_characters_where_the_locale_has_no_others(self):
        dns = self.resolver()
        dns.zones["bl.test"].list(MX1)
        watch = self.install(self.config(dns))
        result = watch.cli("check", MX1, env={"LC_ALL": "C", "LANG": "C"})
        self.assertIn(MX1, result.stdout)
        self.assertTrue(result.stdout.isascii(), result.stdout)

    def test_versions(self):
        watch = self.install(self.config(None))
        for name in ("rblwatch", "rblwatchd"):
            result = daemon.run_program(name, ["--version"], watch.folder, 10)
            self.assertEqual(result.code, 0)
            self.assertRegex(result.stdout, r"\d+\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
