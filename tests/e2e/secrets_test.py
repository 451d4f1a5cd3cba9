# SPDX-License-Identifier: Apache-2.0
"""Secrets stay in: a canary in each, every channel failing, trace logging, and a search through all that came out."""
import base64
import sqlite3
import unittest
import urllib.parse

from tests.e2e.story import MX1, Story, own_zone
from tests.support import daemon, webhook_signature
from tests.support.http_client import HttpClient
from tests.support.http_receiver import Answer

CANARIES = {name: f"canary-{name}-{'7f3a9c' * 3}" for name in ("url", "slack", "password", "token", "key", "env")}
REFUSED = {"refusal": {"txt": f"no terms for {CANARIES['key'].upper()}"}}
SIGNING = webhook_signature.secret_of(b"canary-signing-secret-0123456789")


def forms(secret):
    """The secret as it is, and as it could be written by accident."""
    raw = secret.encode()
    return [raw, base64.b64encode(raw)[:-4], urllib.parse.quote(secret, safe="").encode(), secret.upper().encode()]


class Secrets(Story):
    def setUp(self):
        super().setUp()
        self.dns, self.sink = self.resolver("bl.test", f"{CANARIES['key'].lower()}.keyed.test"), self.receiver()
        self.http = HttpClient()
        self.smtp = self.mail_server(users={"me": CANARIES["password"]})
        for path in (f"/{CANARIES['url']}", f"/{CANARIES['slack']}", f"/{CANARIES['env']}"):
            self.sink.script(path, Answer(500, body=path.encode()), Answer(404, body=path.encode()))
        base = self.config(self.dns,
                           daemon.webhook(self.sink.url(f"/{CANARIES['url']}"), secret=SIGNING),
                           daemon.webhook("env:OPS_URL", "from-env"),
                           {"name": "chat", "type": "slack", "url": self.sink.url(f"/{CANARIES['slack']}"), "group_wait": "0s"},
                           {"name": "mail", "type": "email", "smtp": self.smtp.url(), "starttls": "required", "group_wait": "0s",
                            "user": "me", "password": CANARIES["password"], "from": "a@example.com", "to": ["b@example.com"]},
                           zone=[own_zone(), own_zone("keyed", "{key}.keyed.test", key=CANARIES["key"])],
                           daemon={"log_level": "trace", "token": CANARIES["token"], "http": self.http.setting})
        self.config_dict = base
        self.watch = self.install(base, env={"OPS_URL": self.sink.url(f"/{CANARIES['env']}")})

    def assertClean(self, data, where):
        for name, secret in {**CANARIES, "signing": SIGNING.removeprefix("whsec_")}.items():
            for form in forms(secret):
                self.assertFalse(form.lower() in data.lower(), f"the {name} secret shows in {where}")

    def test_no_output_log_alert_or_database_holds_a_secret(self):
        self.watch.start()
        self.watch.wait_seeing(2)
        for zone in self.dns.zones.values():
            zone.list(MX1, txt="why")
        self.wait_listed(self.watch, 2)
        self.sink.wait(f"/{CANARIES['slack']}", 2, 30)
        self.eventually(lambda: self.watch.cli("alerts", "--failed", "--json").json["deliveries"], "failed deliveries", 30)
        self.assertTrue(any(row.name.startswith("10.2.0.192." + CANARIES["key"]) for row in self.dns.log.rows()))
        for words in ("status", "history", "history --events", f"why {MX1}", "zones", "targets", "alerts", "alerts test ops",
                      "alerts test mail", "config check", f"check {MX1}", "zones test keyed"):
            for args in (words.split(), [*words.split(), "--json"]):
                result = self.watch.cli(*args)
                self.assertClean((result.stdout + result.stderr).encode("utf-8", "surrogateescape"), f"rblwatch {' '.join(args)}")
        for path in ("/healthz", "/metrics", "/api/v1/status", "/api/v1/history", "/api/v1/history?events=true", "/api/v1/zones",
                     "/api/v1/events", "/nosuch", "/api/v1/status?target=x"):
            reply = self.http.ask(path, Authorization="Bearer wrong")
            self.assertClean(f"{reply.headers}{reply.body}".encode(), path)
        self.assertIn('dns="<key>.keyed.test"', self.http.ask("/metrics").body)
        for request in self.sink.requests():
            self.assertClean(request.body, "an alert")
        with open(f"/proc/{self.watch.process.pid}/cmdline", "rb") as line:
            self.assertClean(line.read(), "the command line")
        self.assertIn("<key>.keyed.test", self.watch.cli("zones", "keyed").stdout)
        self.watch.stop()
        for path in self.watch.folder.iterdir():
            if path != self.watch.config_file and path.is_file():
                self.assertClean(path.read_bytes(), path.name)

    KEYED = (own_zone("keyed", "{key}.keyed.test", key_file="zone.key"), own_zone("first", "{key}.first.test", shared_key="shared"),
             own_zone("order", "{key}.{subject}.order.test", kinds=("ipv4", "domain"), shared_key="shared", domain_form="exact"))
    NAMES = ("{key}.keyed.test", "{key}.first.test", "order.test")
    LONG = ".".join(["a" * 60] * 4)[:240]

    def keyed(self, **sections):
        """Zones with a key of their own and with a shared one, in use with everything that shows something."""
        key = CANARIES["key"]
        for name in self.NAMES:
            self.dns.zone(name.replace("{key}", key.lower()), ("ipv4", "domain"))
        config = self.config(self.dns, daemon.webhook(self.sink.url("/plain")), zone=list(self.KEYED),
                             target=[{"address": MX1, "name": "mx1"}, {"domain": "example.com"}, {"domain": self.LONG}],
                             keys={"shared": "env:SHARED"}, daemon={"log_level": "trace"}, **sections)
        for zone in config["zone"]:
            zone["limit_per_day"] = 1  # so that each is warned of
        watch = self.install(config, env={"SHARED": key})
        (watch.folder / "zone.key").write_text(key + "\n")
        (watch.folder / "zone.key").chmod(0o644)  # warned of, too
        return watch

    def every_command(self, watch, forms=((), ("--json",))):
        for words in (f"check {MX1} example.com {self.LONG}", "check --zone first 127.0.0.2", f"why {MX1}", f"why {MX1} keyed",
                      f"why {MX1} <key>.first.test", f"why {self.LONG}", "status", "zones", "zones keyed", "zones order", "zones test",
                      "zones release keyed", "targets", "plan", "doctor", "config check", "config check --strict", "history",
                      "history --events", "alerts", "alerts test", "zones nosuch"):
            for form in forms:
                result = watch.cli(*words.split(), *form)
                self.assertClean((result.stdout + result.stderr).encode("utf-8", "surrogateescape"), f"rblwatch {words} {form}")
        for words in ("history --csv", f"check --nagios {MX1}"):
            result = watch.cli(*words.split())
            self.assertClean((result.stdout + result.stderr).encode(), f"rblwatch {words}")
        checked = watch.check_config()
        self.assertClean((checked.stdout + checked.stderr).encode(), "rblwatchd --check")

    def dump(self, path):
        """The database as text, what is quoted and what is in blobs."""
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            return "\n".join(database.iterdump()).encode("utf-8", "surrogateescape")

    def test_a_keyed_zone_shows_its_key_nowhere(self):
        watch = self.keyed().start()
        watch.wait_status(lambda s: s["summary"]["zones_seeing"] >= 2, "keyed zones seeing")
        # A list's words may repeat the question, the key in it, in letters of its own choice.
        for name in self.NAMES[:2]:
            asked = name.replace("{key}", CANARIES["key"])
            zone = self.dns.zones[asked.lower()]
            zone.list(MX1, txt=[f"see https://lists.example/{CANARIES['key'].upper()}/why", f"10.2.0.192.{asked}"])
        self.wait_listed(watch, 2)
        reason = "see https://lists.example/<key>/why\n10.2.0.192.<key>.first.test"
        row = next(row for row in watch.cli("status", "--json").json["listings"] if row["zone"] == "first")
        self.assertEqual(row["reason"], reason)
        self.every_command(watch)
        backup = watch.folder / "copy.db"
        self.assertEqual(watch.cli("backup", str(backup)).code, 0)
        for request in self.sink.wait("/plain", 1):
            self.assertClean(request.body, "an alert")
        self.assertIn("<key>.first.test", watch.cli("why", MX1, "first").stdout)
        # Error paths while it runs: refusals, servfail, silence, an answer cut off, and then nobody there.
        for mode in ("refusal", "servfail", "refused", "outside", "drop"):
            for name in self.NAMES[:2]:
                self.dns.zones[name.replace("{key}", CANARIES["key"].lower())].set_mode(mode, **REFUSED.get(mode, {}))
            result = watch.cli("zones", "test", "--json")
            self.assertEqual(result.code, 4)
            self.assertClean((result.stdout + result.stderr).encode(), f"zones test of a zone with {mode}")
            result = watch.cli("doctor", "--json")
            self.assertClean((result.stdout + result.stderr).encode(), f"doctor of a zone with {mode}")
            self.assertEqual(mode == "refusal", "no terms for <key>" in result.stdout)
        watch.wait_status(lambda s: s["summary"]["zones_blind"] >= 2, "the keyed zones to be blind", 40)
        self.every_command(watch, ((),))
        self.dns.close_ports()
        watch.stop()
        self.every_command(watch, (("--json",),))
        self.assertClean(self.dump(watch.database), "a dump of the database")
        self.assertClean(self.dump(backup), "a dump of the copy")
        for path in watch.folder.iterdir():
            if path.name != "zone.key" and path.is_file():
                self.assertClean(path.read_bytes(), path.name)

    def test_keys_that_are_wrong_are_not_quoted(self):
        key = CANARIES["key"]
        bad = ((f"{key} and more", "a blank in it"), (f"{key}.{key}", "two labels"), (key * 4, "too long"), (f"{key}\n{key}", "two lines"),
               ("", "empty"))
        for content, what in bad:
            for zone, keys in (({"key_file": "bad.key"}, {}), ({"shared_key": "shared"}, {"shared_file": "bad.key"}),
                               ({"key": content or "env:NO_SUCH"}, {}), ({"shared_key": "shared"}, {"shared": content or "env:NO_SUCH"})):
                with self.subTest(what=what, how=[*zone, *keys]):
                    config = self.config(self.dns, zone=[own_zone("keyed", "{key}.keyed.test", **zone)], daemon={"log_level": "trace"})
                    config |= {"keys": keys} if keys else {}
                    watch = self.install(config)
                    (watch.folder / "bad.key").write_text(content)
                    (watch.folder / "bad.key").chmod(0o600)
                    for args in ("config check", "config check --json", "doctor"):
                        result = watch.cli(*args.split())
                        self.assertEqual(result.code, 2, (args, result))
                        self.assertClean((result.stdout + result.stderr).encode(), f"rblwatch {args}")
                    watch.start(wait=False)
                    self.assertEqual(watch.process.wait(), 2)
                    self.assertClean(watch.all_output().encode(), "the daemon's log")

    def test_error_texts_of_a_configuration_do_not_quote_them(self):
        broken = dict(self.config_dict)
        broken["channel"] = [{**self.config_dict["channel"][0], "url": f"htp://x.test/{CANARIES['url']}"},
                             {**self.config_dict["channel"][3], "password": CANARIES["password"], "password_file": "p"},
                             {**self.config_dict["channel"][0], "name": "third", "secret": "whsec_" + CANARIES["env"]},
                             {**self.config_dict["channel"][3], "name": "fourth",
                              "smtp": f"smtp://user:{CANARIES['password']}@mail.example.com:99999"},
                             {"name": "fifth", "type": "slack", "url_file": f"https://hooks.example.com/{CANARIES['slack']}"}]
        broken["daemon"] = {**self.config_dict["daemon"], "proxy": f"socks://user:{CANARIES['token']}@127.0.0.1",
                            "heartbeat_url": f"ftp://user:{CANARIES['key']}@127.0.0.1"}
        broken["zone"] = [own_zone(lookup_url=f"ftp://user:{CANARIES['key']}@lists.example/")]
        watch = self.install(broken)
        for result in (watch.cli("config", "check"), watch.cli("config", "check", "--json"), watch.check_config()):
            self.assertEqual(result.code, 2)
            self.assertClean((result.stdout + result.stderr).encode(), "an error text")


if __name__ == "__main__":
    unittest.main()
