# SPDX-License-Identifier: Apache-2.0
"""HTTP: health, figures and documents; who may ask; and what clients may do without being in anybody's way."""
import base64
import re
import signal
import socket
import unittest

from tests.e2e.engine_hostile_test import resident_kib
from tests.e2e.story import MX1, Story, own_zone, target
from tests.support import daemon, json_shapes
from tests.support.http_client import HttpClient, metric_names

DOCUMENTS = ("/api/v1/status", "/api/v1/history", "/api/v1/history?events=true", "/api/v1/zones", "/api/v1/events")
PATHS = ("/healthz", "/metrics", *DOCUMENTS)
TOKEN = "canary-token-5d1b77"


class HttpStory(Story):
    def setUp(self):
        super().setUp()
        self.dns = self.resolver()
        self.http = HttpClient()

    def serving(self, *channels, start=True, **sections):
        """A daemon with HTTP, up and seeing."""
        sections["daemon"] = {"http": self.http.setting, **sections.get("daemon", {})}
        watch = self.install(self.config(self.dns, *channels, **sections))
        if start:
            watch.start().wait_seeing()
        return watch

    def wait_health(self, status, words=""):
        def reply():
            got = self.http.ask("/healthz")
            return got if got.status == status and words in got.body else None
        return self.eventually(reply, f"/healthz {status} {words}", 30)


class Health(HttpStory):
    def test_it_is_well_while_sweeps_run_and_says_when_none_do(self):
        self.serving()
        self.assertEqual(self.http.ask("/healthz").body, "ok\n")
        self.dns.set_mode("drop")
        sick = self.wait_health(503)
        self.assertRegex(sick.body, r"\A(no zone can be seen|the sweep of corp \(ipv4\) is late)[^\n]*\n\Z")
        self.wait_health(503, "no zone can be seen")
        self.dns.set_mode("ok")
        self.wait_health(200)


class Metrics(HttpStory):
    def test_the_figures_are_those_of_status(self):
        sink = self.receiver()
        watch = self.serving(daemon.webhook(sink.url("/ops")))
        self.dns.zones["bl.test"].list(MX1)
        self.wait_listed(watch)
        sink.wait_events("listed", path="/ops")
        zone = '{zone="corp"}'

        def told():
            series = self.http.ask("/metrics").series()
            wanted = {f"rblwatch_zone_listed{zone}": 1, f"rblwatch_zone_seeing{zone}": 1, f"rblwatch_zone_unknown{zone}": 0,
                      f"rblwatch_zone_pairs{zone}": 1, "rblwatch_subjects": 1, "rblwatch_database_writable": 1,
                      "rblwatch_config_last_reload_successful": 1, 'rblwatch_alerts_delivered_total{channel="ops"}': 1,
                      'rblwatch_deliveries{channel="ops",state="waiting"}': 0}
            arrived = series.get("rblwatch_last_alert_success_timestamp_seconds", 0) > 1e9
            return series if arrived and all(series.get(name) == number for name, number in wanted.items()) else None
        series = self.eventually(told, "the figures of a listed pair", 20)
        self.assertLessEqual(len(series), 20 + 30)
        self.assertGreater(series[f"rblwatch_zone_lookups_total{zone}"], 0)
        self.assertGreater(series["rblwatch_events_stored_total"], 0)
        self.assertGreater(series["rblwatch_last_sweep_timestamp_seconds"], 1e9)
        page = self.http.ask("/metrics")
        self.assertTrue(page.headers["content-type"].startswith("text/plain; version=0.0.4"))
        self.assertNotIn(MX1, page.body)
        self.assertTrue(all(re.fullmatch(r"rblwatch_[a-z_]+", name) for name in metric_names(page.body)))

    def test_a_forger_and_a_bad_reload_show(self):
        letters = "a-list-with-many-letters-in-its-name.test"
        self.dns.zone(letters)
        self.dns.zones[letters].set_mode("flood", spare_tests=True, count=150, then="nothing")
        watch = self.serving(zone=[own_zone(dns=letters)])
        self.eventually(lambda: (self.http.metric("rblwatch_dns_forgery_alarms_total") or 0) > 0, "an alarm", 20)
        watch.write_config("[daemon]\nlog_levl = 'info'\n")
        watch.reload()
        self.eventually(lambda: self.http.metric("rblwatch_config_last_reload_successful") == 0, "a failed reload", 20)


