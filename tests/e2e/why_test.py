# SPDX-License-Identifier: Apache-2.0
"""`why` proves each verdict, with the daemon up and down: listed, pending, clear, unknown, never asked, keyed."""
import unittest

from tests.e2e.story import MX1, Story, own_zone, target
from tests.support import json_shapes
from tests.support.fault_dns import FaultDns

PENDING, CLEAR, ODD = "192.0.2.11", "192.0.2.12", "192.0.2.13"
KEY = "canary7f3a9c"
V6 = "2001:db8::10"
TEST_LABEL = "127.0.0.2"
REFUSAL = "127.255.255.254"
LABEL = {MX1: "10.2.0.192", PENDING: "11.2.0.192", CLEAR: "12.2.0.192", ODD: "13.2.0.192"}


class Why(Story):
    def setUp(self):
        super().setUp()
        self.dns = self.resolver("bl.test", f"{KEY}.keyed.test", "dead.test")
        self.dns.zones["bl.test"].list(MX1, ["127.0.0.2", "127.0.0.4"], txt=["first record", "second record"], ttl=7)
        self.dns.zones["bl.test"].list(ODD, REFUSAL)
        self.dns.zones["dead.test"].set_mode("drop")
        zones = [own_zone(), own_zone("keyed", "{key}.keyed.test", key=KEY), own_zone("dead", "dead.test"),
                 own_zone("names", "names.test", ("domain",))]
        targets = [target(), *({"address": address} for address in (PENDING, CLEAR, ODD, V6))]
        self.watch = self.install(self.config(self.dns, zone=zones, target=targets, schedule={"breaker_share": 1.0})).start()
        self.watch.wait_status(lambda s: s["summary"]["listed"] == 1 and s["summary"]["zones_blind"] == 1
                               and s["summary"]["unknown"] == 5, "one listed, one zone blind, one odd answer", 30)

    def restart(self):
        self.watch.start().wait_status(lambda s: s["summary"]["zones_seeing"] >= 2 and s["summary"]["unknown"] == 5, "all seen again", 30)

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
        self.assertEqual([(v["verdict"], v["codes"], v["independent"]) for v in answer["votes"]],
                         [("listed", ["127.0.0.2", "127.0.0.4"], True)] * 2)
        self.assertLess(answer["votes"][0]["asked_at"], answer["votes"][1]["asked_at"])
        text = self.text(MX1)
        self.assertIn("second record", text)
        self.assertIn("votes", text)
        return answer

    # What moves on while the daemon runs: the listing is asked about, and its zone tested, again and again.
    MOVES = ("asked_at", "took_ms", "test")

    def assertSame(self, up, down):
        """The same document, whoever gives it."""
        for answer in (up, down):
            for key in self.MOVES:
                self.assertIsNotNone(answer.pop(key))
        self.assertEqual(up, down)

    def test_a_listed_pair_up_and_down(self):
        up = self.check_listed()
        self.watch.stop()
        self.assertSame(up, self.check_listed())

    def test_votes_stay_over_a_restart(self):
        votes = self.check_listed()["votes"]
        self.watch.stop()
        self.restart()
        self.assertEqual(self.check_listed()["votes"], votes)

    def test_a_held_listing_up_and_down(self):
        self.watch.stop()
        config = self.watch.config_file.read_text().replace("breaker_share = 1.0", "breaker_share = 0.2\nbreaker_min = 1")
        self.watch.config_file.write_text(config)
        self.restart()
        self.dns.zones["bl.test"].list(PENDING, "127.0.0.4", txt="held back")
        row = self.watch.wait_status(lambda s: [r for r in s["listings"] if r["subject"] == PENDING and r["held"]], "a held listing",
                                     30)["listings"]
        self.assertEqual([r["reason"] for r in row if r["subject"] == PENDING], ["held back"])
        up = self.why(PENDING)
        self.assertEqual((up["verdict"], up["a"], up["txt"]), ("listed", ["127.0.0.4"], ["held back"]))
        self.assertEqual([(v["verdict"], v["codes"]) for v in up["votes"]], [("listed", ["127.0.0.4"])] * 2)
        self.watch.stop()
        self.assertSame(up, self.why(PENDING))

    def test_a_listed_pair_of_a_zone_that_went_blind_shows_what_listed_it(self):
        self.dns.zones["bl.test"].set_mode("refusal", TEST_LABEL)
        self.watch.wait_status(lambda s: s["summary"]["zones_blind"] == 2, "the zone being blind", 30)
        up = self.why(MX1)
        self.watch.stop()
        down = self.why(MX1)
        for answer in (up, down):
            self.assertEqual((answer["verdict"], answer["cause"], answer["kept"], answer["rcode"]), ("unknown", "refused", True, "NOERROR"))
            self.assertEqual((answer["a"], answer["txt"]), (["127.0.0.2", "127.0.0.4"], ["first record", "second record"]))
        self.assertSame(up, down)

    def test_a_pending_pair_up_and_down(self):
        self.watch.stop()
        config = self.watch.config_file.read_text().replace('confirm_after = "1s"', 'confirm_after = "10m"')
        self.watch.config_file.write_text(config)
        self.restart()
        self.dns.zones["bl.test"].list(PENDING, "127.0.0.4", txt="on its way")
        reasons = self.watch.wait_status(lambda s: [r for r in s["listings"] if r["state"] == "pending" and r["reason"]],
                                         "a pending pair with its reason", 30)
        self.assertEqual([r["reason"] for r in reasons["listings"] if r["state"] == "pending"], ["on its way"])
        up = self.why(PENDING)
        self.watch.stop()
        for answer in (up, self.why(PENDING)):
            self.assertEqual(answer["txt"], ["on its way"])
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

    def test_a_vote_is_an_answer_with_all_its_codes(self):
        zone = self.dns.zone("bits.test")
        zone.list(MX1, "127.0.0.6")
        config = self.config(self.dns, zone=[own_zone("bits", "bits.test", match="bitmask", codes={"2": "black", "4": "grey"})])
        watch = self.install(config).start()

        def votes():
            answer = watch.cli("why", MX1, "--json").json["answers"][0]
            return [(v["verdict"], v["codes"]) for v in answer["votes"]]

        self.wait_listed(watch)
        self.assertEqual(votes(), [("listed", ["127.0.0.6"])] * 2)
        zone.list(MX1, "127.0.0.4")
        watch.wait_status(lambda s: [r for r in s["listings"] if r["codes"] == ["127.0.0.4"] and not r["pending_to"]], "a bit that left", 30)
        self.assertEqual(votes(), [("listed", ["127.0.0.4"])] * 2)
        watch.stop()
        self.assertEqual(votes(), [("listed", ["127.0.0.4"])] * 2)

    def test_a_zone_that_has_no_ipv6_says_unsupported(self):
        for _ in ("up", "down"):
            for words in ((V6, "corp"), (V6,), (MX1, "names")):
                answers = json_shapes.check(self.watch.cli("why", *words, "--json").json, "why")["answers"]
                answers = {a["zone"]: (a["verdict"], a["cause"], a["kept"], a["server"], a["rcode"], a["asked_at"]) for a in answers}
                unsupported = ("unknown", "unsupported", False, None, None, None)
                zones = ("corp", "keyed", "dead") if len(words) == 1 else words[1:]
                self.assertEqual(answers, {zone: unsupported for zone in zones})
                result = self.watch.cli("why", *words)
                self.assertEqual(result.code, 0)
                self.assertIn("unknown (unsupported)", result.stdout)
                self.assertIn("the zone is not asked about it", result.stdout)
            self.assertNotIn("names", [a["zone"] for a in self.watch.cli("why", MX1, "--json").json["answers"]])
            self.watch.stop()

    def test_without_a_zone_it_says_so(self):
        watch = self.install(self.config(self.dns, zone=[])).start()
        result = watch.cli("why", MX1)
        self.assertEqual((result.code, result.stdout), (2, ""))
        self.assertIn("no zone in use; see rblwatch zones", result.stderr)

    def test_a_name_too_long_for_the_zone_is_unsupported_up_and_down(self):
        self.dns.zone("far.too.long.names.test", ("domain",))
        long = ".".join(["a" * 60] * 4)[:240]
        watch = self.install(self.config(self.dns, zone=[own_zone("names", "far.too.long.names.test", ("domain",), domain_form="exact")],
                                         target=[{"domain": long}])).start()

        def state():
            answer = watch.cli("why", long, "--json").json["answers"][0]
            return (answer["verdict"], answer["cause"], answer["kept"])

        self.eventually(lambda: state()[1] == "unsupported", "the name being too long")
        self.assertEqual(state(), ("unknown", "unsupported", False))
        watch.stop()
        self.assertEqual(state(), ("unknown", "unsupported", False))

    def test_the_line_that_repeats_it_asks_as_it_was_asked(self):
        self.assertNotIn("+norecurse", self.why(MX1)["dig"])
        own = self.keep(FaultDns())
        own.zone("own.test").list(MX1, txt="own")
        watch = self.install(self.config(self.dns, zone=[own_zone("own", "own.test", servers=[own.server])], target=[target(),
                                         {"address": CLEAR}])).start()
        self.wait_listed(watch)
        for _ in ("up", "down"):
            for subject in (MX1, CLEAR):
                line = watch.cli("why", subject, "--json").json["answers"][0]["dig"]
                self.assertTrue(line.startswith("dig +noall +answer +comments +norecurse A "), line)
            watch.stop()

    def test_a_key_shows_nowhere_up_and_down(self):
        self.assertIn("'<key>.keyed.test'", self.why(CLEAR, "keyed")["dig"].replace(f"{LABEL[CLEAR]}.", ""))
        self.text(CLEAR, "keyed")
        self.watch.stop()
        self.assertEqual(self.why(CLEAR, "keyed")["kept"], False)
        self.text(CLEAR, "keyed")


class TargetNames(Story):
    def test_a_targets_name_will_do_for_one_subject_and_what_else_it_stands_for_is_said(self):
        targets = [target(), {"range": "192.0.2.0/28", "name": "net"}, {"host": "mail.example.com", "name": "mail"}]
        watch = self.install(self.config(self.resolver("bl.test"), target=targets)).start()
        self.assertEqual(watch.cli("why", "mx1").code, 0)
        for word, code, said in (("net", 2, "16 subjects"), ("192.0.2.0/28", 2, "16 subjects"), ("mail", 4, "rblwatch targets"),
                                 ("mail.example.com", 4, "rblwatch targets"), ("nosuch", 2, "not watched")):
            result = watch.cli("why", word)
            self.assertEqual((result.code, result.stdout), (code, ""), word)
            self.assertOneLine(result.stderr)
            self.assertIn(said, result.stderr)


if __name__ == "__main__":
    unittest.main()
