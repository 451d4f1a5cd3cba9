# SPDX-License-Identifier: Apache-2.0
"""Unknown is never clear and never listed: each way in which an answer can fail, on a zone with an open listing."""
import time
import unittest

from tests.e2e.story import MX1, ZONE_EVENTS, Story, own_zone, target
from tests.support import daemon, json_shapes
from tests.support.fault_dns import FaultDns

CLEAR = "192.0.2.11"

# mode, its arguments, and the causes that the zone may show then
FAULTS = {
    "drop": ("drop", {}, {"timeout"}),
    "late": ("delay", {"seconds": 2}, {"timeout"}),
    "servfail": ("servfail", {}, {"servfail"}),
    "refused": ("refused", {}, {"refused_rcode"}),
    "notimp": ("rcode", {"value": 4}, {"other_rcode"}),
    "formerr": ("rcode", {"value": 1}, {"other_rcode"}),
    "refusal": ("refusal", {}, {"refused"}),
    "refusal-mixed": ("refusal_mixed", {}, {"refused"}),
    "outside": ("outside", {}, {"rewritten"}),
    "outside-mixed": ("outside_mixed", {}, {"rewritten"}),
    "stale": ("ede", {"value": 3}, {"stale"}),
    "stale-nx": ("ede", {"value": 19}, {"stale"}),
    "forged": ("ede", {"value": 4}, {"rewritten"}),
    "blocked": ("ede", {"value": 15}, {"rewritten"}),
    "lame": ("referral", {}, {"lame"}),
    "no-flags": ("no_flags", {}, {"lame"}),
    "open-chain": ("cname_open", {}, {"lame"}),
    "emptied": ("empty", {}, {"test_entry_missing"}),
    "stripped": ("nxdomain", {}, {"test_entry_missing"}),
    "nodata": ("nodata", {}, {"test_entry_missing"}),
    "wildcard": ("wildcard", {}, {"lists_everything"}),
    "listed-servfail": ("answer_servfail", {}, {"servfail"}),
    "garbage": ("random_bytes", {"then": "nothing"}, {"malformed", "timeout"}),
    "wrong-id": ("wrong_id", {"then": "nothing"}, {"malformed", "timeout"}),
    "wrong-question": ("wrong_question", {"then": "nothing"}, {"malformed", "timeout"}),
    "long-a": ("a_rdlength", {"value": 20, "then": "nothing"}, {"malformed", "timeout"}),
    "truncated": ("tc_forever", {}, {"malformed", "network", "timeout"}),
    "tcp-closed": ("tc_close", {}, {"malformed", "network", "timeout"}),
    "tcp-reset": ("tc_reset", {}, {"malformed", "network", "timeout"}),
}


class Unknown(Story):
    def world(self, role):
        """One zone for each fault, MX1 listed on all of them, seen and told."""
        self.dns = self.keep(FaultDns(role=role))
        for name in FAULTS:
            self.dns.zone(f"{name}.test").list(MX1, txt="why")
        self.sink = self.receiver()
        direct = {"servers": [self.dns.server]} if role == "authoritative" else {}
        config = daemon.quick([self.dns.server]) | {
            "zone": [own_zone(name, f"{name}.test", **direct) for name in FAULTS],
            "target": [target(), target(CLEAR, "mx2")], "channel": [daemon.webhook(self.sink.url("/ops"))]}
        config["resolver"]["attempts"] = 1
        self.watch = self.install(config).start()
        self.wait_listed(self.watch, len(FAULTS))
        self.sink.wait_events("listed", len(FAULTS), "/ops")
        self.before = {event["id"] for event in self.watch.events()}

    def break_all(self):
        for name, (mode, args, _) in FAULTS.items():
            self.dns.zones[f"{name}.test"].set_mode(mode, **args)

    def new_events(self):
        return [e for e in self.watch.events() if e["id"] not in self.before]

    def check_story(self):
        self.break_all()
        status = self.watch.wait_status(
            lambda s: s["summary"]["zones_blind"] == len(FAULTS), "every zone being blind", 40)
        json_shapes.check(status, "status")
        with self.subTest("each zone shows its cause"):
            states = {zone["id"]: zone["cause"] for zone in status["zones"]}
            wrong = {name: states[name] for name, (_, _, causes) in FAULTS.items() if states[name] not in causes}
            self.assertEqual(wrong, {})
        self.sweeps(self.dns, *(f"2.0.0.127.{name}.test" for name in ("servfail", "emptied")), count=2)
        status = self.watch.status()
        with self.subTest("every listing stays, in doubt"):
            self.assertEqual(status["summary"]["listed"], len(FAULTS))
            self.assertEqual({row["state"] for row in status["listings"]}, {"listed"})
            self.assertTrue(all(row["doubt"] for row in status["listings"]))
            self.assertEqual(self.watch.cli("status").code, 1)
        with self.subTest("no subject has changed"):
            self.assertEqual([e["type"] for e in self.new_events() if e["type"] not in ZONE_EVENTS], [])
        for zone in self.dns.zones.values():
            zone.set_mode("ok")
        self.watch.wait_status(lambda s: s["summary"]["zones_seeing"] == len(FAULTS) and s["summary"]["unknown"] == 0,
                               "every zone seeing again", 60)
        self.assertEqual([e["type"] for e in self.new_events() if e["type"] not in ZONE_EVENTS], [])
        self.assertNoCrash(self.watch)

    def test_through_a_resolver(self):
        self.world("resolver")
        self.check_story()

    def test_asked_directly(self):
        self.world("authoritative")
        self.check_story()


