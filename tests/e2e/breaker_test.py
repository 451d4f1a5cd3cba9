# SPDX-License-Identifier: Apache-2.0
"""The mass-listing breaker, with the real programs: a zone that lists or clears far too much is held, nobody is told of the
single ones, and the operator lets them through by the command line."""
import ipaddress
import unittest

from tests.e2e.story import Story
from tests.support import daemon

RANGE = "198.51.100.0/26"  # 13 of 64 trip it
NET = [str(address) for address in ipaddress.ip_network(RANGE)]
MANY = NET[8:40]


class Breaker(Story):
    def watching(self, listed):
        """A daemon that has told of these, once it has seen everybody."""
        self.dns, self.sink = self.resolver(), self.receiver()
        for subject in listed:
            self.dns.zones["bl.test"].list(subject)
        config = self.config(self.dns, daemon.webhook(self.sink.url("/ops")), target=[{"range": RANGE, "name": "net"}])
        self.watch = self.install(config).start()
        self.watch.wait_status(lambda s: (s["summary"]["listed"], s["summary"]["unknown"]) == (len(listed), 0), "all seen", 40)
        if listed:
            self.sink.wait_events("listed", len(listed), path="/ops")
        self.told_before = len(self.watch.events())
        self.sink.clear()

    def new_events(self):
        """Oldest first; of subjects and of the zone."""
        return list(reversed(self.watch.events()))[self.told_before:]

    def wait_held(self, count, **state):
        """The quarantine is told, and so many changes wait in it; nobody has heard of a single one."""
        event = self.sink.wait_events("zone_quarantined", path="/ops", timeout=40)[0]
        self.assertEqual(event["zone"]["id"], "corp")

        def held(status):
            rows = [row for row in status["listings"] if row["held"]]
            return len(rows) == count and all(row[key] == value for row in rows for key, value in state.items())
        status = self.watch.wait_status(held, f"{count} changes held", 40)
        self.assertEqual([zone["state"] for zone in status["zones"]], ["quarantined"])
        self.assertEqual(status["summary"]["zones_quarantined"], 1)
        self.assertEqual([e["type"] for e in self.new_events()], ["zone_quarantined"])

    def release(self, kind, subjects):
        """The operator lets them through: one event of the zone and all the single ones, in one message."""
        done = self.watch.cli("zones", "release", "corp")
        self.assertEqual((done.code, done.stderr), (0, ""))
        released = self.sink.wait_events("zone_released", path="/ops", timeout=40)
        self.sink.wait_events(kind, len(subjects), path="/ops", timeout=40)
        self.assertEqual([(e["passed"], e["dropped"]) for e in released], [(len(subjects), 0)])
        types = ["zone_quarantined", *sorted([kind] * len(subjects) + ["zone_released"])]
        self.assertEqual([types[0], *sorted(e["type"] for e in self.new_events()[1:])], types)
        self.assertEqual(sorted(e["subject"] for e in self.new_events() if e["subject"]), sorted(subjects))
        messages = {r.webhook_id: [e["type"] for e in r.json["events"]] for r in self.sink.requests("/ops")}
        self.assertEqual([sorted(told) for told in messages.values()], [["zone_quarantined"], types[1:]])

    def assertReleasedOnlyOnce(self):
        again = self.watch.cli("zones", "release", "corp")
        self.assertEqual((again.code, again.stdout), (4, ""))
        self.assertIn("is not quarantined", again.stderr)
        self.assertOneLine(again.stderr)
        self.assertEqual(self.watch.status()["summary"]["zones_quarantined"], 0)
        self.assertNoCrash(self.watch)

    def test_a_zone_that_lists_half_the_network_at_once(self):
        self.watching([])
        for subject in MANY:
            self.dns.zones["bl.test"].list(subject)
        self.wait_held(len(MANY), state="pending", pending_to=None)
        self.release("listed", MANY)
        self.assertReleasedOnlyOnce()

    def test_a_zone_that_clears_most_of_its_listings_at_once(self):
        self.watching(MANY)
        gone = MANY[:24]
        for subject in gone:
            self.dns.zones["bl.test"].delist(subject)
        self.wait_held(len(gone), state="listed", pending_to=None)
        self.release("delisted", gone)
        self.assertReleasedOnlyOnce()
        self.assertEqual({row["subject"] for row in self.watch.status()["listings"]}, set(MANY[24:]))

    def test_a_zone_that_was_never_quarantined(self):
        self.watching([])
        self.assertReleasedOnlyOnce()


if __name__ == "__main__":
    unittest.main()
