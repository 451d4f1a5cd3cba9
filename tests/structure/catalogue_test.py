#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds conf/zones.toml to its schema, to the facts about blocklists that are easily got wrong, and to the
ids that were published (catalogue_ids.txt). Standard library only: /usr/bin/python3 catalogue_test.py"""

import datetime
import functools
import ipaddress
import pathlib
import re
import tomllib
import unittest

HERE = pathlib.Path(__file__).resolve().parent
CATALOGUE = HERE.parent.parent / "conf" / "zones.toml"
IDS = HERE / "catalogue_ids.txt"

GROUPS = {"default", "high", "medium", "low", "domain", "allow", "all"}
KINDS = {"ipv4", "ipv6", "domain"}
PURPOSES = {"block", "allow", "info"}
BITS = {"1", "2", "4", "8", "16", "32", "64", "128"}

# Key: (type, required). The keys of a [[zone]] in the configuration, then those of the catalogue alone.
ZONE_KEYS = {
    "id": (str, True), "dns": (str, True), "kinds": (list, True), "operator": (str, True),
    "purpose": (str, True), "severity": (str, True), "match": (str, False), "codes": (dict, False),
    "code_purpose": (dict, False), "refusals": (list, False), "contained_in": (list, False),
    "qps": (int, False), "limit_per_day": (int, False), "txt": (bool, False), "domain_form": (str, False),
    "test_listed": (list, False), "test_clear": (list, False), "test_random": (bool, False),
    "test_codes": (list, False), "lookup_url": (str, False), "delist_url": (str, False),
    "delist_steps": (list, False), "delist_time": (str, False), "shared_key": (str, False),
    "default": (bool, True), "confidence": (str, True), "test_recorded": (bool, True),
    "policy": (str, False), "terms_url": (str, False), "note": (str, False),
}
DEAD_KEYS = {"dns": str, "died": str, "lists_world": bool, "note": str}
WORDS = {
    "purpose": PURPOSES, "severity": {"high", "medium", "low"}, "match": {"exact", "bitmask"},
    "domain_form": {"exact", "registrable", "both"}, "confidence": {"high", "medium"},
}

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
LABEL = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
NAME = re.compile(rf"{LABEL}(\.{LABEL})*")
DEAD_NAME = re.compile(rf"(\*\.)?{LABEL}(\.{LABEL})+")
DIED = re.compile(r"(\d{4}(-\d{2}(-\d{2})?)?)?")
DURATION = re.compile(r"[1-9]\d*(ms|s|m|h|d|w)")
OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
WILDCARD = re.compile(rf"127(\.({OCTET}|\*)){{3}}")


def as_range(text):
    """What a code entry covers: (low, high) as numbers; for a wildcard a list of (low, high), one per octet;
    None when it is not in the grammar."""
    try:
        if "-" in text:
            low, high = (int(ipaddress.IPv4Address(part)) for part in text.split("-"))
            return (low, high) if low < high else None
        if "/" in text:
            net = ipaddress.IPv4Network(text)
            return int(net[0]), int(net[-1])
        if "*" not in text:
            address = int(ipaddress.IPv4Address(text))
            return address, address
    except ValueError:
        return None
    return [(0, 255) if part == "*" else (int(part), int(part)) for part in text.split(".")] \
        if WILDCARD.fullmatch(text) else None


def is_code_entry(text):
    span = as_range(text)
    if isinstance(span, tuple):
        return all(number >> 24 == 127 for number in span)
    return span is not None


def meets(one, other):
    """Whether an address exists that both entries match."""
    a, b = as_range(one), as_range(other)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return a[0] <= b[1] and b[0] <= a[1]
    if isinstance(a, list) and isinstance(b, list):
        return all(x[0] <= y[1] and y[0] <= x[1] for x, y in zip(a, b))
    octets, (low, high) = (a, b) if isinstance(a, list) else (b, a)
    if high - low > 1 << 16:
        raise ValueError(f"{one} and {other}: too wide a range to compare with a wildcard")
    return any(all(x[0] <= part <= x[1] for x, part in zip(octets, number.to_bytes(4, "big")))
               for number in range(low, high + 1))


def kind_of(entry):
    try:
        return f"ipv{ipaddress.ip_address(entry).version}"
    except ValueError:
        return "domain"


def plain_dns(zone):
    return zone["dns"].replace("{key}.", "").replace("{subject}.", "")


def for_each_zone(check):
    """Runs check(self, zone) for every zone, so that one run names every zone that fails."""
    @functools.wraps(check)
    def run(self):
        for zone in self.zones:
            with self.subTest(zone.get("id")):
                check(self, zone)
    return run


class Catalogue(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.text = CATALOGUE.read_text(encoding="utf-8")
        cls.file = tomllib.loads(cls.text)
        cls.zones = cls.file["zone"]
        cls.dead = cls.file["dead"]
        cls.by_id = {zone["id"]: zone for zone in cls.zones}
        cls.by_dns = {plain_dns(zone): zone for zone in cls.zones}
        cls.dead_by_dns = {entry["dns"]: entry for entry in cls.dead}


class Schema(Catalogue):
    def test_the_top_has_a_version_a_date_and_a_schema(self):
        self.assertEqual(set(self.file), {"version", "date", "schema", "probes", "zone", "dead"})
        self.assertEqual(self.file["schema"], 1)
        self.assertEqual(self.file["version"], self.file["date"])
        datetime.date.fromisoformat(self.file["date"])

    def test_the_probes_are_names(self):
        probes = self.file["probes"]
        self.assertEqual(set(probes), {"nxdomain", "exists", "bogus", "whoami"})
        for name in [*probes["nxdomain"], *probes["whoami"], probes["exists"], probes["bogus"]]:
            self.assertRegex(name, r"^[a-z0-9-]+(\.[a-z0-9-]+)*$")

    @for_each_zone
    def test_every_key_is_known_of_its_type_and_there_when_required(self, zone):
        self.assertEqual(set(zone) - set(ZONE_KEYS), set(), "unknown keys")
        for key, (kind, required) in ZONE_KEYS.items():
            if key in zone:
                self.assertIs(type(zone[key]), kind, key)
            else:
                self.assertFalse(required, f"{key} is missing")
        for key in (key for key, (kind, _) in ZONE_KEYS.items() if kind is list):
            for item in zone.get(key, []):
                self.assertIs(type(item), str, key)
        for key in (key for key, (kind, _) in ZONE_KEYS.items() if kind is dict):
            for item in zone.get(key, {}).values():
                self.assertIs(type(item), str, key)

    @for_each_zone
    def test_words_are_those_of_the_contract(self, zone):
        for key, words in WORDS.items():
            if key in zone:
                self.assertIn(zone[key], words, key)
        self.assertTrue(zone["kinds"])
        self.assertLessEqual(set(zone["kinds"]), KINDS)
        self.assertEqual(len(zone["kinds"]), len(set(zone["kinds"])))
        self.assertLessEqual(set(zone.get("code_purpose", {}).values()), PURPOSES)

    @for_each_zone
    def test_ids_are_operator_list_and_no_group(self, zone):
        self.assertRegex(zone["id"], rf"\A{ID.pattern}\Z")
        self.assertNotIn(zone["id"], GROUPS)

    @for_each_zone
    def test_dns_names_are_valid_and_unique(self, zone):
        self.assertRegex(plain_dns(zone), rf"\A{NAME.pattern}\Z")
        self.assertLess(len(plain_dns(zone)), 190, "no room for an IPv6 subject")

    def test_no_id_and_no_dns_name_stands_twice(self):
        self.assertEqual(len(self.by_id), len(self.zones), "an id stands twice")
        self.assertEqual(len(self.by_dns), len(self.zones), "a DNS name stands twice")
        self.assertFalse(set(self.by_id) & set(self.by_dns), "an id that is another zone's DNS name")

    @for_each_zone
    def test_a_key_in_the_name_and_shared_key_go_together(self, zone):
        self.assertEqual("{key}" in zone["dns"], "shared_key" in zone)
        if "{subject}" in zone["dns"]:
            self.assertTrue(zone["dns"].startswith("{key}.{subject}."))
        if "shared_key" in zone:
            self.assertRegex(zone["shared_key"], r"\A[a-z0-9-]+\Z")

    @for_each_zone
    def test_codes_are_in_the_one_grammar(self, zone):
        bitmask = zone.get("match", "exact") == "bitmask"
        if bitmask:
            self.assertTrue(zone.get("codes"), "a bitmask without bits")
        for entry, meaning in zone.get("codes", {}).items():
            if bitmask:
                self.assertIn(entry, BITS)
            else:
                self.assertTrue(is_code_entry(entry), entry)
            self.assertTrue(0 < len(meaning) <= 100, f"{entry}: {meaning}")
        for key in ("refusals", "test_codes"):
            for entry in zone.get(key, []):
                self.assertTrue(is_code_entry(entry), entry)

    @for_each_zone
    def test_no_answer_is_two_codes_or_a_code_and_a_refusal(self, zone):
        if zone.get("match") == "bitmask":
            for bit in zone["codes"]:
                self.assertNotIn(f"127.0.0.{bit}", zone.get("refusals", []), "a bit that is refused")
            return
        entries = list(zone.get("codes", {}))
        for number, one in enumerate(entries):
            for other in entries[number + 1:] + zone.get("refusals", []):
                self.assertFalse(meets(one, other), f"{one} and {other}")

    @for_each_zone
    def test_code_purpose_has_the_keys_of_codes(self, zone):
        if "code_purpose" in zone:
            self.assertEqual(set(zone["code_purpose"]), set(zone["codes"]))

    @for_each_zone
    def test_refusals_shared_by_all_zones_are_not_repeated(self, zone):
        for entry in zone.get("refusals", []):
            self.assertFalse(meets(entry, "127.255.0.0/16"), entry)

    @for_each_zone
    def test_test_entries_name_one_for_each_kind(self, zone):
        for key in ("test_listed", "test_clear"):
            entries = zone.get(key, [])
            for entry in entries:
                if kind_of(entry) == "domain":
                    self.assertRegex(entry.lower(), rf"\A{NAME.pattern}\Z")
            if entries:
                self.assertEqual(sorted(map(kind_of, entries)), sorted(zone["kinds"]), key)
        self.assertFalse(set(zone.get("test_listed", [])) & set(zone.get("test_clear", [])))
        if zone.get("test_listed") == []:
            self.assertTrue(zone["test_recorded"], "a waived entry counts as recorded")
            self.assertNotIn("test_codes", zone)
        for code in zone.get("test_codes", []):
            if zone.get("match") != "bitmask":
                self.assertTrue(any(meets(code, entry) for entry in zone["codes"]), f"{code} is no code")

    @for_each_zone
    def test_urls_hold_no_placeholder_but_the_subject(self, zone):
        for key in ("lookup_url", "delist_url", "terms_url"):
            if key in zone:
                self.assertRegex(zone[key], r"\Ahttps?://[A-Za-z0-9.-]+(/\S*)?\Z")
                self.assertNotRegex(zone[key].replace("{subject}", ""), r"[{}]", key)

    def test_limits_are_positive_and_shared_by_an_operator(self):
        per_operator = {}
        for zone in self.zones:
            with self.subTest(zone["id"]):
                for key in ("qps", "limit_per_day"):
                    if key in zone:
                        self.assertGreater(zone[key], 0, key)
                limits = (zone.get("qps"), zone.get("limit_per_day"))
                self.assertEqual(per_operator.setdefault(zone["operator"], limits), limits)

    @for_each_zone
    def test_delisting_is_told_in_short_sentences(self, zone):
        if "delist_time" in zone:
            self.assertRegex(zone["delist_time"], rf"\A{DURATION.pattern}\Z")
            self.assertIn("delist_steps", zone)
        for step in zone.get("delist_steps", []):
            self.assertRegex(step, r"\A[A-Z].*\.\Z")
            self.assertLess(len(step), 160)
        if zone["purpose"] == "block" and zone["severity"] != "low":
            self.assertTrue(zone.get("delist_steps"), "no way off is told")
            self.assertIn("lookup_url", zone)

    @for_each_zone
    def test_domain_form_is_for_domain_zones(self, zone):
        if "domain_form" in zone:
            self.assertIn("domain", zone["kinds"])

    @for_each_zone
    def test_notes_are_short(self, zone):
        for key in ("policy", "note"):
            if key in zone:
                self.assertTrue(0 < len(zone[key]) <= 200, zone[key])
                self.assertTrue(zone[key].endswith("."), zone[key])

    @for_each_zone
    def test_contained_in_names_zones_that_share_a_kind_and_makes_no_circle(self, zone):
        waiting, seen = list(zone.get("contained_in", [])), set()
        for name in waiting:
            self.assertIn(name, self.by_id)
            self.assertTrue(set(zone["kinds"]) & set(self.by_id[name]["kinds"]), name)
        while waiting:
            name = waiting.pop()
            self.assertNotEqual(name, zone["id"], "contained in itself")
            if name not in seen:
                seen.add(name)
                waiting += self.by_id[name].get("contained_in", [])

    def test_zones_of_an_operator_stand_together(self):
        order = [zone["operator"] for zone in self.zones]
        runs = [name for number, name in enumerate(order) if number == 0 or order[number - 1] != name]
        self.assertEqual(len(runs), len(set(runs)), [name for name in runs if runs.count(name) > 1])

    def test_the_file_is_plain_text_within_its_margins(self):
        self.assertTrue(self.text.isascii())
        self.assertNotIn("\t", self.text)
        for number, line in enumerate(self.text.splitlines(), 1):
            if line.startswith("#"):
                self.assertLessEqual(len(line), 112, f"line {number}")
            self.assertEqual(line, line.rstrip(), f"line {number} ends in spaces")


class Default(Catalogue):
    @for_each_zone
    def test_default_zones_can_be_proved_alive_and_need_no_account(self, zone):
        if not zone["default"]:
            return
        self.assertTrue(zone["test_recorded"], "no test entry on record")
        self.assertNotIn("{key}", zone["dns"])
        self.assertNotRegex(zone.get("policy", ""), r"(?i)\bneeds\b|\bregistered\b")
        self.assertEqual(zone["purpose"], "block", "not an allow list, not a fact")
        self.assertNotIn("code_purpose", zone, "not a mixed zone")
        self.assertEqual(zone["confidence"], "high")
        self.assertFalse(zone.get("contained_in"), "told by its container")

    def test_default_is_of_use_for_addresses_and_domains(self):
        chosen = {zone["id"] for zone in self.zones if zone["default"]}
        self.assertLessEqual({"spamhaus-zen", "spamhaus-dbl", "spamcop-bl", "surbl-multi"}, chosen)
        for kind in KINDS:
            self.assertTrue(any(kind in self.by_id[name]["kinds"] for name in chosen), kind)

    def test_zones_whose_terms_or_proof_are_wanting_stay_out(self):
        for name in ("barracuda-brbl", "validity-rpbl", "spamhaus-dqs-zen", "abusix-combined", "honeypot-httpbl",
                     "junkemailfilter-hostkarma", "spfbl-dnsbl", "mailspike-rep", "dnswl-list", "uribl-multi",
                     "uceprotect-2", "uceprotect-3", "efnet-rbl", "blocklistde-bl", "interserver-rbl", "msbl-ebl"):
            with self.subTest(name):
                self.assertFalse(self.by_id[name]["default"])


class Facts(Catalogue):
    def test_127_0_0_1_is_a_refusal_on_surbl_and_uribl(self):
        for dns in ("multi.surbl.org", "multi.uribl.com", "black.uribl.com", "grey.uribl.com", "red.uribl.com",
                    "white.uribl.com"):
            with self.subTest(dns):
                self.assertEqual(self.by_dns[dns]["refusals"], ["127.0.0.1"])

    def test_127_0_0_1_is_data_where_it_is(self):
        for dns in ("hostkarma.junkemailfilter.com", "rbl.efnetrbl.org", "tor.efnetrbl.org",
                    "bl.score.senderscore.com", "bl.0spam.org", "dnsbl.tornevall.org"):
            with self.subTest(dns):
                zone = self.by_dns[dns]
                self.assertNotIn("refusals", zone)
                wanted = ["1"] if zone.get("match") == "bitmask" else ["127.0.0.1", "127.0.0.*"]
                self.assertTrue(set(wanted) & set(zone["codes"]))

    def test_other_refusals_are_where_they_belong(self):
        expected = {"dbl.spamhaus.org": ["127.0.1.255"], "dbl.dq.spamhaus.net": ["127.0.1.255"],
                    "zrd.dq.spamhaus.net": ["127.0.2.255"], "list.dnswl.org": ["127.0.0.255"],
                    "dwl.dnswl.org": ["127.0.0.255"]}
        for dns, refusals in expected.items():
            with self.subTest(dns):
                self.assertEqual(self.by_dns[dns]["refusals"], refusals)
        self.assertIn("127.0.0.255", self.by_dns["dnsbl.dronebl.org"]["codes"])
        self.assertIn("127.0.1.255", self.by_dns["iadb.isipp.com"]["codes"])

    def test_domain_lists_of_spamhaus_never_see_an_address(self):
        for dns in ("dbl.spamhaus.org", "dbl.dq.spamhaus.net", "zrd.dq.spamhaus.net"):
            with self.subTest(dns):
                self.assertEqual(self.by_dns[dns]["kinds"], ["domain"])
                self.assertEqual(self.by_dns[dns]["domain_form"], "exact")

    @for_each_zone
    def test_other_domain_lists_take_addresses_only_where_they_do(self, zone):
        if "domain" in zone["kinds"] and len(zone["kinds"]) > 1:
            self.assertIn(plain_dns(zone), {"multi.surbl.org", "dblack.mail.abusix.zone", "dnsbl.spfbl.net",
                                            "dnswl.spfbl.net", "hostkarma.junkemailfilter.com"})

    def test_a_list_of_addresses_that_is_called_dbl(self):
        self.assertEqual(self.by_dns["dbl.0spam.org"]["kinds"], ["ipv4"])

    def test_bitmask_zones_are_these(self):
        masks = {plain_dns(zone): set(zone["codes"]) for zone in self.zones if zone.get("match") == "bitmask"}
        self.assertEqual(masks, {
            "multi.surbl.org": {"4", "8", "16", "32", "64", "128"},
            "multi.uribl.com": {"2", "4", "8"},
            "bl.score.senderscore.com": {"1", "2", "4", "8", "16"},
            "uribl.spameatingmonkey.net": {"2"},
            "fresh15.spameatingmonkey.net": {"2"},
            "dnsbl.tornevall.org": {"1", "2", "8", "16", "32", "64", "128"},
        })

    def test_mixed_zones_say_what_each_code_means(self):
        colours = self.by_dns["hostkarma.junkemailfilter.com"]["code_purpose"]
        self.assertEqual({code: purpose for code, purpose in colours.items() if code.startswith("127.0.0.")},
                         {"127.0.0.1": "allow", "127.0.0.2": "block", "127.0.0.3": "info", "127.0.0.4": "block",
                          "127.0.0.5": "allow"})
        others = {purpose for code, purpose in colours.items() if not code.startswith("127.0.0.")}
        self.assertEqual(others, {"info"})
        score = self.by_dns["rep.mailspike.net"]["code_purpose"]
        bands = ["block"] * 3 + ["info"] * 4 + ["allow"] * 4
        self.assertEqual(score, {f"127.0.0.{10 + n}": purpose for n, purpose in enumerate(bands)})
        self.assertEqual(self.by_dns["multi.uribl.com"]["code_purpose"], {"2": "block", "4": "info", "8": "info"})
        self.assertEqual(self.by_dns["dnsbl.spfbl.net"]["code_purpose"],
                         {"127.0.0.2": "block", "127.0.0.3": "info", "127.0.0.4": "info"})
        self.assertEqual(set(self.by_dns["score.senderscore.com"]["code_purpose"].values()), {"info"})
        self.assertEqual(self.by_dns["rbl.efnetrbl.org"]["code_purpose"]["127.0.0.4"], "info")

    def test_allow_lists_are_not_taken_for_block_lists(self):
        allow = {plain_dns(zone) for zone in self.zones if zone["purpose"] == "allow"}
        self.assertEqual(allow, {"list.dnswl.org", "dwl.dnswl.org", "wl.mailspike.net", "white.uribl.com",
                                 "dnswl.spfbl.net", "iadb.isipp.com", "sa-trusted.bondedsender.org",
                                 "sa-accredit.habeas.com"})
        self.assertEqual(set(self.by_dns["list.dnswl.org"]["codes"]), {f"127.0.*.{trust}" for trust in range(4)})

    def test_test_entries_that_are_not_the_rfcs(self):
        dbl = self.by_dns["dbl.spamhaus.org"]
        self.assertEqual((dbl["test_listed"], dbl["test_clear"], dbl["test_codes"]),
                         (["dbltest.com"], ["example.com"], ["127.0.1.2"]))
        self.assertEqual(self.by_dns["xbl.spamhaus.org"]["test_codes"], ["127.0.0.4"])
        self.assertEqual(self.by_dns["list.dnswl.org"]["test_codes"], ["127.0.10.0"])
        self.assertEqual(self.by_dns["rhsbl.scientificspam.net"]["test_codes"], ["127.0.1.2"])
        self.assertIn("test.surbl.org", self.by_dns["multi.surbl.org"]["test_listed"])
        self.assertEqual(self.by_dns["multi.uribl.com"]["test_listed"], ["test.uribl.com"])
        self.assertNotIn("127.0.0.2", self.by_dns["bl.suomispam.net"].get("test_codes", []))
        self.assertEqual(self.by_dns["hostkarma.junkemailfilter.com"]["test_clear"], [])

    def test_bogons_are_tested_with_public_addresses(self):
        for dns in ("bogons.cymru.com", "v4.fullbogons.cymru.com", "v6.fullbogons.cymru.com"):
            with self.subTest(dns):
                zone = self.by_dns[dns]
                self.assertTrue(zone["test_clear"])
                self.assertTrue(all(ipaddress.ip_address(entry).is_global for entry in zone["test_clear"]))
                self.assertFalse(any(ipaddress.ip_address(entry).is_global for entry in zone["test_listed"]))

    def test_only_spfbl_is_not_asked_a_random_name(self):
        self.assertEqual({zone["id"] for zone in self.zones if not zone.get("test_random", True)},
                         {"spfbl-dnsbl", "spfbl-dnswl"})

    def test_ipv6_is_asked_where_it_is_answered(self):
        with_ipv6 = {plain_dns(zone) for zone in self.zones if "ipv6" in zone["kinds"]}
        for dns in ("zen.spamhaus.org", "list.dnswl.org", "bl.nordspam.com", "bl.suomispam.net", "all.s5h.net",
                    "dnsbl.dronebl.org", "dnsbl.spfbl.net", "bip.virusfree.cz", "combined.mail.abusix.zone",
                    "bl.ipv6.spameatingmonkey.net", "v6.fullbogons.cymru.com"):
            self.assertIn(dns, with_ipv6)
        for dns in ("b.barracudacentral.org", "bl.spameatingmonkey.net", "bl.blocklist.de",
                    "hostkarma.junkemailfilter.com", "psbl.surriel.com", "dnsbl-1.uceprotect.net",
                    "bl.spamcop.net"):
            self.assertNotIn(dns, with_ipv6)

    def test_lists_about_the_neighbours_are_low_and_told_so(self):
        for dns in ("dnsbl-2.uceprotect.net", "dnsbl-3.uceprotect.net", "nbl.0spam.org"):
            with self.subTest(dns):
                self.assertEqual(self.by_dns[dns]["severity"], "low")
                self.assertIn("note", self.by_dns[dns])

    def test_nobody_is_told_to_pay(self):
        for dns in ("dnsbl-1.uceprotect.net", "dnsbl-2.uceprotect.net", "dnsbl-3.uceprotect.net",
                    "ips.backscatterer.org"):
            with self.subTest(dns):
                self.assertTrue(any(step.startswith("Do not pay") for step in self.by_dns[dns]["delist_steps"]))

    def test_stated_limits(self):
        expected = {"zen.spamhaus.org": 300000, "dbl.spamhaus.org": 300000, "list.dnswl.org": 100000,
                    "bl.mailspike.net": 100000, "bl.nordspam.com": 10000}
        for dns, limit in expected.items():
            self.assertEqual(self.by_dns[dns]["limit_per_day"], limit, dns)
        self.assertEqual(self.by_dns["dnsbl.spfbl.net"]["qps"], 10)

    def test_parts_name_what_holds_them(self):
        expected = {"sbl.spamhaus.org": "spamhaus-zen", "xbl.spamhaus.org": "spamhaus-zen",
                    "pbl.spamhaus.org": "spamhaus-zen", "sbl-xbl.spamhaus.org": "spamhaus-zen",
                    "black.uribl.com": "uribl-multi", "z.mailspike.net": "mailspike-bl",
                    "wl.mailspike.net": "mailspike-rep", "dyna.spamrats.com": "spamrats-all",
                    "black.mail.abusix.zone": "abusix-combined"}
        for dns, container in expected.items():
            self.assertIn(container, self.by_dns[dns]["contained_in"], dns)


class Dead(Catalogue):
    def test_dead_entries_are_complete(self):
        today = self.file["date"]
        for entry in self.dead:
            with self.subTest(entry.get("dns")):
                self.assertEqual(set(entry), set(DEAD_KEYS))
                for key, kind in DEAD_KEYS.items():
                    self.assertIs(type(entry[key]), kind, key)
                self.assertRegex(entry["dns"], rf"\A{DEAD_NAME.pattern}\Z")
                self.assertRegex(entry["died"], rf"\A{DIED.pattern}\Z")
                self.assertLessEqual(entry["died"], today)
                if len(entry["died"]) == 10:
                    datetime.date.fromisoformat(entry["died"])
                self.assertTrue(0 < len(entry["note"]) <= 120)
                self.assertTrue(entry["note"].endswith("."))
        self.assertEqual(len(self.dead_by_dns), len(self.dead), "a dead zone stands twice")

    @for_each_zone
    def test_no_living_zone_is_dead(self, zone):
        dns = plain_dns(zone)
        self.assertNotIn(dns, self.dead_by_dns)
        for entry in self.dead:
            if entry["dns"].startswith("*."):
                self.assertFalse(dns.endswith(entry["dns"][1:]), entry["dns"])

    def test_those_that_other_tools_still_ship_are_here_with_date_and_manner(self):
        expected = {
            "dnsbl.sorbs.net": ("2024-06-05", False), "rhsbl.sorbs.net": ("2024-06-05", False),
            "ix.dnsbl.manitu.net": ("2025-01-16", False), "dnsbl.inps.de": ("2020-05-25", False),
            "bl.spamcannibal.org": ("2018-05-30", True), "dnsbl.ahbl.org": ("2015-01-01", True),
            "*.ahbl.org": ("2015-01-01", True), "dul.ru": ("2015-05-19", True),
            "rbl.megarbl.net": ("2019-11-25", True), "rbl.lugh.ch": ("2024-07-22", True),
            "list.dsbl.org": ("2008-05", True), "combined.njabl.org": ("2013-03", True),
            "relays.ordb.org": ("2006-12", True), "dsn.rfc-ignorant.org": ("2012-09", False),
            "cbl.abuseat.org": ("2021-01", False), "*.drbl.drand.net": ("2024-03-26", True),
            "*.dnsbl.solid.net": ("2013-09", True), "sbl.spamdown.org": ("2026-03-30", True),
            "dnsbl.cyberlogic.net": ("2018-05-27", True), "bl.emailbasura.org": ("2019-10-30", True),
            "dnsbl.burnt-tech.com": ("2016-09-19", True), "relays.osirusoft.com": ("2003-08", True),
            "badnets.spameatingmonkey.net": ("2010-02-15", False), "ohps.dnsbl.net.au": ("2022-10", False),
            "opm.blitzed.org": ("2006", False), "*.nszones.com": ("", False), "rbl.spamhaus.org": ("", True),
        }
        for dns, (died, lists_world) in expected.items():
            with self.subTest(dns):
                entry = self.dead_by_dns[dns]
                self.assertEqual((entry["died"], entry["lists_world"]), (died, lists_world))

    def test_spamcop_lapsed_once_but_lives(self):
        self.assertIn("bl.spamcop.net", self.by_dns)


class PublishedIds(Catalogue):
    """Ids stand in databases and configurations: none may go or change its name."""

    def test_ids_are_those_published(self):
        lines = IDS.read_text(encoding="ascii").splitlines()
        self.assertEqual(lines, sorted(set(lines)), f"{IDS.name} is to be sorted, without repetition")
        gone = sorted(set(lines) - set(self.by_id))
        self.assertEqual(gone, [], "ids that were published are gone; only a zone that moved to [[dead]] may leave")
        new = sorted(set(self.by_id) - set(lines))
        self.assertEqual(new, [], f"new zones: add these lines to {IDS.relative_to(HERE.parent.parent)}")


if __name__ == "__main__":
    unittest.main()
