# SPDX-License-Identifier: Apache-2.0
"""Targets that move: hostnames, mail exchangers and SPF records, over fault-injecting and real DNS servers."""
import unittest

from tests.e2e.story import Story, own_zone
from tests.support import daemon
from tests.support.nsd import Nsd
from tests.support.unbound import Unbound

DOMAIN = "example.test"
SPF = "v=spf1 include:_spf.provider.test ip4:198.51.100.0/30 -all"
OURS = ["192.0.2.10", "192.0.2.11", "198.51.100.0", "198.51.100.1", "198.51.100.2", "198.51.100.3", "203.0.113.5", "2001:db8::5"]


class Follow(Story):
    def setUp(self):
        super().setUp()
        self.dns, self.sink = self.resolver(kinds=("ipv4", "ipv6")), self.receiver()
        self.zone = self.dns.zones["bl.test"]
        self.names = self.dns.hosts()

    def publish(self):
        self.names.add(DOMAIN, "MX", "10 mx1.example.test")
        self.names.add(DOMAIN, "MX", "20 mx2.example.test")
        self.names.add(DOMAIN, "TXT", SPF)
        self.names.add("mx1.example.test", "A", "192.0.2.10")
        self.names.add("mx2.example.test", "A", "192.0.2.11")
        self.names.add("_spf.provider.test", "TXT", "v=spf1 a:out.provider.test exists:%{i}._spf.provider.test ip6:2001:db8::/32 ~all")
        self.names.add("out.provider.test", "A", "203.0.113.5")
        self.names.add("out.provider.test", "AAAA", "2001:db8::5")

    def watching(self, **target):
        config = self.config(self.dns, daemon.webhook(self.sink.url("/ops")), zone=[own_zone(kinds=("ipv4", "ipv6"))],
                             target=[{"domain": DOMAIN, "name": "ours", "follow": ["mx", "spf"], **target}])
        return self.install(config)

    def row(self, watch):
        return self.shaped(watch.cli("targets", "--json"), "targets")["targets"][0]

    def wait_addresses(self, watch, expected):
        self.eventually(lambda: self.row(watch)["addresses"] == expected, f"{expected} watched")

    def test_the_addresses_that_receive_and_send_are_watched_beside_the_domain(self):
        self.publish()
        self.zone.list("203.0.113.5")
        watch = self.watching(tags=["mail"]).start()
        event = self.sink.wait_events("listed", path="/ops", timeout=40)[0]
        self.assertEqual((event["subject"], event["target"]), ("203.0.113.5", {"name": "ours", "value": DOMAIN, "tags": ["mail"]}))
        self.wait_addresses(watch, OURS)
        row = self.row(watch)
        self.assertEqual((row["subjects"], row["listed"], row["state"]), (1 + len(OURS), 1, "listed"))
        self.assertTrue(any("exists:%{i}._spf.provider.test" in note and "can't be followed" in note for note in row["notes"]), row)
        self.assertTrue(any("ip6:2001:db8::/32" in note and "too large to watch" in note for note in row["notes"]), row)
        text = watch.cli("targets").stdout
        self.assertIn("too large to watch", " ".join(text.split()))
        warned = [line for line in watch.log().splitlines() if "not everything of a target can be followed" in line]
        self.assertEqual(len(warned), 1, "one line for many lookups: " + watch.log()[-2000:])
        self.assertEqual([e for e in watch.events() if e["type"].startswith("target_")], [])

    def test_why_tells_a_domain_from_the_addresses_that_follow_it(self):
        self.publish()
        self.dns.zone("mixed.test", ("ipv4", "domain")).list("192.0.2.10", "127.255.255.254")
        zone = own_zone("mixed", "mixed.test", kinds=("ipv4", "domain"))
        watch = self.install(self.config(self.dns, zone=[zone], target=[{"domain": DOMAIN, "name": "ours", "follow": ["mx"]}])).start()
        watch.wait_status(lambda s: s["summary"]["pairs"] == 3 and s["summary"]["unknown"] == 1, "one odd answer", 40)
        watch.stop()
        answer, = watch.cli("why", DOMAIN, "mixed", "--json").json["answers"]
        self.assertEqual((answer["verdict"], answer["cause"]), ("clear", None))
        answer, = watch.cli("why", "192.0.2.10", "mixed", "--json").json["answers"]
        self.assertEqual((answer["verdict"], answer["cause"]), ("unknown", "refused"))

    def test_an_address_that_leaves_is_retired_without_an_alert(self):
        self.publish()
        self.zone.list("192.0.2.10")
        watch = self.watching().start()
        self.sink.wait_events("listed", path="/ops", timeout=40)
        self.names.remove("mx1.example.test")
        self.names.add("mx1.example.test", "A", "192.0.2.99")
        self.eventually(lambda: "192.0.2.99" in self.row(watch)["addresses"], "the new address")
        history = self.eventually(lambda: [row for row in watch.cli("history", "--json").json["listings"] if row["state"] == "retired"],
                                  "the listing retired")
        self.assertEqual(history[0]["subject"], "192.0.2.10")
        self.assertNotIn("192.0.2.10", self.row(watch)["addresses"])
        self.assertIn("retired", [e["type"] for e in watch.events()])
        self.zone.list("192.0.2.99")
        self.sink.wait_events("listed", 2, path="/ops", timeout=40)
        self.assertEqual({e["type"] for e in self.sink.events("/ops")}, {"listed"})

    def test_a_failure_in_the_spf_tree_is_told_once_and_keeps_every_address_over_kill_9(self):
        self.publish()
        self.zone.list("203.0.113.5")
        watch = self.watching().start()
        self.sink.wait_events("listed", path="/ops", timeout=40)
        self.wait_addresses(watch, OURS)
        self.names.set_mode("servfail", "_spf.provider.test")
        event = self.sink.wait_events("target_unresolved", path="/ops", timeout=40)[0]
        self.assertEqual((event["target"]["name"], event["cause"]), ("ours", "servfail for TXT of _spf.provider.test"))
        self.assertEqual(event["subject"], None)
        watch.kill()
        watch.start()
        watch.wait_seeing()
        self.wait_listed(watch)
        row = self.row(watch)
        self.assertEqual((row["addresses"], row["listed"]), (OURS, 1))
        self.assertTrue(any("can't be found" in note for note in row["notes"]), row)
        self.dns.log.wait(3, 20.0, name="_spf.provider.test")
        self.names.set_mode("ok", "_spf.provider.test")
        self.sink.wait_events("target_resolved", path="/ops", timeout=40)
        self.assertEqual([e["type"] for e in watch.events() if e["type"] != "zone_seeing"],
                         ["target_resolved", "target_unresolved", "listed"])
        self.eventually(lambda: not any("can't be found" in note for note in self.row(watch)["notes"]), "the note gone")

    def test_a_host_that_stops_resolving_keeps_its_addresses(self):
        self.names.add("mail.example.test", "A", "192.0.2.50")
        watch = self.install(self.config(self.dns, daemon.webhook(self.sink.url("/ops")), target=[{"host": "mail.example.test"}])).start()
        self.wait_addresses(watch, ["192.0.2.50"])
        self.names.remove("mail.example.test")
        event = self.sink.wait_events("target_unresolved", path="/ops", timeout=40)[0]
        self.assertEqual(event["cause"], "nxdomain")
        row = self.row(watch)
        self.assertEqual((row["addresses"], len(row["notes"])), (["192.0.2.50"], 1))
        self.names.add("mail.example.test", "A", "192.0.2.50")
        resolved = self.sink.wait_events("target_resolved", path="/ops", timeout=40)[0]
        self.assertIsNone(resolved["cause"])
        self.assertEqual([e["type"] for e in watch.events()], ["target_resolved", "target_unresolved"])
        self.eventually(lambda: self.row(watch)["notes"] == [], "no note")

    def test_a_null_mx_and_two_spf_records(self):
        self.names.add(DOMAIN, "MX", "0 .")
        self.names.add(DOMAIN, "TXT", "v=spf1 ip4:192.0.2.1 -all")
        self.names.add(DOMAIN, "TXT", "v=spf1 ip4:192.0.2.2 -all")
        watch = self.watching().start()
        notes = self.eventually(lambda: [n for n in [self.row(watch)["notes"]] if len(n) == 2 and "not looked up" not in str(n)],
                                "two notes of what was found")[0]
        self.assertTrue(any("null MX" in note for note in notes) and any("there are 2 of them" in note for note in notes), notes)
        self.assertEqual(self.row(watch)["addresses"], [])

    def test_a_network_without_room_is_named_and_the_daemon_goes_on(self):
        self.names.add(DOMAIN, "TXT", "v=spf1 ip4:10.0.0.0/16 ip4:192.0.2.7 -all")
        config = self.config(self.dns, target=[{"domain": DOMAIN, "follow": ["spf"]}], daemon={"max_subjects": 1000})
        watch = self.install(config).start()
        self.wait_addresses(watch, ["192.0.2.7"])
        self.assertTrue(any("10.0.0.0/16" in note and "max_subjects" in note for note in self.row(watch)["notes"]))
        self.assertNoCrash(watch)

    def test_an_edit_of_follow_takes_and_leaves_only_what_it_names(self):
        self.publish()
        self.zone.list("192.0.2.10")
        watch = self.watching().start()
        self.sink.wait_events("listed", path="/ops", timeout=40)
        self.wait_addresses(watch, OURS)
        config = self.config(self.dns, daemon.webhook(self.sink.url("/ops")), zone=[own_zone(kinds=("ipv4", "ipv6"))],
                             target=[{"domain": DOMAIN, "name": "ours", "follow": ["mx"]}])
        watch.write_config(config)
        watch.reload()
        self.wait_addresses(watch, OURS[:2])
        self.assertEqual([e["type"] for e in watch.events()], ["listed"])


