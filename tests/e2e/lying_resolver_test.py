# SPDX-License-Identifier: Apache-2.0
"""Resolvers that rewrite, hide or take away what a list says: a real dnsmasq in front of the real lists."""
import unittest

from tests.e2e.disaster import HIDDEN, INNOCENT, ZONES, Disaster
from tests.e2e.story import own_zone
from tests.support.dnsmasq import Dnsmasq

PARKED = "203.0.113.99"


class LyingResolver(Disaster):
    """A real dnsmasq between the daemon and unbound. A zone asked directly goes on seeing."""

    def resolver_lies(self, options, cause):
        rbl = self.lists()
        masq = self.keep(Dnsmasq(self.folder, self.unbound(rbl).server))
        zones = [own_zone(zone, f"{zone}.test") for zone in ZONES[:3]]
        self.watching(masq.server, [*zones, own_zone("fourth", "fourth.test", servers=[rbl.server])])
        masq.restart(options)
        event = self.sink.wait_events("resolver_blind", path="/ops", timeout=40)[0]
        self.assertEqual((event["cause"], event["resolver"]["servers"]), (cause, [masq.server]))
        self.find_hidden(rbl, "fourth")
        rbl.list("good.test", INNOCENT[6])
        self.retests(1)
        self.assertStands()
        self.assertTold([("listed", HIDDEN, "fourth")], [("resolver_blind", cause, "")])
        masq.restart([])
        self.sink.wait_events("resolver_seeing", path="/ops", timeout=40)
        self.wait_told("listed", INNOCENT[6], "good")
        self.watch.wait_seeing(len(ZONES))
        self.assertTold([("listed", HIDDEN, "fourth"), ("listed", INNOCENT[6], "good")],
                        [("resolver_blind", cause, ""), ("resolver_seeing", "", "")])

    def test_a_resolver_that_rewrites_what_it_should_deny(self):
        self.resolver_lies([f"--address=/#/{PARKED}"], "rewritten")

    def test_rebind_protection_takes_every_listing_away(self):
        # dnsmasq says that it blocked the answer (EDE 15), where one that is silent about it would only hide it.
        self.resolver_lies(["--stop-dns-rebind"], "rewritten")

    def test_a_resolver_that_hides_every_list(self):
        self.resolver_lies([f"--address=/{zone}.test/" for zone in ZONES[:3]], "test_entry_missing")

    def test_a_resolver_that_hides_one_list(self):
        rbl = self.lists()
        masq = self.keep(Dnsmasq(self.folder, self.unbound(rbl).server))
        self.watching(masq.server)
        masq.restart(["--address=/bad.test/"])
        self.sink.wait_events("zone_blind", path="/ops", timeout=40)
        self.find_hidden(rbl)
        self.retests(1)
        self.assertStands()
        self.assertTold([("listed", HIDDEN, "good")], [("zone_blind", "test_entry_missing", "bad")])


if __name__ == "__main__":
    unittest.main()
