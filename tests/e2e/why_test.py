# SPDX-License-Identifier: Apache-2.0
"""`why` proves each verdict, with the daemon up and down: listed, pending, clear, unknown, never asked, keyed."""
import unittest

from tests.e2e.story import MX1, Story, own_zone, target
from tests.support import json_shapes

PENDING, CLEAR, ODD = "192.0.2.11", "192.0.2.12", "192.0.2.13"
KEY = "canary7f3a9c"
REFUSAL = "127.255.255.254"
LABEL = {MX1: "10.2.0.192", PENDING: "11.2.0.192", CLEAR: "12.2.0.192", ODD: "13.2.0.192"}


class Why(Story):
    def setUp(self):
        super().setUp()
        self.dns = self.resolver("bl.test", f"{KEY}.keyed.test", "dead.test")
        self.dns.zones["bl.test"].list(MX1, ["127.0.0.2", "127.0.0.4"], txt=["first record", "second record"], ttl=7)
        self.dns.zones["bl.test"].list(ODD, REFUSAL)
        self.dns.zones["dead.test"].set_mode("drop")
        zones = [own_zone(), own_zone("keyed", "{key}.keyed.test", key=KEY), own_zone("dead", "dead.test")]
        targets = [target(), *({"address": address} for address in (PENDING, CLEAR, ODD))]
        self.watch = self.install(self.config(self.dns, zone=zones, target=targets, schedule={"breaker_share": 1.0})).start()
        self.watch.wait_status(lambda s: s["summary"]["listed"] == 1 and s["summary"]["zones_blind"] == 1
                               and s["summary"]["unknown"] == 5, "one listed, one zone blind, one odd answer", 30)

    def why(self, subject, zone="corp"):
        result = self.watch.cli("why", subject, zone, "--json")
        self.assertEqual(result.code, 0, result.stderr)
        document = json_shapes.check(result.json, "why")
        self.assertEqual((document["subject"], len(document["answers"])), (subject, 1))
        answer = document["answers"][0]
        self.assertNotIn(KEY, result.stdout)
        suffix = {"corp": "bl.test", "keyed": "<key>.keyed.test", "dead": "dead.test"}[zone]
        self.assertEqual((answer["question"], answer["qtype"]), (f"{LABEL[subject]}.{suffix}", "A"))
        self.assertTrue(answer["dig"].startswith("dig +noall +answer"), answer["dig"])
        self.assertIn(answer["question"], answer["dig"])
        host, port = self.dns.at
        self.assertTrue(answer["dig"].endswith(f" @{host} -p {port}"), answer["dig"])
        return answer

    def text(self, subject, zone="corp"):
        text = self.watch.cli("why", subject, zone).stdout
        self.assertNotIn(KEY, text)
        self.assertIn("dig +noall +answer", text)
        return text

    def check_listed(self):
        answer = self.why(MX1)
        self.assertEqual((answer["verdict"], answer["cause"], answer["kept"], answer["server"], answer["transport"]),
                         ("listed", None, True, self.dns.server, "udp"))
        self.assertEqual((answer["rcode"], sorted(answer["a"]), answer["txt"], answer["ttl_s"]),
                         ("NOERROR", ["127.0.0.2", "127.0.0.4"], ["first record", "second record"], 7))
        self.assertIsNotNone(answer["asked_at"])
        self.assertIsNotNone(answer["took_ms"])
        self.assertEqual((answer["test"]["state"], answer["test"]["cause"]), ("seeing", None))
        self.assertIsNotNone(answer["test"]["at"])
        self.assertIn("second record", self.text(MX1))

    def test_a_listed_pair_up_and_down(self):
        self.check_listed()
        self.watch.stop()
        self.check_listed()

    def test_a_pending_pair_up_and_down(self):
        self.watch.stop()
        config = self.watch.config_file.read_text().replace('confirm_after = "1s"', 'confirm_after = "10m"')
        self.watch.config_file.write_text(config)
        self.watch.start()
        self.dns.zones["bl.test"].list(PENDING, "127.0.0.4")
        self.watch.wait_status(lambda s: s["summary"]["pending"] == 1, "a pending pair", 30)
        up = self.why(PENDING)
        self.watch.stop()
        for answer in (up, self.why(PENDING)):
            self.assertEqual((answer["verdict"], answer["kept"], answer["a"]), ("listed", True, ["127.0.0.4"]))
            self.assertEqual([(v["verdict"], v["codes"], v["independent"]) for v in answer["votes"]],
                             [("listed", ["127.0.0.4"], True)])

    def test_a_clear_pair_is_kept_by_a_running_daemon_only(self):
        answer = self.why(CLEAR)
        self.assertEqual((answer["verdict"], answer["cause"], answer["kept"], answer["rcode"], answer["a"], answer["server"]),
                         ("clear", None, True, "NXDOMAIN", [], self.dns.server))
        self.watch.stop()
        answer = self.why(CLEAR)
        self.assertEqual((answer["verdict"], answer["cause"], answer["kept"], answer["server"], answer["rcode"], answer["asked_at"]),
                         ("clear", None, False, None, None, None))
        self.assertIn("not kept", self.text(CLEAR))

    def test_an_odd_answer_shows_what_was_in_it(self):
        answer = self.why(ODD)
        self.assertEqual((answer["verdict"], answer["cause"], answer["kept"], answer["a"], answer["rcode"]),
                         ("unknown", "refused", True, [REFUSAL], "NOERROR"))
        text = self.text(ODD)
        self.assertIn(REFUSAL, text)
        self.assertIn("unknown (refused)", text)
        self.watch.stop()
        self.assertEqual(self.why(ODD)["verdict"], "unknown")

    def test_a_pair_of_a_blind_zone_says_how_the_test_stands(self):
        answer = self.why(CLEAR, "dead")
        self.assertEqual((answer["verdict"], answer["cause"], answer["a"], answer["rcode"]), ("unknown", "timeout", [], None))
        self.assertEqual((answer["test"]["state"], answer["test"]["cause"]), ("blind", "timeout"))
        self.watch.stop()
        answer = self.why(CLEAR, "dead")
        self.assertEqual((answer["verdict"], answer["cause"], answer["kept"]), ("unknown", "timeout", False))
        self.assertEqual((answer["test"]["state"], answer["test"]["cause"]), ("blind", "timeout"))

    def test_a_silence_after_an_answer_shows_no_answer(self):
        self.dns.zones["bl.test"].set_mode("drop")
        self.watch.wait_status(lambda s: s["summary"]["zones_blind"] == 2, "the zone being blind", 30)
        answer = self.why(MX1)
        self.assertEqual((answer["verdict"], answer["cause"]), ("unknown", "timeout"))

    def test_a_key_shows_nowhere_up_and_down(self):
        self.assertIn("'<key>.keyed.test'", self.why(CLEAR, "keyed")["dig"].replace(f"{LABEL[CLEAR]}.", ""))
        self.text(CLEAR, "keyed")
        self.watch.stop()
        self.assertEqual(self.why(CLEAR, "keyed")["kept"], False)
        self.text(CLEAR, "keyed")


if __name__ == "__main__":
    unittest.main()
