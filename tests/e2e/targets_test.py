# SPDX-License-Identifier: Apache-2.0
"""Targets: files of them, ranges, hosts, IPv6, and the same subject in several."""
import unittest

from tests.e2e.story import MX1, Story, own_zone
from tests.support import daemon, dns_wire as wire

MAPPED = "::ffff:192.0.2.77"


class Targets(Story):
    def test_a_file_with_names_tags_and_comments(self):
        dns = self.resolver("bl.test")
        dns.zone("dbl.test", ("domain",))
        dns.hosts().add("mail.example.com", "A", "192.0.2.50")
        zones = [own_zone(), own_zone("names", "dbl.test", ("domain",))]
        watch = self.install(self.config(dns, zone=zones, target=[{"file": "targets.txt"}]))
        (watch.folder / "targets.txt").write_text(
            "# ours\n192.0.2.10 name=mx1 tags=a,b\n\n198.51.100.0/30 name=net\nhost:mail.example.com\n"
            "domain:example.org   # another\nexample.net\n")
        watch.start()
        watch.wait_seeing(2)
        rows = {row["value"]: row for row in self.shaped(watch.cli("targets", "--json"), "targets")["targets"]}
        self.assertEqual({value: (row["name"], row["type"], row["subjects"], row["tags"]) for value, row in rows.items()}, {
            "192.0.2.10": ("mx1", "address", 1, ["a", "b"]), "198.51.100.0/30": ("net", "range", 4, []),
            "mail.example.com": ("mail.example.com", "host", 1, []), "example.org": ("example.org", "domain", 1, []),
            "example.net": ("example.net", "domain", 1, [])})
        self.assertEqual(rows["mail.example.com"]["addresses"], ["192.0.2.50"])

    def test_bad_lines_of_a_file_are_named(self):
        watch = self.install(self.config(None, target=[{"file": "targets.txt"}]))
        (watch.folder / "targets.txt").write_text("192.0.2.1\n192.0.2.999\n192.0.2.3 nmae=x\n")
        result = watch.cli("config", "check", "--json")
        self.assertEqual(result.code, 2)
        rows = self.shaped(result, "config check")["errors"]
        self.assertEqual([(row["file"].rpartition("/")[2], row["line"]) for row in rows], [("targets.txt", 2), ("targets.txt", 3)])

    def test_a_million_lines_are_read_in_bounded_time(self):
        dns = self.resolver()
        watch = self.install(self.config(dns, target=[{"file": "targets.txt"}], schedule={"interval": "1h"}))
        (watch.folder / "targets.txt").write_text(
            "".join(f"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}\n" for i in range(1_000_000)))
        result = watch.check_config()  # which is given a minute
        self.assertEqual(result.code, 0, result.stderr[-500:])
        watch.start(wait=False)
        watch.process.ready(watch.is_running, 60)
        self.assertEqual(watch.stop(30), 0)

    def test_a_million_bad_lines_are_not_a_million_lines_of_output(self):
        watch = self.install(self.config(None, target=[{"file": "targets.txt"}]))
        (watch.folder / "targets.txt").write_text("not an address at all!\n" * 1_000_000)
        result = watch.check_config()
        self.assertEqual(result.code, 2)
        self.assertLess(result.took, 20)
        self.assertLess(len(result.stdout + result.stderr), 1_000_000)
        self.assertIn("targets.txt:1:", result.stdout + result.stderr)

    def test_files_that_never_end_or_are_no_files(self):
        for name in ("/dev/zero", "."):
            with self.subTest(name):
                watch = self.install(self.config(None, target=[{"file": name}]))
                result = watch.check_config()
                self.assertEqual(result.code, 2)
                self.assertLess(result.took, 20)

    def test_a_host_that_never_resolved_is_no_all_clear(self):
        dns = self.resolver()
        hosts = dns.hosts()
        watch = self.install(self.config(dns, target=[{"address": MX1, "name": "mx1"}, {"host": "mail.example.com", "name": "mail"}])).start()
        status = watch.wait_status(lambda s: s["summary"]["zones_seeing"] == 1 and s["summary"]["unknown"] == 1, "one pair unknown")
        self.assertEqual([(row["zone"], row["cause"], row["subjects"]) for row in status["unknowns"]],
                         [("corp", "not_asked", ["mail.example.com"])])
        for words, code in (((), 3), (("status",), 3), (("status", "mail"), 3), (("status", "mx1"), 0)):
            self.assertEqual(watch.cli(*words).code, code, words)
        self.eventually(lambda: "the name doesn't resolve (nxdomain)" in watch.cli("status").stdout, "the reason in status")
        self.assertEqual([row["state"] for row in watch.cli("targets", "--json").json["targets"]], ["clear", "unresolved"])
        hosts.add("mail.example.com", "A", "192.0.2.50")
        watch.wait_status(lambda s: s["summary"]["subjects"] == 2 and s["summary"]["unknown"] == 0, "the host's address seen")
        self.assertEqual(watch.cli("status").code, 0)

    def test_ipv6_is_asked_in_nibbles_and_mapped_addresses_as_ipv4(self):
        dns = self.resolver("bl.test", kinds=("ipv4", "ipv6"))
        zones = [own_zone(kinds=("ipv4", "ipv6"))]
        watch = self.install(self.config(dns, zone=zones, target=[{"address": "2001:db8::1"}, {"address": MAPPED}])).start()
        watch.wait_seeing()
        names = {row.name for row in dns.log.rows(zone="bl.test")}
        self.assertIn(f"{wire.reversed_name('2001:db8::1')}.bl.test", names)
        self.assertIn("77.2.0.192.bl.test", names)
        self.assertIn(f"{wire.reversed_name('::ffff:7f00:2')}.bl.test", names, "the IPv6 test entry goes out in nibbles")

    def test_a_subject_of_several_targets_is_asked_once_and_told_once(self):
        dns, sink = self.resolver(), self.receiver()
        targets = [{"range": "192.0.2.8/29", "name": "small", "tags": ["b"]}, {"range": "192.0.2.0/24", "name": "big"},
                   {"address": MX1, "name": "mx1", "tags": ["a"]}]
        watch = self.install(self.config(dns, daemon.webhook(sink.url("/ops")), target=targets)).start()
        self.assertEqual(watch.wait_seeing()["summary"]["subjects"], 256)
        dns.zones["bl.test"].list(MX1)
        event = sink.wait_events("listed", path="/ops", timeout=40)[0]
        self.assertEqual((event["target"]["name"], set(event["targets"])), ("mx1", {"mx1", "small", "big"}))
        self.assertEqual(set(event["target"]["tags"]), {"a", "b"})
        self.assertEqual(len(sink.events("/ops", "listed")), 1)

    def test_ip_addresses_never_go_to_domain_zones_nor_the_other_way(self):
        dns = self.resolver("bl.test")
        dns.zone("dbl.test", ("domain",))
        dns.zone("both.test", ("domain",))
        zones = [own_zone(), own_zone("names", "dbl.test", ("domain",)), own_zone("exact", "both.test", ("domain",), domain_form="both")]
        watch = self.install(self.config(dns, zone=zones, target=[{"address": MX1}, {"address": "2001:db8::1"},
                                                                   {"domain": "www.example.co.uk"}, {"domain": "bücher.example"}]))
        watch.start()
        watch.wait_status(lambda s: s["summary"]["zones_seeing"] == 3 and s["summary"]["unknown"] == 0, "all seen")
        asked = {zone: {row.name.removesuffix(f".{zone}") for row in dns.log.rows(zone=zone)}
                 for zone in ("bl.test", "dbl.test", "both.test")}
        self.assertNotIn("10.2.0.192", asked["dbl.test"])
        self.assertLessEqual({"example.co.uk", "xn--bcher-kva.example", "test", "invalid"}, asked["dbl.test"])
        self.assertLessEqual({"www.example.co.uk", "example.co.uk"}, asked["both.test"])
        self.assertFalse([name for name in asked["bl.test"] if "example" in name or len(name) > 60])
        self.assertEqual(watch.status()["summary"]["unsupported"], 1)


if __name__ == "__main__":
    unittest.main()
