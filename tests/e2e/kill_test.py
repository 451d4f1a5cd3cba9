# SPDX-License-Identifier: Apache-2.0
"""A restart is no event, and kill -9 loses nothing: neither state nor deliveries."""
import unittest

from tests.e2e.story import MX1, Story
from tests.support import daemon, webhook_signature
from tests.support.http_receiver import Answer

SECRET = webhook_signature.secret_of()


class Kill(Story):
    def setUp(self):
        super().setUp()
        self.dns, self.sink = self.resolver(), self.receiver()
        self.zone = self.dns.zones["bl.test"]
        self.watch = self.install(self.config(self.dns, daemon.webhook(self.sink.url("/ops"), secret=SECRET)))

    def test_a_delivery_that_nobody_took_goes_out_after_the_restart_unchanged(self):
        self.sink.script("/ops", Answer(kind="reset"))
        self.watch.start().wait_seeing()
        self.zone.list(MX1)
        before = self.sink.wait("/ops")[0]
        self.watch.kill()
        self.sink.script("/ops", Answer(200))
        seen = len(self.sink.requests("/ops"))
        self.watch.start()
        after = self.sink.wait("/ops", seen + 1, 30)[-1]
        self.assertEqual((after.webhook_id, after.body), (before.webhook_id, before.body))
        webhook_signature.verify(SECRET, after.headers, after.body)
        delivery = self.watch.cli("alerts", "--json").json["deliveries"][0]
        self.eventually(lambda: self.watch.cli("alerts", "--json").json["deliveries"][0]["state"] == "delivered", "delivered")
        self.assertEqual(delivery["id"], after.webhook_id)

    def test_listings_votes_and_zones_survive_without_a_word(self):
        self.watch.start().wait_seeing()
        self.zone.list(MX1)
        self.sink.wait_events("listed", path="/ops")
        self.eventually(lambda: self.watch.cli("alerts", "--json").json["deliveries"][0]["state"] == "delivered", "delivered")
        listing = self.wait_listed(self.watch)["listings"][0]
        for _ in range(3):
            self.watch.kill()
            self.watch.start()
            self.watch.wait_seeing()
            again = self.wait_listed(self.watch)["listings"][0]
            self.assertEqual({k: again[k] for k in ("listed_at", "codes", "first_seen")},
                             {k: listing[k] for k in ("listed_at", "codes", "first_seen")})
        self.assertEqual(len(self.sink.requests("/ops")), 1)
        self.assertEqual([e["type"] for e in self.watch.events()], ["listed"])
        self.zone.delist(MX1)
        self.sink.wait_events("delisted", path="/ops")

    def test_what_changed_while_it_was_down_is_found(self):
        self.watch.start().wait_seeing()
        self.watch.stop()
        self.zone.list(MX1)
        self.watch.start()
        event = self.sink.wait_events("listed", path="/ops")[0]
        self.assertFalse(event["first_seen"], "it was seen clear before")

    def test_killed_at_any_moment_each_event_is_told(self):
        for round_number in range(4):
            self.watch.start()
            (self.zone.list if round_number % 2 == 0 else self.zone.delist)(MX1)
            self.watch.wait_status(lambda s: any(r["pending_to"] for r in s["listings"]) or s["summary"]["pending"], "a vote")
            self.watch.kill()
            self.watch.start()
            self.eventually(lambda: len({e["id"] for e in self.sink.events("/ops")}) > round_number, "the event", 30)
            self.watch.kill()
        told = {e["id"]: e["type"] for e in self.sink.events("/ops")}
        self.assertEqual([told[i] for i in sorted(told)], ["listed", "delisted"] * 2)
        bodies = {}
        for request in self.sink.requests("/ops"):
            self.assertEqual(bodies.setdefault(request.webhook_id, request.body), request.body)


if __name__ == "__main__":
    unittest.main()
