# SPDX-License-Identifier: Apache-2.0
"""The real DNS servers start on loopback, answer as told, and show changes when the call returns."""
import tempfile
import unittest
from pathlib import Path

from tests.support import dns_wire as wire
from tests.support.dnsmasq import Dnsmasq
from tests.support.fault_dns import FaultDns
from tests.support.nsd import Nsd
from tests.support.process import wait_for
from tests.support.rbldnsd import Rbldnsd
from tests.support.unbound import Unbound


class RealServers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def started(self, server):
        self.addCleanup(server.__exit__, None, None, None)
        return server

    def test_rbldnsd_lists_and_delists_all_kinds(self):
        rbl = self.started(Rbldnsd(self.folder, {"bl.test": ("ipv4", "ipv6"), "dbl.test": ("domain",)}))
        for zone, label in (("bl.test", "2.0.0.127"), ("dbl.test", "test"),
                            ("bl.test", wire.reversed_name("::FFFF:7F00:2"))):
            self.assertEqual(wire.ask(rbl.at, f"{label}.{zone}").addresses(), ["127.0.0.2"])
        for zone, subject in (("bl.test", "192.0.2.10"), ("bl.test", "2001:db8::10"), ("dbl.test", "spam.example")):
            codes = ["127.0.0.4"] if ":" in subject else ["127.0.0.2", "127.0.0.4"]
            rbl.list(zone, subject, codes, "see https://bl.test/x")
            label = subject if zone == "dbl.test" else wire.reversed_name(subject)
            self.assertIn(b"see https://bl.test/x", wire.ask(rbl.at, f"{label}.{zone}", wire.TXT).texts())
            rbl.delist(zone, subject)
            reply = wire.ask(rbl.at, f"{label}.{zone}")
            self.assertEqual((reply.rcode, reply.aa, reply.authority[0].ttl), (wire.NXDOMAIN, True, 1))
        rbl.empty("bl.test")
        self.assertEqual(wire.ask(rbl.at, "2.0.0.127.bl.test").rcode, wire.NXDOMAIN)
        rbl.stop()
        with self.assertRaises(OSError):
            wire.ask(rbl.at, "2.0.0.127.bl.test", timeout=0.2)
        rbl.start_again()
        self.assertEqual(wire.ask(rbl.at, "test.dbl.test").addresses(), ["127.0.0.2"])

    def test_unbound_resolves_through_stubs_and_keeps_ttls(self):
        rbl = self.started(Rbldnsd(self.folder, {"bl.test": ("ipv4",)}, ttl=2))
        resolver = self.started(Unbound(self.folder, {"bl.test": [rbl.server]}))
        reply = wire.ask(resolver.at, "2.0.0.127.bl.test")
        self.assertEqual((reply.addresses(), reply.ra, reply.aa), (["127.0.0.2"], True, False))
        self.assertEqual(wire.ask(resolver.at, "10.2.0.192.bl.test").rcode, wire.NXDOMAIN)
        rbl.list("bl.test", "192.0.2.10")
        wait_for(lambda: wire.ask(resolver.at, "10.2.0.192.bl.test").addresses(), 5, "the negative TTL running out")

    def test_nsd_delegates_to_a_zone_of_its_own(self):
        nsd = self.started(Nsd(self.folder, {"corp.test": ["bl NS ns1.bl", "ns1.bl A 127.0.0.9"]}))
        reply = wire.ask(nsd.at, "2.0.0.127.bl.corp.test")
        self.assertEqual(([r.type for r in reply.authority], reply.additional[0].text), ([wire.NS], "127.0.0.9"))
        nsd.set_zone("corp.test", ["mail A 192.0.2.10", "@ MX 10 mail"])
        self.assertEqual(wire.ask(nsd.at, "mail.corp.test").addresses(), ["192.0.2.10"])

    def test_dnsmasq_strips_127_and_rewrites_zones(self):
        dns = self.started(FaultDns(role="resolver"))
        dns.zone("bl.test")
        masq = self.started(Dnsmasq(self.folder, dns.server))
        self.assertEqual(wire.ask(masq.at, "2.0.0.127.bl.test").addresses(), ["127.0.0.2"])
        masq.restart(["--stop-dns-rebind"])
        self.assertEqual(wire.ask(masq.at, "2.0.0.127.bl.test").addresses(), [])
        masq.restart(["--address=/bl.test/"])
        self.assertEqual(wire.ask(masq.at, "2.0.0.127.bl.test").rcode, wire.NXDOMAIN)
        masq.restart(["--address=/#/203.0.113.99"])
        self.assertEqual(wire.ask(masq.at, "2.0.0.127.bl.test").addresses(), ["203.0.113.99"])


if __name__ == "__main__":
    unittest.main()