class Coverage(Story):
    def test_a_subject_that_cannot_be_seen_is_three_and_named(self):
        dns = self.resolver("bl.test", "other.test", "third.test")
        zones = [own_zone(), own_zone("other", "other.test"), own_zone("third", "third.test")]
        watch = self.install(self.config(dns, zone=zones)).start()
        watch.wait_seeing(3)
        dns.zones["bl.test"].set_mode("refusal")
        status = watch.wait_status(lambda s: s["summary"]["zones_blind"] == 1, "the zone being blind")
        result = watch.cli("status")
        self.assertEqual(result.code, 3)
        entry = status["unknowns"][0]
        self.assertEqual((entry["zone"], entry["kind"], entry["cause"], entry["pairs"], entry["subjects"]),
                         ("corp", "ipv4", "refused", 1, [MX1]))
        zone = next(z for z in status["zones"] if z["id"] == "corp")
        self.assertEqual((zone["state"], zone["cause"], zone["unknown"]), ("blind", "refused", 1))
        self.assertIn("refused", result.stdout)

    def test_a_zone_that_was_never_right_is_blind_and_lists_nobody(self):
        dns = self.resolver("bl.test", "other.test", "third.test")
        dns.zones["bl.test"].set_mode("wildcard")
        sink = self.receiver()
        zones = [own_zone(), own_zone("other", "other.test"), own_zone("third", "third.test")]
        watch = self.install(self.config(dns, daemon.webhook(sink.url("/ops")), zone=zones)).start()
        event = sink.wait_events("zone_blind", path="/ops")[0]
        self.assertEqual((event["cause"], event["zone"]["id"], event["affected_subjects"], event["subject"]),
                         ("lists_everything", "corp", 1, None))
        self.sweeps(dns, "2.0.0.127.bl.test", count=2)
        self.assertEqual([e["type"] for e in watch.events()], ["zone_blind"])
        dns.zones["bl.test"].set_mode("ok")
        sink.wait_events("zone_seeing", path="/ops")
        self.assertEqual([e["type"] for e in watch.events()], ["zone_seeing", "zone_blind"])

    def test_a_zone_emptied_overnight_clears_nobody(self):
        dns = self.resolver("bl.test", "other.test", "third.test")
        dns.zones["bl.test"].list(MX1)
        zones = [own_zone(), own_zone("other", "other.test"), own_zone("third", "third.test")]
        watch = self.install(self.config(dns, zone=zones)).start()
        self.wait_listed(watch)
        dns.zones["bl.test"].set_mode("empty")
        watch.wait_status(lambda s: s["summary"]["zones_blind"] == 1, "the zone being blind")
        self.sweeps(dns, "2.0.0.127.bl.test")
        self.assertEqual(watch.status()["summary"]["listed"], 1)
        self.assertNotIn("delisted", [e["type"] for e in watch.events()])


