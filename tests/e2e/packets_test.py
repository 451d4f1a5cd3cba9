# SPDX-License-Identifier: Apache-2.0
"""Hostile packets: a zone that sends each of them keeps its true verdict where a true answer follows,
and the daemon keeps its memory and its life in any case."""
import unittest

from tests.e2e.story import MX1, ZONE_EVENTS, Story, own_zone, target
from tests.support import daemon

# Junk before the true answer, or a stream that is odd but right: the verdict stands.
HARMLESS = {
    "zero": ("zero_datagram", {}), "port": ("wrong_port", {}), "address": ("wrong_address", {}), "junk": ("junk", {}),
    "id": ("wrong_id", {}), "question": ("wrong_question", {}), "type": ("wrong_type", {}), "class": ("wrong_class", {}),
    "query": ("not_a_reply", {}), "opcode": ("opcode", {}), "none": ("qdcount", {"value": 0}), "twice": ("qdcount", {"value": 2}),
    "random": ("random_bytes", {}), "tail": ("random_tail", {}), "counts": ("counts_lie", {}), "trailing": ("trailing_junk", {}),
    "a0": ("a_rdlength", {"value": 0}), "a2": ("a_rdlength", {"value": 2}), "a5": ("a_rdlength", {"value": 5}),
    "a20": ("a_rdlength", {"value": 20}), "self": ("pointers", {"kind": "self"}), "loop": ("pointers", {"kind": "loop"}),
    "forward": ("pointers", {"kind": "forward"}), "two-opt": ("two_opt", {}), "two-tsig": ("two_tsig", {}),
    "long": ("longer_than_read", {}), "longest": ("longer_than_read", {"size": 65507}),
    "chain-option": ("opt_option", {"value": 13}), "late": ("late_lie", {}), "lower": ("lower_case", {}), "tc": ("tc", {}),
    "pieces": ("tc_pieces", {}), "formerr": ("formerr_edns", {}), "badvers": ("badvers", {}), "cnames": ("cname_chain", {"length": 8}),
}
# No true answer follows, or only a costly one: nothing may be believed, opened or closed.
HOSTILE = {
    "txt": ("txt_strings", {}), "empties": ("empty_records", {}), "hops": ("pointers", {"kind": "chain", "then": "nothing"}),
    "len0": ("tc_length", {"value": 0}), "len1": ("tc_length", {"value": 1}), "len64k": ("tc_length", {"value": 65535}),
    "short": ("tc_short", {}), "drip": ("tc_drip", {}), "silent": ("tc_silent", {}), "tcp-id": ("tc_wrong_id", {}),
    "two": ("tc_two", {}), "cname-loop": ("cname_loop", {}), "stray": ("other_owner", {}), "long-chain": ("cname_chain", {"length": 20}),
    "ch": ("record_class_ch", {"then": "nothing"}),
}


def peak_kib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


class Packets(Story):
    def world(self, faults):
        """One zone for each fault; MX1 listed on all of them."""
        dns = self.resolver(*(f"{name}.test" for name in faults))
        for zone in dns.zones.values():
            zone.list(MX1, txt="why")
        config = self.config(dns, zone=[own_zone(f"z-{name}", f"{name}.test") for name in faults],
                             target=[target(), target("192.0.2.11", "mx2")], resolver={"timeout": "500ms"})
        self.watch = self.install(config).start()
        self.wait_listed(self.watch, len(faults))
        self.watch.wait_seeing(len(faults))
        self.peak = peak_kib(self.watch.process.pid)
        for name, (mode, args) in faults.items():
            dns.zones[f"{name}.test"].set_mode(mode, **args)
        return dns

    def test_junk_before_the_true_answer_changes_nothing(self):
        dns = self.world(HARMLESS)
        self.sweeps(dns, *(f"11.2.0.192.{name}.test" for name in HARMLESS), count=5, timeout=60)
        status = self.watch.wait_seeing(len(HARMLESS), 30)
        self.assertEqual(status["summary"]["listed"], len(HARMLESS))
        self.assertEqual([e["type"] for e in self.watch.events() if e["type"] != "listed"], [])

    def test_hostile_answers_are_not_believed_and_cost_little(self):
        dns = self.world(HOSTILE)
        self.sweeps(dns, *(f"2.0.0.127.{name}.test" for name in HOSTILE), count=4, timeout=60)
        self.assertNoCrash(self.watch)
        self.assertLess(peak_kib(self.watch.process.pid) - self.peak, 32 * 1024, "KiB more than before")
        told = [e for e in self.watch.events() if e["type"] not in ZONE_EVENTS]
        self.assertEqual({e["type"] for e in told}, {"listed"})
        self.assertEqual(len(told), len(HOSTILE))

    def test_ids_and_ports_differ_from_question_to_question(self):
        dns = self.resolver()
        targets = [{"range": "192.0.2.0/24", "name": "net"}]
        watch = self.install(self.config(dns, target=targets)).start()
        watch.wait_seeing()
        rows = dns.log.rows()
        self.assertGreater(len({row.id for row in rows}), len(rows) * 0.95)
        self.assertGreater(len({row.source[1] for row in rows}), 16)
        letters = [row.raw_name for row in rows]
        self.assertTrue(any(name != name.lower() for name in letters), "0x20 is on by default")

    def test_a_server_that_folds_case_is_still_understood(self):
        dns = self.resolver()
        dns.zones["bl.test"].list(MX1)
        dns.zones["bl.test"].set_mode("lower_case")
        watch = self.install(self.config(dns, daemon={"boot_grace": "1s"})).start()
        self.wait_listed(watch)


if __name__ == "__main__":
    unittest.main()