class Documents(HttpStory):
    def same(self, watch, path, *words):
        """The document over HTTP and that of the command line, as of one sweep."""
        def without_times(document):
            return re.sub(r'"(generated_at|last_sweep|last_test|last_seen|rtt_ms|duration_s|lookups|p50|p99)": ?("[^"]*"|\d+|null)',
                          "", document)

        def pair():
            over = self.http.ask(path)
            printed = watch.cli(*words, "--json").stdout
            return over if without_times(over.body) == without_times(printed) else None
        reply = self.eventually(pair, f"{path} and {words} to say the same", 20)
        self.assertEqual((reply.status, reply.headers["content-type"]), (200, "application/json"))
        return reply.json

    def test_they_are_what_the_command_line_prints(self):
        watch = self.serving(target=[target(), target("192.0.2.11", "mx2")])
        self.dns.zones["bl.test"].list(MX1)
        self.wait_listed(watch)
        status = json_shapes.check(self.same(watch, "/api/v1/status", "status"), "status")
        self.assertEqual(status["listings"][0]["subject"], MX1)
        one = self.same(watch, "/api/v1/status?target=mx2", "status", "mx2")
        self.assertEqual((one["summary"]["pairs"], one["listings"]), (1, []))
        json_shapes.check(self.same(watch, "/api/v1/history", "history"), "history")
        narrow = self.same(watch, "/api/v1/history?target=mx1&zone=bl.test&since=1d&limit=5", "history", "mx1", "--zone", "bl.test",
                           "--since", "1d", "--limit", "5")
        self.assertEqual(len(narrow["listings"]), 1)
        self.same(watch, "/api/v1/history?events=true", "history", "--events")
        json_shapes.check(self.same(watch, "/api/v1/zones", "zones"), "zones")
        self.same(watch, "/api/v1/zones?zone=bl.test", "zones", "corp")

    def test_events_after_an_id_come_in_their_order(self):
        watch = self.serving(target=[target(), target("192.0.2.11", "mx2")])
        for subject in (MX1, "192.0.2.11"):
            self.dns.zones["bl.test"].list(subject)
        self.wait_listed(watch, 2)
        events = self.http.ask("/api/v1/events").json
        ids = [event["id"] for event in events["events"]]
        self.assertEqual((ids, events["more"]), (sorted(ids), False))
        self.assertEqual(sorted(ids), sorted(event["id"] for event in watch.events()))
        first = self.http.ask("/api/v1/events?limit=1").json
        self.assertEqual((first["events"][0]["id"], first["more"]), (ids[0], True))
        rest = self.http.ask(f"/api/v1/events?after={ids[0]}").json
        self.assertEqual([event["id"] for event in rest["events"]], ids[1:])

    def test_what_is_asked_wrongly_is_one_clear_line(self):
        self.serving()
        for path, status, words in (
                ("/api/v1/status?targt=mx1", 400, "targt"), ("/api/v1/status?target=mx9", 404, "mx9"),
                ("/api/v1/history?limit=0", 400, "1 to 1000"), ("/api/v1/history?limit=1e3", 400, "limit"),
                ("/api/v1/history?since=yesterday", 400, "expected a duration"), ("/api/v1/history?since=1d&until=2d", 400, "turn"),
                ("/api/v1/history?zone=nosuch", 404, "nosuch"), ("/api/v1/history?events=perhaps", 400, "true or false"),
                ("/api/v1/history?limit=1&limit=2", 400, "twice"), ("/api/v1/history?target=mx9", 404, "no history"),
                ("/api/v1/zones?zone=nosuch", 404, "nosuch"), ("/api/v1/events?after=-1", 400, "after"),
                ("/api/v1/events?after=99999999999999999999", 400, "after"), ("/api/v1/nosuch", 404, "no such document"),
                ("/api/v1/status?target=%22%0a%1b%5b1m%00", 404, "not watched")):
            with self.subTest(path=path):
                reply = self.http.ask(path)
                self.assertEqual((reply.status, reply.headers["content-type"]), (status, "application/json"), reply.body)
                self.assertIn(words, reply.json["error"])
                self.assertTrue(reply.body.isascii() and reply.body.rstrip("\n").isprintable(), reply.body)
        self.assertEqual(self.http.ask("/nosuch").status, 404)

    def test_text_from_outside_is_data(self):
        watch = self.serving()
        self.dns.zones["bl.test"].list(MX1, txt=b"\x1b]0;x\x07</script>\r\nX: y\x00\xff\xe2\x80\xae")
        self.wait_listed(watch)
        for path in PATHS:
            reply = self.http.ask(path)
            self.assertFalse(set(reply.body) & set(map(chr, (*range(10), *range(11, 32), 127, 0x202e))), path)
        self.eventually(lambda: "</script>" in self.http.ask("/api/v1/status").json["listings"][0]["reason"], "the reason")


