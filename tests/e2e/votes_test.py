# SPDX-License-Identifier: Apache-2.0
"""Votes count only when they are independent: past the cache's TTL, and past its negative TTL."""
import time
import unittest

from tests.e2e.story import MX1, Story
from tests.support import daemon
from tests.support.dns_log import without_resends
from tests.support.rbldnsd import Rbldnsd
from tests.support.unbound import Unbound

QUESTION = "10.2.0.192.bl.test"


class Votes(Story):
    def test_an_answer_out_of_a_cache_is_one_vote(self):
        rbl = self.keep(Rbldnsd(self.folder, {"bl.test": ("ipv4",)}, ttl=5, negative_ttl=1))
        unbound = self.keep(Unbound(self.folder, {"bl.test": [rbl.server]}))
        sink = self.receiver()
        watch = self.install(self.config(None, daemon.webhook(sink.url("/ops")), resolver={"servers": [unbound.server]}))
        watch.start().wait_seeing()
        started = time.monotonic()
        rbl.list("bl.test", MX1)
        watch.wait_status(lambda s: s["summary"]["pending"] == 1, "the first vote")
        sink.wait_events("listed", path="/ops", timeout=40)
        self.assertGreaterEqual(time.monotonic() - started, 5.0, "opened before the TTL of the first vote ran out")

    def test_nobody_asks_again_before_the_answer_could_differ(self):
        """The schedule would have it in ten minutes: the next question waits for the TTL, and then comes at once."""
        ttl = 5
        dns = self.resolver("bl.test", ttl=ttl, negative_ttl=1)
        dns.zones["bl.test"].list(MX1)
        sink = self.receiver()
        self.install(self.config(dns, daemon.webhook(sink.url("/ops")),
                                 schedule={"interval": "10m", "health_interval": "1m"})).start()
        sink.wait_events("listed", path="/ops", timeout=40)
        asked = [row.at for row in without_resends(dns.log.rows(name=QUESTION, qtype="A"))]
        self.assertEqual(len(asked), 2, "one question for each vote")
        self.assertGreaterEqual(asked[1] - asked[0], ttl)

    def test_a_zone_tested_oftener_than_its_answers_run_out_is_believed(self):
        """Each test's answer has its whole TTL here, so one is always running; those of the first vote's time run out all
        the same."""
        dns = self.resolver("bl.test", ttl=5, negative_ttl=1)
        dns.zones["bl.test"].list(MX1)
        sink = self.receiver()
        self.install(self.config(dns, daemon.webhook(sink.url("/ops")), schedule={"health_interval": "2s"})).start()
        sink.wait_events("listed", path="/ops", timeout=40)

    def test_a_denial_is_believed_after_its_negative_ttl(self):
        dns = self.resolver("bl.test", ttl=1, negative_ttl=4)
        zone = dns.zones["bl.test"]
        zone.list(MX1)
        sink = self.receiver()
        watch = self.install(self.config(dns, daemon.webhook(sink.url("/ops")))).start()
        sink.wait_events("listed", path="/ops")
        zone.delist(MX1)
        first = dns.log.wait(1, name=QUESTION)[0].at
        sink.wait_events("delisted", path="/ops", timeout=40)
        self.assertGreaterEqual(time.monotonic() - first, 4.0)

    def test_one_answer_that_nobody_repeats_opens_nothing(self):
        dns = self.resolver()
        zone = dns.zones["bl.test"]
        watch = self.install(self.config(dns)).start()
        watch.wait_seeing()
        zone.list(MX1)
        watch.wait_status(lambda s: s["summary"]["pending"] == 1, "the first vote")
        zone.delist(MX1)
        watch.wait_status(lambda s: s["summary"]["pending"] == 0, "the vote being reset")
        self.sweeps(dns, QUESTION)
        self.assertEqual(watch.events(), [])
        self.assertEqual(watch.cli("status").code, 0)

    def test_pending_is_not_listed(self):
        dns = self.resolver("bl.test", ttl=30, negative_ttl=1)
        watch = self.install(self.config(dns)).start()
        watch.wait_seeing()
        dns.zones["bl.test"].list(MX1)
        status = watch.wait_status(lambda s: s["summary"]["pending"] == 1, "the first vote")
        self.assertEqual([(row["state"], row["pending_to"]) for row in status["listings"]], [("pending", "listed")])
        self.assertEqual(watch.cli("status").code, 0)


if __name__ == "__main__":
    unittest.main()
