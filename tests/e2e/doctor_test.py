# SPDX-License-Identifier: Apache-2.0
"""doctor: resolvers, zones and keys, clock, disk, database, daemon, channels, each in one line with its fix."""
import unittest

from tests.e2e.story import Story, own_zone
from tests.support import daemon
from tests.support.certificates import Authority
from tests.support.dnsmasq import Dnsmasq
from tests.support.fault_dns import FaultDns

PROBES = """
version = "2026-11-23"
date = "2026-11-23"
schema = 1
[probes]
nxdomain = ["invalid", "inet.example"]
exists = "www.inet.example"
bogus = "bogus.example"
whoami = ["whoami.example"]
"""


class Doctor(Story):
    def setUp(self):
        super().setUp()
        self.dns = self.healthy()
        self.catalogue = self.folder / "zones.toml"
        self.catalogue.write_text(PROBES)

    def healthy(self):
        """A resolver that knows a small internet, and validates."""
        dns = self.resolver("bl.test")
        hosts = dns.hosts()
        hosts.add("www.inet.example", "A", "192.0.2.80")
        hosts.add("whoami.example", "TXT", "ns192.0.2.53")
        bogus = dns.zone("bogus.example", ())
        bogus.set_mode("servfail")
        return dns

    def configured(self, *channels, zone=None, **sections):
        config = self.config(self.dns, *channels, zone=zone or [own_zone()], **sections)
        config["catalogue"]["file"] = str(self.catalogue)
        return self.install(config)

    def look(self, watch, code=None):
        """The checks by their names, after a look at the text for people."""
        result = watch.cli("doctor", "--json")
        checks = self.shaped(result, "doctor")["checks"]
        has_failed = any(check["state"] == "fail" for check in checks)
        self.assertEqual(result.code, 4 if has_failed else 0, result)
        self.assertLess(result.took, 30)
        for check in checks:
            self.assertEqual(check["fix"] is None, check["state"] == "ok", check)
        if code is not None:
            self.assertEqual(result.code, code, [check for check in checks if check["state"] != "ok"])
        return {check["name"]: check for check in checks}

    def resolver_line(self, checks, aspect=""):
        return checks[f"resolver {self.dns.server}" + (" " + aspect if aspect else "")]

    def test_a_healthy_installation(self):
        sink = self.receiver()
        watch = self.configured(daemon.webhook(sink.url("/ops")))
        watch.start()
        watch.wait_seeing()
        checks = self.look(watch, 0)
        for name in ("configuration", "zones", "database", "daemon", "channel ops"):
            self.assertEqual(checks[name]["state"], "ok", checks[name])
        for aspect in ("", "NXDOMAIN", "DNSSEC", "open"):
            self.assertEqual(self.resolver_line(checks, aspect)["state"], "ok")
        self.assertIn("192.0.2.53", self.resolver_line(checks, "egress")["text"])
        self.assertIn("validates", self.resolver_line(checks, "DNSSEC")["text"])
        self.assertIn("clock", checks)
        self.assertIn("disk", checks)
        self.assertEqual(sink.requests(), [])  # connected, and nothing was sent
        text = watch.cli("doctor")
        self.assertEqual(text.code, 0)
        self.assertIn("zones: all of 1 zone in use pass their test", text.stdout)

    def test_it_works_without_daemon_and_database(self):
        watch = self.configured()
        checks = self.look(watch, 0)
        self.assertEqual([checks[name]["state"] for name in ("daemon", "database", "channels")], ["warn"] * 3)
        self.assertIn("start rblwatchd", checks["database"]["fix"])
        self.assertFalse(watch.database.exists())

    def test_a_resolver_that_rewrites_nxdomain(self):
        self.dns.zone("invalid", ()).set_mode("outside")
        line = self.resolver_line(self.look(self.configured(), 4), "NXDOMAIN")
        self.assertEqual(line["state"], "fail")
        self.assertIn("rewrites NXDOMAIN", line["text"])

    def test_a_resolver_that_does_not_validate(self):
        self.dns.zones["bogus.example"].set_mode("ok")
        self.dns.zones["bogus.example"].add("bogus.example", "A", "192.0.2.81")
        line = self.resolver_line(self.look(self.configured(), 0), "DNSSEC")
        self.assertEqual(line["state"], "warn")
        self.assertIn("does not validate", line["text"])

    def test_a_zone_that_refuses_is_named_with_its_words(self):
        zone = self.dns.zones["bl.test"]
        zone.set_mode("refusal")
        checks = self.look(self.configured(), 4)
        self.assertIn(f"refuses {self.dns.server} with 127.255.255.254", checks["zone corp"]["text"])
        self.assertIn("resolver of your own", checks["zone corp"]["fix"])

    def test_each_way_a_zone_can_fail(self):
        watch = self.configured()
        for mode, cause in (("wildcard", "lists_everything"), ("empty", "test_entry_missing"), ("servfail", "servfail"),
                            ("refused", "refused_rcode"), ("drop", "timeout"), ("outside", "rewritten")):
            with self.subTest(mode):
                self.dns.zones["bl.test"].set_mode(mode)
                self.assertIn(f"({cause})", self.look(watch, 4)["zone corp"]["text"])

    def test_each_resolver_is_looked_at_by_itself(self):
        dead = self.keep(FaultDns(role="resolver"))
        dead.close_ports()
        config = self.config(self.dns)
        config["resolver"]["servers"] = [self.dns.server, dead.server]
        config["catalogue"]["file"] = str(self.catalogue)
        checks = self.look(self.install(config), 4)
        self.assertEqual(checks[f"resolver {self.dns.server}"]["state"], "ok")
        self.assertEqual(checks[f"resolver {dead.server}"]["state"], "fail")
        self.assertIn("does not answer", checks[f"resolver {dead.server}"]["text"])
        self.assertIn(dead.server, checks["zone corp"]["text"])
        self.assertNotIn(self.dns.server, checks["zone corp"]["text"])

    def test_rebinding_protection_is_named(self):
        zones = [own_zone()]
        for i in range(3):
            self.dns.zone(f"z{i}.test").set_mode("empty")
            zones.append(own_zone(f"z{i}", f"z{i}.test"))
        self.dns.zones["bl.test"].set_mode("empty")
        line = self.resolver_line(self.look(self.configured(zone=zones), 4), "127.0.0.0/8")
        self.assertIn("rebind", line["text"] + line["fix"])

    def test_rebinding_protection_of_a_real_dnsmasq_is_one_line_that_says_what_to_do(self):
        hosts = self.dns.zones[""]  # rebinding protection forbids the addresses of documents, too
        hosts.remove("www.inet.example")
        hosts.add("www.inet.example", "A", "198.18.0.80")
        for i in range(2):
            self.dns.zone(f"z{i}.test")
        zones = [own_zone(), own_zone("z0", "z0.test"), own_zone("z1", "z1.test", test_listed=[], test_clear=[])]
        masq = self.keep(Dnsmasq(self.folder, self.dns.server, ["--stop-dns-rebind"]))
        config = self.config(self.dns, zone=zones)
        config["resolver"]["servers"] = [masq.server]
        config["catalogue"]["file"] = str(self.catalogue)
        watch = self.install(config)
        checks = self.look(watch, 4)
        line = checks[f"resolver {masq.server} 127.0.0.0/8"]
        self.assertEqual(line["state"], "fail")
        for words in ("rebind-localhost-ok", "rebind-domain-ok", "private-address"):
            self.assertIn(words, line["fix"])
        self.assertNotIn("zone corp", checks)
        self.assertNotIn("zone z0", checks)
        masq.restart(["--stop-dns-rebind", "--rebind-localhost-ok"])
        self.assertIn("all of 3 zones", self.look(watch, 0)["zones"]["text"])

    def test_what_the_catalogue_names_no_probe_for_is_said_to_be_unknown(self):
        self.catalogue.write_text(PROBES.split("[probes]")[0])
        checks = self.look(self.configured(), 0)
        for aspect in ("NXDOMAIN", "DNSSEC", "egress"):
            line = self.resolver_line(checks, aspect)
            self.assertEqual(line["state"], "warn")
            self.assertIn("[probes]", line["text"])
        self.assertIn("recurses or forwards", self.resolver_line(checks, "egress")["text"])

    def test_keys_that_work_and_keys_that_do_not(self):
        for key in ("goodkey", "badkey"):
            (self.folder / key).write_text(key)
            (self.folder / key).chmod(0o600)
        self.dns.zone("goodkey.good.test")
        self.dns.zone("badkey.bad.test").set_mode("empty")
        checks = self.look(self.configured(zone=[
            own_zone("good", "{key}.good.test", key_file=str(self.folder / "goodkey")),
            own_zone("bad", "{key}.bad.test", key_file=str(self.folder / "badkey"))]), 4)
        self.assertEqual((checks["key good"]["state"], checks["key bad"]["state"]), ("ok", "fail"))

    def test_a_database_that_is_damaged_and_one_that_is_none(self):
        watch = self.configured()
        watch.start()
        watch.wait_seeing()
        watch.stop()
        good = watch.database.read_bytes()
        for what, data in (("a page of junk", good[:4096] + b"\x5a" * 4096 + good[8192:]), ("a text", b"no database\n" * 100)):
            with self.subTest(what):
                watch.database.write_bytes(data)
                check = self.look(watch, 4)["database"]
                self.assertEqual(check["state"], "fail")
                self.assertEqual(watch.database.read_bytes(), data)
        watch.database.write_bytes(good)
        self.assertEqual(self.look(watch, 0)["database"]["state"], "ok")

    def test_channels_are_connected_to_and_told_nothing(self):
        authority = Authority(self.folder)
        smtp = self.mail_server(tls=authority.server_context(), users={"me": "right"})
        mail = {"type": "email", "smtp": smtp.url(), "starttls": "required", "from": "a@example.com", "to": ["b@example.com"],
                "user": "me", "ca_file": str(authority.ca_file)}
        gone = self.receiver()
        gone.stop()
        checks = self.look(self.configured(daemon.webhook(gone.url("/ops"), "gone"),
                                           {**mail, "name": "mail", "password": "right"},
                                           {**mail, "name": "wrong", "password": "canary-password"}), 4)
        states = {name: checks[f"channel {name}"]["state"] for name in ("gone", "mail", "wrong")}
        self.assertEqual(states, {"gone": "fail", "mail": "ok", "wrong": "fail"})
        self.assertNotIn("canary", str(checks))
        self.assertEqual(smtp.mails(), [])

    def test_what_zones_say_is_escaped(self):
        zone = self.dns.zones["bl.test"]
        zone.list("127.0.0.2", ["127.255.255.254"], txt=b"\x1b[31mred\x07 <b> \xff")
        result = self.configured().cli("doctor")
        self.assertEqual(result.code, 4)
        self.assertIn("red", result.stdout)
        for char in ("\x1b", "\x07"):
            self.assertNotIn(char, result.stdout)

    def test_it_ends_although_nobody_answers(self):
        self.dns.set_mode("drop")
        config = self.config(self.dns)
        config["resolver"] |= {"timeout": "10s", "attempts": 10}
        config["catalogue"]["file"] = str(self.catalogue)
        checks = self.look(self.install(config), 4)
        self.assertIn("does not answer", checks[f"resolver {self.dns.server}"]["text"])

    def test_a_bad_configuration_is_two(self):
        self.assertEqual(self.install("[daemon]\nhtpp = ''\n").cli("doctor").code, 2)


if __name__ == "__main__":
    unittest.main()
