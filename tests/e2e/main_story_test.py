# SPDX-License-Identifier: Apache-2.0
"""The main job on real parts: rbldnsd, unbound in front of it, and three channels.

One story is told once (clear, listed, changed, delisted, stopped); the tests then look at what it left.
"""
import unittest

from tests.e2e.story import MX1, Story, own_zone, target
from tests.support import daemon, json_shapes, webhook_signature
from tests.support.rbldnsd import Rbldnsd
from tests.support.unbound import Unbound

SECRET = webhook_signature.secret_of()
WHY = "seen at https://lists.example/w?x=1"
DOMAIN = "example.com"


class MainStory(Story):
    @classmethod
    def setUpClass(cls):
        cls.stage = Story()
        cls.stage.setUp()
        try:
            cls.tell(cls.stage)
        except BaseException as error:
            error.args = (f"{error}\n{cls.stage.post_mortem()}",)
            cls.stage.doCleanups()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.stage.doCleanups()

    @classmethod
    def tell(cls, stage):
        cls.rbl = stage.keep(Rbldnsd(stage.folder, {"bl.test": ("ipv4", "ipv6"), "dbl.test": ("domain",)}))
        cls.unbound = stage.keep(Unbound(stage.folder, {z: [cls.rbl.server] for z in ("bl.test", "dbl.test")}))
        cls.sink, cls.smtp = stage.receiver(), stage.mail_server()
        config = daemon.quick([cls.unbound.server]) | {
            "zone": [own_zone(kinds=("ipv4", "ipv6")), own_zone("corp-names", "dbl.test", ("domain",))],
            "target": [target(tags=["outbound"]), target("2001:db8::10", "mx6"), {"domain": f"www.{DOMAIN}", "name": "shop"},
                       {"range": "198.51.100.0/29", "name": "net", "except": ["198.51.100.7"]}],
            "channel": [daemon.webhook(cls.sink.url("/ops"), secret=SECRET),
                        {"name": "chat", "type": "slack", "url": cls.sink.url("/slack"), "group_wait": "0s"},
                        {"name": "mail", "type": "email", "smtp": cls.smtp.url(), "starttls": "never", "group_wait": "0s",
                         "from": "rblwatch@example.com", "to": ["postmaster@example.com"]}]}
        cls.watch = stage.install(config)
        cls.watch.start()
        cls.clear_status = cls.watch.wait_seeing(2)
        cls.clear_code = cls.watch.cli("status").code
        cls.rbl.list("bl.test", MX1, "127.0.0.2", WHY)
        cls.sink.wait_events("listed", path="/ops")
        cls.listed = {name: cls.watch.cli(*name.split(), "--json") for name in (
            "status", "history", f"why {MX1}", "zones", "targets", "alerts", "history --events", f"check {MX1}")}
        cls.listed_text = {name: cls.watch.cli(*name.split()) for name in (
            "status", "history", f"why {MX1}", "zones", "targets", "alerts", f"check {MX1}", "")}
        cls.rbl.list("bl.test", MX1, ["127.0.0.2", "127.0.0.4"], WHY)
        cls.sink.wait_events("changed", path="/ops")
        cls.rbl.list("dbl.test", DOMAIN)
        cls.sink.wait_events("listed", 2, path="/ops")
        cls.rbl.delist("dbl.test", DOMAIN)
        cls.sink.wait_events("delisted", path="/ops")  # or both would be one message
        cls.rbl.delist("bl.test", MX1)
        cls.sink.wait_events("delisted", 2, path="/ops")
        cls.mails = cls.smtp.wait(5)
        cls.chats = cls.sink.wait("/slack", 5)
        cls.after = {name: cls.watch.cli(*name.split(), "--json") for name in ("status", "history", f"history {MX1}")}
        cls.events = cls.watch.events()
        cls.stop_code = cls.watch.stop()
        cls.stopped = {name: cls.watch.cli(*name.split(), "--json") for name in ("status", "history", "targets", f"why {MX1}")}

    def setUp(self):
        super().setUp()
        self.watched = self.stage.watched

    def event(self, event_type, kind="ipv4"):
        return next(e for e in self.sink.events("/ops", event_type) if e["kind"] == kind)

    # --- before ---

    def test_while_nothing_is_listed_status_says_so_with_zero(self):
        self.assertEqual(self.clear_code, 0)
        json_shapes.check(self.clear_status, "status")
        summary = self.clear_status["summary"]
        self.assertEqual((summary["targets"], summary["subjects"], summary["pairs"], summary["zones"]), (4, 10, 10, 2))
        self.assertEqual((summary["listed"], summary["unknown"], summary["zones_seeing"]), (0, 0, 2))

    # --- listed ---

    def test_every_document_has_its_shape(self):
        for name, result in self.listed.items():
            with self.subTest(command=name):
                self.shaped(result, "events" if "--events" in name else name.split()[0])

    def test_status_and_check_say_one_while_listed(self):
        for name in ("status", f"check {MX1}"):
            with self.subTest(command=name):
                self.assertEqual((self.listed[name].code, self.listed_text[name].code), (1, 1))
        self.assertEqual(self.listed_text[""].code, 1)

    def test_the_listing_says_what_where_since_when_and_why(self):
        listing = self.listed["status"].json["listings"][0]
        expected = {"target": "mx1", "targets": ["mx1"], "tags": ["outbound"], "subject": MX1, "kind": "ipv4", "zone": "corp",
                    "dns": "bl.test", "operator": "Corp", "severity": "high", "purpose": "block", "state": "listed",
                    "pending_to": None, "codes": ["127.0.0.2"], "meanings": ["spam source"], "reason": WHY,
                    "delisted_at": None, "first_seen": False, "doubt": None, "acked": False, "muted_by": None,
                    "contained": False, "held": False, "lookup_url": f"https://lists.example/q/{MX1}",
                    "delist_url": f"https://lists.example/remove/{MX1}",
                    "delist_steps": ["Stop the cause.", "Fill in the form."], "overdue": False}
        self.assertEqual({key: listing[key] for key in expected}, expected)
        self.assertIsNotNone(listing["listed_at"])

    def test_the_tables_show_the_listing_to_people(self):
        for name in ("status", "history", f"why {MX1}", f"check {MX1}", ""):
            text = self.listed_text[name].stdout
            with self.subTest(command=name):
                self.assertIn(MX1, text)
                self.assertNotIn("\x1b", text, "colour without a terminal")
        self.assertIn("mx1", self.listed_text["targets"].stdout)
        self.assertIn("corp", self.listed_text["zones"].stdout)
        self.assertIn("ops", self.listed_text["alerts"].stdout)

    def test_why_shows_the_evidence_and_how_to_repeat_it(self):
        document = self.listed[f"why {MX1}"].json
        answer = next(a for a in document["answers"] if a["zone"] == "corp")
        self.assertEqual((document["subject"], document["target"]), (MX1, "mx1"))
        self.assertEqual((answer["verdict"], answer["question"], answer["qtype"], answer["a"], answer["txt"], answer["rcode"]),
                         ("listed", "10.2.0.192.bl.test", "A", ["127.0.0.2"], [WHY], "NOERROR"))
        self.assertEqual((answer["server"], answer["transport"], answer["kept"]), (self.unbound.server, "udp", True))
        self.assertIn("10.2.0.192.bl.test", answer["dig"])
        self.assertTrue(answer["dig"].startswith("dig "))
        self.assertEqual(answer["test"]["state"], "seeing")

    def test_targets_and_zones_count_their_own(self):
        rows = {row["name"]: row for row in self.listed["targets"].json["targets"]}
        self.assertEqual({name: (row["type"], row["subjects"], row["listed"], row["state"]) for name, row in rows.items()},
                         {"mx1": ("address", 1, 1, "listed"), "mx6": ("address", 1, 0, "clear"), "shop": ("domain", 1, 0, "clear"),
                          "net": ("range", 7, 0, "clear")})
        zones = {zone["id"]: zone for zone in self.listed["zones"].json["zones"]}
        self.assertEqual((zones["corp"]["listed"], zones["corp"]["subjects"], zones["corp"]["state"]), (1, 9, "seeing"))
        self.assertEqual(set(zones["corp"]["kinds"]), {"ipv4", "ipv6"})

    # --- the alerts ---

    def test_each_webhook_message_has_its_shape_and_signature(self):
        requests = self.sink.requests("/ops")
        for request in requests:
            message = json_shapes.check(request.json, "message")
            self.assertEqual(webhook_signature.verify(SECRET, request.headers, request.body), message["delivery"])
            self.assertIn("application/json", request.headers["content-type"])
        self.assertEqual(len({r.webhook_id for r in requests}), len(requests))

    def test_the_story_is_told_once_and_in_order(self):
        told = [e["type"] for e in self.sink.events("/ops") if e["subject"] == MX1]
        self.assertEqual(told, ["listed", "changed", "delisted"])
        self.assertEqual([e["type"] for e in self.sink.events("/ops") if e["kind"] == "domain"], ["listed", "delisted"])
        self.assertEqual([e["type"] for e in reversed(self.events) if e["subject"] == MX1], told)
        ids = [e["id"] for e in self.sink.events("/ops")]
        self.assertEqual(ids, sorted(ids))

    def test_the_listed_event_says_everything(self):
        event = self.event("listed")
        self.assertEqual((event["codes"], event["added"], event["removed"], event["meanings"], event["reason"]),
                         (["127.0.0.2"], ["127.0.0.2"], [], ["spam source"], WHY))
        self.assertEqual(event["target"], {"name": "mx1", "value": MX1, "tags": ["outbound"]})
        self.assertEqual(event["zone"]["dns"], "bl.test")
        for part in (MX1, "mx1", "bl.test", "spam source"):
            self.assertIn(part, event["text"])
        self.assertEqual(event["delist_steps"], ["Stop the cause.", "Fill in the form."])
        self.assertEqual(event["evidence"]["question"], "10.2.0.192.bl.test")
        self.assertFalse(event["first_seen"])

    def test_changed_and_delisted_know_what_came_before(self):
        changed, delisted = self.event("changed"), self.event("delisted")
        self.assertEqual((changed["added"], changed["removed"]), (["127.0.0.4"], []))
        self.assertEqual([row["type"] for row in delisted["timeline"]][:2], ["changed", "listed"])
        self.assertEqual(delisted["listed_at"], self.event("listed")["listed_at"])
        self.assertIsNotNone(delisted["delisted_at"])
        self.assertGreater(delisted["duration_s"], 0)

    def test_a_domain_is_asked_in_its_registrable_form(self):
        self.assertEqual(self.event("listed", "domain")["evidence"]["question"], f"{DOMAIN}.dbl.test")

    def test_slack_gets_text_for_people(self):
        for request in self.chats:
            self.assertTrue(request.json.get("text") or request.json.get("blocks"))
        self.assertIn(MX1, self.chats[0].body.decode())
        self.assertIn("spam source", self.chats[0].body.decode())

    def test_mails_thread_and_have_text_and_html(self):
        about = [m.message for m in self.mails if MX1 in m.raw.decode("utf-8", "replace")]
        listed, *later = about
        self.assertEqual(listed["To"], "postmaster@example.com")
        self.assertEqual(listed["From"], "rblwatch@example.com")
        self.assertIsNotNone(listed["Date"])
        self.assertRegex(listed["Message-ID"], r"^<[^<>@\s]+@[^<>@\s]+>$")
        for message in later:
            self.assertIn(listed["Message-ID"], message["References"])
        self.assertEqual(later[0]["In-Reply-To"], listed["Message-ID"])
        self.assertEqual(len({m["Message-ID"] for m in about}), len(about))
        first = self.mails[0]
        for kind in ("text/plain", "text/html"):
            body = first.part(kind)
            for part in (MX1, "mx1", "bl.test", "spam source", "Fill in the form.", f"https://lists.example/remove/{MX1}"):
                self.assertIn(part, body, kind)

    # --- after ---

    def test_after_the_delisting_the_history_has_both_ends(self):
        self.assertEqual(self.after["status"].code, 0)
        rows = self.shaped(self.after[f"history {MX1}"], "history")["listings"]
        self.assertEqual([(r["state"], r["subject"]) for r in rows], [("delisted", MX1)])
        self.assertGreater(rows[0]["delisted_at"], rows[0]["listed_at"])
        self.assertEqual(len(self.shaped(self.after["history"], "history")["listings"]), 2)

    def test_sigterm_ends_it_with_zero_and_reading_goes_on(self):
        self.assertEqual(self.stop_code, 0)
        status = self.shaped(self.stopped["status"], "status")
        self.assertFalse(status["daemon"]["running"])
        self.assertEqual(len(self.shaped(self.stopped["history"], "history")["listings"]), 2)
        self.shaped(self.stopped["targets"], "targets")

    def test_evidence_of_clear_pairs_is_not_kept_without_the_daemon(self):
        document = self.shaped(self.stopped[f"why {MX1}"], "why")
        self.assertTrue(all(not a["kept"] for a in document["answers"] if a["verdict"] == "clear"))


if __name__ == "__main__":
    unittest.main()