class Doors(HttpStory):
    def test_only_our_own_names_are_answered(self):
        self.serving()
        here = self.http
        for host in (here.host, f"localhost:{here.port}", f"LOCALHOST:{here.port}"):
            self.assertEqual(here.ask("/healthz", host=host).status, 200, host)
        for host in ("", "evil.example", f"evil.example:{here.port}", here.address, f"{here.address}:1", "localhost",
                     f"localhost.evil.example:{here.port}", f"{socket.gethostname()}:{here.port}", f"127.0.0.1:{here.port}"):
            for path in ("/healthz", "/api/v1/status", "/nosuch"):
                reply = here.ask(path, host=host)
                self.assertIn(reply.status, (400, 421) if host == "" else (421,), host)
                self.assertNotIn("mx1", reply.body)
        twice = here.raw(f"GET /healthz HTTP/1.1\r\nHost: {here.host}\r\nHost: evil.example\r\n\r\n".encode())
        self.assertRegex(twice, rb"\AHTTP/1.1 4")

    def test_only_reading_and_nothing_for_other_pages(self):
        self.serving()
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            reply = self.http.ask("/api/v1/status", method, Origin="https://evil.example", Access_Control_Request_Method="GET")
            self.assertEqual((reply.status, reply.headers["allow"]), (405, "GET, HEAD"), method)
        for path in (*PATHS, "/nosuch"):
            reply, head = self.http.ask(path, Origin="https://evil.example"), self.http.ask(path, "HEAD")
            self.assertEqual((head.status, head.body, int(head.headers["content-length"]) > 0), (reply.status, "", True))
            for name, text in {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store",
                               "cross-origin-resource-policy": "same-origin", "x-frame-options": "DENY"}.items():
                self.assertEqual(reply.headers[name], text, path)
            policy = reply.headers["content-security-policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertFalse([name for name in reply.headers if name.startswith("access-control")])

    def test_on_any_other_address_everything_needs_the_token(self):
        self.http = HttpClient("0.0.0.0")
        watch = self.serving(daemon={"token": TOKEN})
        basic = base64.b64encode(f"anybody:{TOKEN}".encode()).decode()
        for path in (*PATHS, "/nosuch"):
            for wrong in ({}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": f"Bearer {TOKEN[:-1]}"},
                          {"Authorization": TOKEN}, {"Authorization": "Bearer "}):
                reply = self.http.ask(path, **wrong)
                self.assertEqual(reply.status, 401, path)
                self.assertIn("Bearer", reply.headers["www-authenticate"])
                self.assertIn("Basic", reply.headers["www-authenticate"])
                self.assertNotIn("corp", reply.body)
            for right in (f"Bearer {TOKEN}", f"Basic {basic}"):
                reply = self.http.ask(path, Authorization=right)
                self.assertEqual(reply.status, 404 if path == "/nosuch" else 200, path)
                self.assertNotIn(TOKEN, reply.body)
        self.assertEqual(self.http.ask("/healthz", host=f"evil.example:{self.http.port}", Authorization=f"Bearer {TOKEN}").status, 421)
        self.assertNotIn(TOKEN, watch.log())

    def test_without_a_token_nobody_gets_in_there_and_a_warning_says_so(self):
        self.http = HttpClient("0.0.0.0")
        watch = self.serving()
        for words in ({}, {"Authorization": "Bearer "}, {"Authorization": "Basic Og=="}):
            self.assertEqual(self.http.ask("/healthz", **words).status, 401)
        self.assertIn("there is no token", watch.log())


class Crowds(HttpStory):
    def test_slow_rude_and_mad_clients_are_in_nobodys_way(self):
        watch = self.serving()
        self.http.ask("/metrics")
        before = resident_kib(watch.process.pid)
        slow = []
        for number in range(200):
            slow.append(self.keep(self.http.connect()))
            slow[-1].sendall((b"GET /healthz HTTP/1.1\r\nHost: ", b"G", b"", b"GET /api/v1/status HTTP/1.1\r\nHost: x\r\n\r\n" * 3)[number % 4])
            if number % 20 == 0:
                self.assertEqual(self.http.ask("/healthz").status, 200)
        for junk in (b"\x16\x03\x01\x00\xee\x01" * 9, b"\0" * 5000, b"\r\n" * 5000, b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\n\r\n"):
            self.assertNotIn(b" 200 ", self.http.raw(junk)[:20])
        self.endless_header()
        self.assertEqual(self.http.ask("/healthz").status, 200)
        self.assertEqual(self.http.ask("/metrics").status, 200)
        self.sweeps(self.dns, "10.2.0.192.bl.test")
        self.assertLess(resident_kib(watch.process.pid) - before, 16 * 1024)

    def endless_header(self):
        """As much of a gigabyte as the daemon takes before it closes."""
        sent = 0
        with self.http.connect() as connection:
            connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {self.http.host}\r\nX: ".encode())
            try:
                while sent < 1 << 30:
                    sent += connection.send(b"x" * 65536)
            except OSError:
                pass
        self.assertLess(sent, 64 << 20)

    def test_it_ends_at_once_with_clients_that_hang(self):
        watch = self.serving()
        for _ in range(20):
            self.keep(self.http.connect()).sendall(b"GET / HTTP/1.1\r\n")
        self.assertEqual(watch.stop(), 0)


class Ports(HttpStory):
    def test_a_port_that_is_taken_is_said_once_and_taken_when_it_is_free(self):
        with socket.create_server((self.http.address, self.http.port)):
            watch = self.serving()
            watch.wait_log("another program listens there")
            self.assertIn(self.http.setting, watch.log())
        self.eventually(lambda: "url=" in watch.log(), "the port", 30)
        self.wait_health(200)
        self.assertEqual(watch.log().count("another program listens there"), 1, watch.log())

    def test_a_reload_names_what_needs_a_restart_and_goes_on_as_it_was(self):
        watch = self.serving()
        config = self.config(self.dns, daemon={"http": "", "token": TOKEN}, target=[target(), target("192.0.2.11", "mx2")])
        watch.write_config(config)
        watch.process.signal(signal.SIGHUP)
        watch.wait_log("configuration reloaded")
        self.assertRegex(watch.log(), r"need a restart.*daemon\.http.*daemon\.token")
        self.eventually(lambda: self.http.ask("/api/v1/status").json["summary"]["targets"] == 2, "the new targets", 20)
        self.assertNotIn(TOKEN, watch.log())

    def test_none_is_none(self):
        watch = self.serving(daemon={"http": ""})
        with self.assertRaises(OSError):
            self.http.ask("/healthz")
        self.assertNotIn("url=http", watch.log())


if __name__ == "__main__":
    unittest.main()
