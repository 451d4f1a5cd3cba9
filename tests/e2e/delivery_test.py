# SPDX-License-Identifier: Apache-2.0
"""Deliveries: what is retried and when, what has failed for good, and who suffers from it (nobody else)."""
import time
import unittest

from tests.e2e.story import MX1, Story
from tests.support import daemon, json_shapes
from tests.support.http_receiver import Answer


class Delivery(Story):
    def setUp(self):
        super().setUp()
        self.dns, self.sink = self.resolver(), self.receiver()

    def list_with(self, *answers, channels=()):
        """Lists MX1 with the channel "ops" answering so."""
        self.sink.script("/ops", *answers)
        self.watch = self.install(self.config(self.dns, daemon.webhook(self.sink.url("/ops")), *channels)).start()
        self.watch.wait_seeing()
        self.dns.zones["bl.test"].list(MX1)

    def deliveries(self, channel="ops", *options):
        document = self.shaped(self.watch.cli("alerts", *options, "--json"), "alerts")
        return [d for d in document["deliveries"] if d["channel"] == channel]

    def test_server_errors_and_429_are_retried_with_the_same_bytes(self):
        self.list_with(Answer(500), Answer(503), Answer(429, {"Retry-After": "3"}), Answer(kind="reset"), Answer(200))
        requests = self.sink.wait("/ops", 5, 60)
        self.assertEqual(len({(r.webhook_id, r.body) for r in requests}), 1)
        self.assertGreaterEqual(requests[3].at - requests[2].at, 2.9, "Retry-After was not obeyed")
        self.eventually(lambda: self.deliveries()[0]["state"] == "delivered", "the delivery being done")
        self.assertEqual(self.deliveries()[0]["attempts"], 5)
        self.assertEqual(self.deliveries("ops", "--failed"), [])

    def test_other_4xx_and_redirects_fail_at_once_and_the_others_hear_of_it(self):
        for answer in (Answer(404, body=b"no such hook"), Answer(302, {"Location": self.sink.url("/elsewhere")})):
            with self.subTest(status=answer.status):
                self.list_with(answer, channels=[daemon.webhook(self.sink.url("/second"), "second")])
                event = self.sink.wait_events("channel_failed", path="/second")[0]
                self.assertEqual(event["channel"], "ops")
                self.assertIn(str(answer.status), event["cause"])
                self.assertEqual(len(self.sink.requests("/ops")), 1)
                failed = self.deliveries("ops", "--failed")
                self.assertEqual([(d["state"], d["attempts"]) for d in failed], [("failed", 1)])
                self.assertEqual(self.sink.requests("/elsewhere"), [], "a redirect was followed")
                self.watch.stop()
                self.dns.zones["bl.test"].delist(MX1)
                self.sink.clear()

    def test_a_bad_receiver_delays_no_other_channel(self):
        bad = {"hang": Answer(kind="hang"), "drip": Answer(kind="drip", body=b"x" * 1000), "huge": Answer(kind="huge"),
               "headers": Answer(kind="headers"), "gone": Answer(kind="close")}
        for name, answer in bad.items():
            self.sink.script(f"/{name}", answer)
        self.list_with(Answer(200), channels=[daemon.webhook(self.sink.url(f"/{name}"), name) for name in bad])
        self.sink.wait_events("listed", path="/ops")
        told = time.monotonic()
        self.dns.zones["bl.test"].delist(MX1)
        self.sink.wait_events("delisted", path="/ops", timeout=15)
        self.assertLess(time.monotonic() - told, 15)
        with open(f"/proc/{self.watch.process.pid}/status", encoding="utf-8") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        self.assertLess(peak, 200 * 1024, "KiB of memory with a receiver that sends without end")

    def test_a_receiver_that_was_away_gets_everything_in_order(self):
        self.sink.stop()
        self.list_with(Answer(200))
        self.wait_listed(self.watch)
        self.dns.zones["bl.test"].delist(MX1)
        self.wait_listed(self.watch, 0)
        self.sink.start_again()
        self.sink.wait_events("delisted", path="/ops", timeout=40)
        self.assertEqual([e["type"] for e in self.sink.events("/ops")], ["listed", "delisted"])

    def test_what_happens_within_group_wait_is_one_message(self):
        self.sink.script("/ops", Answer(200))
        config = self.config(self.dns, daemon.webhook(self.sink.url("/ops"), group_wait="5s"), target=[
            {"address": f"192.0.2.{i}", "name": f"mx{i}"} for i in range(1, 6)])
        self.watch = self.install(config).start()
        self.watch.wait_seeing()
        for i in range(1, 6):
            self.dns.zones["bl.test"].list(f"192.0.2.{i}")
        self.sink.wait_events("listed", 5, "/ops", 30)
        self.assertEqual(len(self.sink.requests("/ops")), 1)
        self.assertIn("5 listed", self.sink.requests("/ops")[0].json["summary"])

    def test_first_sight_is_one_message_that_says_so(self):
        for i in range(1, 6):
            self.dns.zones["bl.test"].list(f"192.0.2.{i}")
        config = self.config(self.dns, daemon.webhook(self.sink.url("/ops")), target=[
            {"address": f"192.0.2.{i}", "name": f"mx{i}"} for i in range(1, 9)])
        self.watch = self.install(config).start()
        events = self.sink.wait_events("listed", 5, "/ops", 30)
        self.assertTrue(all(e["first_seen"] for e in events))
        self.assertEqual(len(self.sink.requests("/ops")), 1)

    def test_a_refusal_is_told_with_a_link_to_the_terms_and_its_end_with_how_long_it_lasted(self):
        catalogue = self.folder / "zones.toml"
        catalogue.write_text('version = "2026-11-23"\ndate = "2026-11-23"\nschema = 1\n[[zone]]\nid = "corp-list"\ndns = "bl.test"\n'
                             'kinds = ["ipv4"]\nterms_url = "https://lists.example/terms"\n')
        config = self.config(self.dns, daemon.webhook(self.sink.url("/ops")),
                             {"name": "chat", "type": "slack", "url": self.sink.url("/slack"), "group_wait": "0s"})
        config["zone"] = []
        config["catalogue"] = {"file": str(catalogue), "use": ["corp-list"]}
        self.dns.zones["bl.test"].set_mode("refusal")
        self.watch = self.install(config).start()
        blind = self.sink.wait_events("zone_blind", path="/ops")[0]
        self.assertEqual((blind["cause"], blind["delist_url"]), ("refused", "https://lists.example/terms"))
        self.assertIn("<https://lists.example/terms|Its terms>", self.sink.wait("/slack")[0].body.decode())
        self.dns.zones["bl.test"].set_mode("ok")
        seeing = self.sink.wait_events("zone_seeing", path="/ops")[0]
        self.assertEqual((seeing["since"], seeing["kind"], seeing["delist_url"]), (blind["since"], "ipv4", None))
        self.assertRegex(seeing["text"], r"^corp-list can be seen again \(IPv4 addresses\) after \d+ ")
        self.assertIn("*Blind for:*", self.sink.wait("/slack", 2)[1].body.decode())

    def test_alerts_test_sends_one_that_can_be_told_from_a_real_one(self):
        self.watch = self.install(self.config(self.dns, daemon.webhook(self.sink.url("/ops")))).start()
        self.assertEqual(self.watch.cli("alerts", "test", "ops").code, 0)
        message = self.sink.wait("/ops")[0].json
        json_shapes.check(message, "message")
        self.assertIn("test", message["summary"].lower())
        self.sink.script("/ops", Answer(500))
        result = self.watch.cli("alerts", "test", "ops")
        self.assertNotEqual(result.code, 0)
        self.assertIn("500", result.stdout + result.stderr)
        self.assertEqual(self.watch.cli("alerts", "test", "nosuch").code, 2)


if __name__ == "__main__":
    unittest.main()
