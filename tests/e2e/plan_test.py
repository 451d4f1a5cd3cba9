# SPDX-License-Identifier: Apache-2.0
"""plan and config check: the demand against limits and pace, overlaps, and what is to be done, before anything is asked."""
import unittest

from tests.e2e.story import Story, own_zone

NETWORK = {"range": "198.51.100.0/24", "name": "net"}
CALM = {"interval": "30m", "health_interval": "30m", "jitter": 0.1}


class Plan(Story):
    def configured(self, *zones, targets=None, **sections):
        return self.install(self.config(None, zone=list(zones), target=targets if targets is not None else [NETWORK],
                                        schedule=CALM, **sections))

    def plan(self, watch):
        result = watch.cli("plan", "--json")
        self.assertEqual(result.code, 0, result)
        self.assertFalse(watch.database.exists())
        return self.shaped(result, "plan")

    def warnings(self, watch):
        result = watch.cli("config", "check", "--json")
        document = self.shaped(result, "config check")
        self.assertEqual((result.code, document["errors"]), (0, []), result)
        self.assertEqual(watch.cli("config", "check", "--strict").code, 2 if document["warnings"] else 0)
        shown, daemon = watch.cli("config", "check"), watch.check_config()
        self.assertEqual((shown.code, daemon.code), (0, 0))
        for row in document["warnings"]:
            self.assertTrue(row["allowed"], row)
            for part in (row["text"], row["allowed"]):
                self.assertIn(part, shown.stdout)
                self.assertIn(part, daemon.stderr)
        self.assertPlanned(watch, document["warnings"])
        return document["warnings"]

    def assertPlanned(self, watch, warnings):
        """What config check warns of, plan names too, with its fix, as JSON and as text."""
        planned, text = self.plan(watch)["warnings"], " ".join(watch.cli("plan").stdout.split())
        self.assertEqual(len(planned), len(warnings), planned)
        for row, line in zip(warnings, planned):
            self.assertIn(f"{row['text']}; {row['allowed']}", line)
            self.assertIn("warning: " + line, text)

    def test_questions_are_turns_and_tests(self):
        watch = self.configured(own_zone(qps=50, limit_per_day=100_000), own_zone("names", "dbl.test", ("domain",), operator=""))
        document = self.plan(watch)
        self.assertEqual(document["zones"][0], {"id": "corp", "operator": "Corp", "questions_per_day": 256 * 48 + 3 * 48,
                                                "limit_per_day": 100_000, "share": 0.1243, "qps": 50, "sweep_s": 5.12})
        self.assertEqual(document["zones"][1], {"id": "names", "operator": None, "questions_per_day": 0, "limit_per_day": None,
                                                "share": None, "qps": None, "sweep_s": None})
        self.assertEqual(document["operators"], [{"operator": "Corp", "questions_per_day": 256 * 48 + 144,
                                                  "limit_per_day": 100_000, "share": 0.1243}])
        self.assertEqual(document["warnings"], [])
        self.assertEqual(self.warnings(watch), [])
        text = watch.cli("plan").stdout
        for part in ("corp", "12 432", "100 000", "12 %", "50/s"):
            self.assertIn(part, text)

    def test_zones_of_one_operator_share_its_limit(self):
        watch = self.configured(own_zone(limit_per_day=20_000), own_zone("more", "more.test", limit_per_day=20_000))
        document = self.plan(watch)
        self.assertEqual([zone["share"] for zone in document["zones"]], [0.6216, 0.6216])
        self.assertEqual(document["operators"], [{"operator": "Corp", "questions_per_day": 24_864, "limit_per_day": 20_000,
                                                  "share": 1.2432}])
        self.assertEqual(len(document["warnings"]), 1)
        [warning] = self.warnings(watch)
        self.assertEqual((warning["key"], bool(warning["line"])), ("zone[0]", True))
        for word in ("corp", "more", "Corp", "24 864", "20 000", "124 %"):
            self.assertIn(word, warning["text"])
        self.assertIn("38m", warning["allowed"])
        self.assertIn(warning["text"], document["warnings"][0])

    def test_a_sweep_that_takes_longer_than_its_interval_stretches(self):
        watch = self.configured(own_zone(qps=0.1))
        document = self.plan(watch)
        self.assertEqual((document["zones"][0]["sweep_s"], document["zones"][0]["questions_per_day"]), (2560, 8640 + 144))
        [warning] = self.warnings(watch)
        self.assertIn("42 min 40 s", warning["text"])
        self.assertIn("interval", warning["allowed"])

    def test_the_resolvers_pace_is_shared(self):
        watch = self.configured(own_zone(), own_zone("more", "more.test"), resolver={"qps": 100})
        self.assertEqual([(zone["qps"], zone["sweep_s"]) for zone in self.plan(watch)["zones"]], [(100, 5.12)] * 2)

    def test_zones_that_hold_one_another_are_told_of(self):
        watch = self.configured(own_zone(contained_in=["whole"]), own_zone("whole", "whole.test"))
        [warning] = self.warnings(watch)
        self.assertIn("corp is contained in whole", warning["text"])
        self.assertIn("catalogue.skip", warning["allowed"])

    def test_a_public_resolver_is_named_as_such(self):
        watch = self.configured(own_zone(), resolver={"servers": ["8.8.8.8"]})
        [warning] = self.warnings(watch)
        self.assertEqual(warning["key"], "resolver.servers")
        self.assertIn("8.8.8.8 is a public resolver (Google)", warning["text"])

    def test_a_dead_zone_in_use_is_named_with_its_date(self):
        for targets in ([NETWORK], []):
            watch = self.configured(own_zone("sorbs", "dnsbl.sorbs.net"), targets=targets)
            [warning] = self.warnings(watch)
            self.assertEqual(warning["key"], "zone[0].dns")
            self.assertIn("dnsbl.sorbs.net is dead since 2024-06-05", warning["text"])

    def test_a_dead_zone_that_is_skipped_is_told_of_where_nothing_is_asked(self):
        watch = self.configured(catalogue={"use": [], "skip": ["dnsbl.sorbs.net"]})
        self.assertIn("dead since 2024-06-05", " ".join(row["text"] for row in self.warnings(watch)))
        self.assertIn("No zone is in use", watch.cli("plan").stdout)

    def test_what_has_nothing_to_do_with_questions_is_left_to_config_check(self):
        watch = self.configured(own_zone(), channel=[{"name": "ops", "type": "webhook", "url": "http://hooks.example/x"}])
        rows = self.shaped(watch.cli("config", "check", "--json"), "config check")["warnings"]
        self.assertTrue([row for row in rows if row["key"].startswith("channel[0]")], rows)
        self.assertEqual(self.plan(watch)["warnings"], [])

    def test_a_waived_test_entry_is_told_of(self):
        watch = self.configured(own_zone(test_listed=[]))
        [warning] = self.warnings(watch)
        self.assertEqual(warning["key"], "zone[0].test_listed")
        self.assertIn("test_listed", warning["allowed"])

    def test_an_old_catalogue_is_told_of(self):
        catalogue = self.folder / "zones.toml"
        catalogue.write_text('version = "2019-01-01"\ndate = "2019-01-01"\nschema = 1\n')
        watch = self.configured(own_zone(), catalogue={"file": str(catalogue)})
        [warning] = self.warnings(watch)
        self.assertEqual(warning["key"], "catalogue.max_age")
        self.assertIn("2019-01-01", warning["text"])

    def test_a_zone_without_its_key_is_an_error(self):
        watch = self.install(self.config(None, zone=[own_zone("keyed", "{key}.keyed.test")]))
        result = watch.cli("config", "check", "--json")
        self.assertEqual(result.code, 2)
        [error] = self.shaped(result, "config check")["errors"]
        self.assertIn("<key>.keyed.test", error["text"])
        self.assertIn("key_file", error["allowed"])
        self.assertEqual(watch.cli("plan").code, 2)

    def test_hosts_count_as_one_until_they_are_known(self):
        dns = self.resolver()
        hosts = dns.hosts()
        for i in range(1, 4):
            hosts.add("mail.example.com", "A", f"192.0.2.{i}")
        config = self.config(dns, target=[{"host": "mail.example.com"}])
        config["schedule"] |= {"interval": "10s", "health_interval": "30m"}
        watch = self.install(config)
        document = self.plan(watch)
        self.assertEqual(document["zones"][0]["questions_per_day"], 8640 + 144)
        self.assertIn("mail.example.com", document["warnings"][0])
        watch.start()
        watch.wait_status(lambda s: s["summary"]["subjects"] == 3, "the host's addresses")
        document = self.shaped(watch.cli("plan", "--json"), "plan")
        self.assertEqual((document["zones"][0]["questions_per_day"], document["warnings"]), (3 * 8640 + 144, []))

    def test_the_shipped_catalogues_limits(self):
        config = self.config(None, zone=[], target=[NETWORK])
        config["catalogue"] = {"use": ["spamhaus-zen", "spamhaus-dbl", "dnswl-list"]}
        config["schedule"] = {"interval": "1m", "health_interval": "30m"}
        document = self.plan(self.install(config))
        rows = {row["operator"]: row for row in document["operators"]}
        self.assertEqual((rows["Spamhaus"]["limit_per_day"], rows["dnswl.org"]["limit_per_day"]), (300_000, 100_000))
        self.assertGreater(rows["dnswl.org"]["share"], 3.6)
        self.assertEqual(len(document["warnings"]), 2, document["warnings"])


if __name__ == "__main__":
    unittest.main()
