# SPDX-License-Identifier: Apache-2.0
"""The stage of the disasters on record, with the real programs: nobody is listed or delisted by them, the true listing that
hides among them is told, and the operator hears of each disaster once.

rbldnsd holds the zones and unbound resolves them, unless the story needs a server or a resolver that lies."""
import ipaddress

from tests.e2e.story import MX1, Story, own_zone, target
from tests.support import daemon
from tests.support.fault_dns import FaultDns
from tests.support.rbldnsd import Rbldnsd
from tests.support.unbound import Unbound

ZONES = ("bad", "good", "third", "fourth")
RANGE = "198.51.100.0/29"  # fewer than trip the breaker: these stories are about the tests
INNOCENT = [str(address) for address in ipaddress.ip_network(RANGE)]
HIDDEN = INNOCENT[7]


class Disaster(Story):
    """MX1 stands on the bad zone from the beginning; HIDDEN is listed while the disaster lasts."""

    def lists(self, test_ttl=1):
        """A real rbldnsd with all the zones."""
        rbl = self.keep(Rbldnsd(self.folder, {f"{zone}.test": ("ipv4",) for zone in ZONES}, ttl=1, negative_ttl=1,
                                test_ttl=test_ttl))
        rbl.list("bad.test", MX1)
        return rbl

    def liar(self):
        """A server for the bad zone that can be told to misbehave."""
        dns = self.keep(FaultDns(role="authoritative"))
        dns.zone("bad.test").list(MX1)
        return dns

    def unbound(self, rbl, liar=None):
        stubs = {f"{zone}.test": [rbl.server] for zone in ZONES}
        if liar is not None:
            stubs["bad.test"] = [liar.server]
        # What it learnt of a server that was silent is forgotten at once: its patience isn't the test.
        return self.keep(Unbound(self.folder, stubs, extra=["infra-host-ttl: 1"]))

    def watching(self, server, zones=None, **resolver):
        """The daemon, once it has told of MX1 and seen everything else."""
        self.sink = self.receiver()
        config = self.config(None, daemon.webhook(self.sink.url("/ops")), schedule={"health_interval": "2s"})
        config["resolver"] |= {"servers": [server], **resolver}
        config["zone"] = zones or [own_zone(zone, f"{zone}.test") for zone in ZONES]
        config["target"] = [target(), {"range": RANGE, "name": "net"}]
        self.watch = self.install(config).start()
        self.sink.wait_events("listed", path="/ops", timeout=40)
        self.watch.wait_seeing(len(config["zone"]))
        return self.watch

    def retests(self, count, zone="bad"):
        """Waits until the zone was tested so many times more."""
        def last_test():
            return next(z["last_test"] for z in self.watch.status()["zones"] if z["id"] == zone)
        for _ in range(count):
            before = last_test()
            self.eventually(lambda: last_test() != before, f"another test of {zone}", 30)

    def find_hidden(self, rbl, zone="good"):
        """The true listing that begins while the disaster lasts is told."""
        rbl.list(f"{zone}.test", HIDDEN)
        self.wait_told("listed", HIDDEN, zone)

    def wait_told(self, kind, subject, zone):
        def told():
            return [e for e in self.sink.events("/ops", kind) if (e["subject"], e["zone"]["id"]) == (subject, zone)]
        self.eventually(told, f"{kind} {subject} on {zone}", 40)

    def told(self):
        """What was told of subjects, and of zones and the resolver, in order and once each."""
        subjects, others = [], []
        for event in reversed(self.watch.events()):
            zone = event["zone"]["id"] if event["zone"] else ""
            (subjects if event["subject"] else others).append((event["type"], event["subject"] or event["cause"] or "", zone))
        return subjects, others

    def assertTold(self, subjects, others):
        """Exactly these of subjects (MX1 first), and exactly these of zones and the resolver."""
        self.assertEqual(self.told(), ([("listed", MX1, "bad"), *subjects], others))
        self.eventually(lambda: len(self.sink.events("/ops")) > len(subjects) + len(others), "the deliveries")
        sent = [(e["type"], e["subject"]) for e in self.sink.events("/ops")]
        self.assertEqual(sorted(sent, key=str), sorted(set(sent), key=str), "told twice")
        self.assertEqual(self.alerts(), [[kind] for kind, _, _ in others])
        self.assertNoCrash(self.watch)

    def alerts(self):
        """What the deliveries tell of zones and the resolver: an alert each, whatever else there is."""
        deliveries = {r.webhook_id: [e["type"] for e in r.json["events"] if not e["subject"]] for r in self.sink.requests("/ops")}
        return [types for types in deliveries.values() if types]

    def assertStands(self, subject=MX1, zone="bad"):
        rows = [row for row in self.watch.status()["listings"] if (row["subject"], row["zone"]) == (subject, zone)]
        self.assertEqual([row["state"] for row in rows], ["listed"])

    def strike(self, mode, cause, **args):
        """The bad zone goes wrong for good; afterwards everything is as it was, but for one event."""
        rbl, liar = self.lists(), self.liar()
        self.watching(self.unbound(rbl, liar).server)
        liar.zones["bad.test"].set_mode(mode, **args)
        self.sink.wait_events("zone_blind", path="/ops", timeout=30)
        self.find_hidden(rbl)
        self.retests(1)
        self.assertStands()
        self.assertEqual(self.watch.cli("status").code, 1)
        self.assertTold([("listed", HIDDEN, "good")], [("zone_blind", cause, "bad")])
        return liar