class Flood(Story):
    def test_many_unknowns_have_the_zone_tested_long_before_its_turn(self):
        dns = self.resolver("bl.test", "other.test", "third.test")
        sink = self.receiver()
        zones = [own_zone(), own_zone("other", "other.test"), own_zone("third", "third.test")]
        watch = self.install(self.config(dns, daemon.webhook(sink.url("/ops")), zone=zones, schedule={"health_interval": "1h"},
                                         target=[{"range": "198.51.100.0/27", "name": "net"}])).start()
        watch.wait_seeing(3)
        dns.zones["bl.test"].set_mode("servfail", spare_tests=True)
        self.sweeps(dns, "2.0.0.127.bl.test", count=2)
        self.assertEqual(watch.events(), [])
        dns.zones["bl.test"].set_mode("refusal")
        event = sink.wait_events("zone_blind", path="/ops")[0]
        self.assertEqual((event["zone"]["id"], event["cause"]), ("corp", "refused"))
        self.assertEqual([e["type"] for e in watch.events()], ["zone_blind"])


class LostPackets(Story):
    def test_a_lost_packet_makes_nobody_blind(self):
        dns = self.resolver("bl.test", "other.test", "third.test")
        zones = [own_zone(), own_zone("other", "other.test"), own_zone("third", "third.test")]
        watch = self.install(self.config(dns, zone=zones, schedule={"health_interval": "1s"})).start()
        watch.wait_seeing(3)
        dns.zones["bl.test"].set_mode("lossy", of=2)  # of whatever is asked, the first packet
        for _ in range(3):
            self.sweeps(dns, "2.0.0.127.bl.test", count=2)
            self.assertEqual(watch.status()["summary"]["zones_seeing"], 3)
        self.assertEqual(watch.events(), [])
        self.assertNotIn("blind", watch.log())


class DeadResolver(Story):
    A_FEW = 5  # questions a second

    def test_it_is_one_story_and_not_one_for_each_zone(self):
        names = [f"z{i}.test" for i in range(6)]
        dns = self.resolver(*names)
        sink = self.receiver()
        zones = [own_zone(f"zone-{i}", name) for i, name in enumerate(names)]
        watch = self.install(self.config(dns, daemon.webhook(sink.url("/ops")), zone=zones)).start()
        watch.wait_seeing(6)
        dns.close_ports()
        event = sink.wait_events("resolver_blind", path="/ops", timeout=30)[0]
        self.assertEqual((event["zone"], event["resolver"]), (None, {"servers": [dns.server]}))
        self.assertEqual(watch.cli("status").code, 3)
        dns.open_ports()
        sink.wait_events("resolver_seeing", path="/ops", timeout=30)
        watch.wait_seeing(6, 30)
        self.assertEqual([e["type"] for e in watch.events()], ["resolver_seeing", "resolver_blind"])

    def test_it_is_asked_a_few_questions_a_second(self):
        names = [f"z{i}.test" for i in range(6)]
        dns = self.resolver(*names)
        sink = self.receiver()
        config = self.config(dns, daemon.webhook(sink.url("/ops")), resolver={"attempts": 1},
                             schedule={"health_interval": "60s", "health_retry": "2s"},
                             zone=[own_zone(f"zone-{i}", name) for i, name in enumerate(names)],
                             target=[{"range": "198.51.100.0/27", "name": "net"}])
        watch = self.install(config).start()
        watch.wait_seeing(6)
        for zone in dns.zones.values():
            zone.set_mode("drop")
        sink.wait_events("resolver_blind", path="/ops", timeout=30)
        since = time.monotonic()
        dns.log.wait(3, 60)  # of the zones' tests, which come with growing pauses
        asked, took = dns.log.rows(since=since), time.monotonic() - since
        self.assertLessEqual(len(asked), self.A_FEW * took)
        self.assertEqual([row.name for row in asked if row.name.endswith(tuple(f".100.51.198.{name}" for name in names))], [])
        self.assertEqual([e["type"] for e in watch.events()], ["resolver_blind"])


if __name__ == "__main__":
    unittest.main()
