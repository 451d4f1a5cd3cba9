# SPDX-License-Identifier: Apache-2.0
"""Lists that die, lapse, refuse, flap or are emptied: the disasters on record, with the real programs."""
import unittest

from tests.e2e.disaster import HIDDEN, INNOCENT, MX1, ZONES, Disaster
from tests.e2e.story import own_zone
from tests.support import dns_wire as wire


class DeadLists(Disaster):
    def test_an_expired_domain_answers_with_a_parking_address(self):
        self.strike("outside", "rewritten")

    def test_a_list_that_lists_the_world_on_purpose(self):
        self.strike("wildcard", "lists_everything")

    def test_a_list_that_refuses_the_resolver(self):
        self.strike("refusal", "refused")

    def test_a_list_that_only_times_out(self):
        liar = self.strike("drop", "timeout")
        liar.zones["bad.test"].set_mode("ok")
        self.sink.wait_events("zone_seeing", path="/ops", timeout=40)
        self.watch.wait_seeing(len(ZONES))
        self.assertTold([("listed", HIDDEN, "good")], [("zone_blind", "timeout", "bad"), ("zone_seeing", "", "bad")])

    def test_spamcops_day(self):
        liar = self.strike("outside", "rewritten")
        liar.zones["bad.test"].list(INNOCENT[4])
        liar.zones["bad.test"].set_mode("ok")
        self.sink.wait_events("zone_seeing", path="/ops", timeout=40)
        self.wait_told("listed", INNOCENT[4], "bad")
        liar.zones["bad.test"].list(INNOCENT[5])
        self.wait_told("listed", INNOCENT[5], "bad")
        self.assertTold([("listed", HIDDEN, "good"), ("listed", INNOCENT[4], "bad"), ("listed", INNOCENT[5], "bad")],
                        [("zone_blind", "rewritten", "bad"), ("zone_seeing", "", "bad")])


class EmptiedList(Disaster):
    def wait_cached(self, unbound, seconds):
        """Until the resolver has the test entry for so long still."""
        def kept():
            return wire.ask(unbound.at, "2.0.0.127.bad.test").answers[0].ttl
        self.eventually(lambda: kept() >= seconds, f"a test entry cached for {seconds} s", 40)

    def test_what_the_cache_still_says_of_the_test_entry_proves_nothing(self):
        rbl = self.lists(test_ttl=15)
        unbound = self.unbound(rbl)
        also = INNOCENT[3]
        rbl.list("bad.test", also)
        self.watching(unbound.server)
        self.wait_told("listed", also, "bad")
        # Long enough for two denials of either, and for many a test that the zone would seem to pass.
        self.wait_cached(unbound, 13)
        rbl.empty("bad.test")
        event = self.sink.wait_events("zone_blind", path="/ops", timeout=60)[0]
        self.assertEqual((event["zone"]["id"], event["cause"]), ("bad", "test_entry_missing"))
        self.find_hidden(rbl)
        self.retests(1)
        self.assertStands()
        self.assertStands(also)
        for subject in (MX1, also, "127.0.0.2"):  # the test entry last: nobody is to be seen missing from a zone that sees
            rbl.list("bad.test", subject)
        self.sink.wait_events("zone_seeing", path="/ops", timeout=40)
        self.watch.wait_seeing(len(ZONES))
        subjects, others = self.told()
        self.assertEqual(sorted(subjects), sorted([("listed", MX1, "bad"), ("listed", also, "bad"),
                                                   ("listed", HIDDEN, "good")]))
        self.assertEqual(others, [("zone_blind", "test_entry_missing", "bad"), ("zone_seeing", "", "bad")])


class FlappingAnswers(Disaster):
    def test_answers_that_change_with_every_question_open_and_close_nothing(self):
        rbl, liar = self.lists(), self.liar()
        zones = [own_zone("bad", "bad.test", servers=[liar.server]),
                 *(own_zone(zone, f"{zone}.test") for zone in ZONES[1:])]
        # A question that is repeated because the machine was slow would be one flap that nobody saw.
        self.watching(self.unbound(rbl).server, zones, timeout="10s", attempts=1)
        liar.zones["bad.test"].set_mode("flapping", every=1)
        self.find_hidden(rbl)
        self.sweeps(liar, f"{'.'.join(reversed(MX1.split('.')))}.bad.test", count=8, timeout=40)
        self.assertStands()
        self.assertTold([("listed", HIDDEN, "good")], [])


if __name__ == "__main__":
    unittest.main()