class RealServers(Story):
    """NSD answers, unbound asks it: records in several strings, compressed names, answers that need TCP."""

    def test_a_crowded_apex_through_real_servers(self):
        sink, bl = self.receiver(), self.resolver(role="both")
        crowd = [f'@ 5 IN TXT "site-verification-{i:02}={"x" * 180}"' for i in range(40)]
        nsd = self.keep(Nsd(self.folder, {
            DOMAIN: [*crowd, '@ 5 IN TXT "v=spf1 ip4:198.51.1" "00.7 include:_spf.exa" "mple.test -all"',
                     '_spf 5 IN TXT "v=spf1 mx:example.test/31 ip4:203.0.113.9 -all"', "@ 5 IN MX 10 mx", "@ 5 IN MX 20 mx2",
                     "mx 5 IN A 192.0.2.20", "mx2 5 IN A 192.0.2.30", "mx2 5 IN AAAA 2001:db8::30"]}))
        unbound = self.keep(Unbound(self.folder, {DOMAIN: [nsd.server]}))
        config = self.config(None, daemon.webhook(sink.url("/ops")), zone=[own_zone(servers=[bl.server])],
                             target=[{"domain": DOMAIN, "follow": ["mx", "spf"]}])
        config["resolver"]["servers"] = [unbound.server]
        watch = self.install(config).start()
        expected = ["192.0.2.20", "192.0.2.21", "192.0.2.30", "192.0.2.31", "198.51.100.7", "203.0.113.9", "2001:db8::30"]
        self.eventually(lambda: watch.cli("targets", "--json").json["targets"][0]["addresses"] == expected, str(expected), 40)
        self.assertEqual(watch.cli("targets", "--json").json["targets"][0]["notes"], [])


if __name__ == "__main__":
    unittest.main()
