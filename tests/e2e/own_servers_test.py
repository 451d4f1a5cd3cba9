# SPDX-License-Identifier: Apache-2.0
"""Past every cache: where a TTL is too long to be waited for, the zone's own servers are asked.

They are found by delegation (a real unbound, a real nsd as the parent), so they have to be on port 53."""
import socket
import unittest

from tests.e2e.story import MX1, Story
from tests.support import daemon, ports
from tests.support.dns_log import without_resends
from tests.support.fault_dns import FaultDns
from tests.support.nsd import Nsd
from tests.support.unbound import Unbound

DAY = 86400
QUESTION = "10.2.0.192.bl.test"


def may_use_port_53() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((ports.own_address(), 53))
        except PermissionError:
            return False
        return True


@unittest.skipUnless(may_use_port_53(), "port 53 takes privileges here")
class OwnServers(Story):
    def setUp(self) -> None:
        super().setUp()
        address = ports.own_address().replace("127.1.", "127.2.", 1)  # nsd has the other one's port 53
        self.own = self.keep(FaultDns(role="authoritative", address=address, port=53))
        self.zone = self.own.zone("bl.test", ("ipv4",), ttl=DAY, negative_ttl=1)
        parent = self.keep(Nsd(self.folder, {"test": ["bl 3600 NS ns.bl", f"ns.bl 3600 A {address}"]}, port=53))
        self.unbound = self.keep(Unbound(self.folder, {"test": [parent.server]}))
        self.sink = self.receiver()

    def watch(self, **schedule):
        config = self.config(None, daemon.webhook(self.sink.url("/ops")), resolver={"servers": [self.unbound.server]},
                             schedule=schedule)
        watch = self.install(config).start()
        watch.wait_seeing()
        return watch

    def asked_directly(self):
        """What came past the resolver, but for the hunt for the zone's servers."""
        return [row for row in self.own.log.rows(qtype="A") if row.source[0] != self.unbound.address]

    def test_a_vote_that_a_cache_would_hold_back_comes_from_the_zones_own_servers(self):
        self.watch()
        self.zone.list(MX1)
        event = self.sink.wait_events("listed", path="/ops", timeout=40)[0]
        self.assertEqual(event["evidence"]["server"], self.own.server)
        directly = without_resends(self.asked_directly())
        # The second vote, and the test entry: once more where the vote came after it. The vote may be there twice: the
        # pair's next turn, a second later, may come before the test entry's answer.
        names = [row.name for row in directly]
        self.assertIn(names.count(QUESTION), (1, 2))
        self.assertEqual({name for name in names if name != QUESTION}, {"2.0.0.127.bl.test"})
        self.assertEqual([row for row in directly if row.rd], [])  # they are asked for what they hold, not to recurse

    def test_confirm_via_authoritative(self):
        self.zone.ttl = 1
        self.watch(confirm_via="authoritative")
        self.zone.list(MX1)
        self.sink.wait_events("listed", path="/ops", timeout=40)
        self.assertIn(QUESTION, [row.name for row in self.asked_directly()])

    def test_a_zone_emptied_behind_a_cache_clears_nobody(self):
        self.zone.ttl = 2
        watch = self.watch(confirm_within="1s")
        self.zone.list(MX1)
        self.wait_listed(watch)
        self.zone.set_mode("nxdomain")
        event = self.sink.wait_events("zone_blind", path="/ops", timeout=40)[0]
        self.assertEqual(event["cause"], "test_entry_missing")
        self.assertEqual([e for e in watch.events() if e["type"] == "delisted"], [])
        self.assertEqual(watch.cli("status").code, 1)


if __name__ == "__main__":
    unittest.main()
