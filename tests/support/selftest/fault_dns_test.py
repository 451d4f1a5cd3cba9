# SPDX-License-Identifier: Apache-2.0
"""The fault-injecting DNS server says what its zones hold, and breaks what its modes promise to break."""
import socket
import struct
import subprocess
import sys
import time
import unittest
from pathlib import Path

from tests.support import dns_wire as wire
from tests.support.dns_faults import MODES
from tests.support.fault_dns import FaultDns
from tests.support.process import wait_for

ROOT = Path(__file__).resolve().parents[3]


def raw_replies(dns, name, qtype=wire.A, count=1, timeout=0.5, edns=False):
    """Up to count datagrams that come to one question, from wherever."""
    query, got = wire.build_query(name, qtype, msg_id=0x1234, edns=edns), []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(query, dns.at)
        sock.settimeout(timeout)
        try:
            while len(got) < count:
                got.append(sock.recvfrom(65535))
        except TimeoutError:
            pass
    return got


class HonestAnswers(unittest.TestCase):
    def setUp(self):
        self.dns = FaultDns()
        self.addCleanup(self.dns.stop)
        self.zone = self.dns.zone("bl.test", ("ipv4", "ipv6", "domain"), ttl=7, negative_ttl=11)

    def test_a_listed_address_has_its_codes_ttl_and_text(self):
        self.zone.list("192.0.2.10", ["127.0.0.2", "127.0.0.4"], txt=["because", b"\x1b[31m\xff"])
        for tcp in (False, True):
            with self.subTest(tcp=tcp):
                reply = wire.ask(self.dns.at, "10.2.0.192.bl.test", tcp=tcp)
                self.assertEqual(reply.addresses(), ["127.0.0.2", "127.0.0.4"])
                self.assertEqual((reply.rcode, reply.aa, reply.ra, reply.answers[0].ttl), (0, True, False, 7))
                texts = wire.ask(self.dns.at, "10.2.0.192.bl.test", wire.TXT, tcp=tcp).texts()
                self.assertEqual(texts, [b"because", b"\x1b[31m\xff"])

    def test_what_is_not_listed_is_denied_with_a_soa(self):
        reply = wire.ask(self.dns.at, "11.2.0.192.bl.test", edns=True)
        self.assertEqual((reply.rcode, len(reply.answers)), (wire.NXDOMAIN, 0))
        self.assertEqual([(r.type, r.ttl) for r in reply.authority], [(wire.SOA, 11)])
        self.assertEqual([r.type for r in reply.additional], [wire.OPT])

    def test_each_kind_has_its_test_entry(self):
        for label in ("2.0.0.127", "test", wire.reversed_name("::FFFF:7F00:2")):
            self.assertEqual(wire.ask(self.dns.at, f"{label}.bl.test").addresses(), ["127.0.0.2"], label)
        for label in ("1.0.0.127", "invalid", wire.reversed_name("::FFFF:7F00:1")):
            self.assertEqual(wire.ask(self.dns.at, f"{label}.bl.test").rcode, wire.NXDOMAIN, label)

    def test_what_is_too_big_for_a_datagram_comes_over_tcp(self):
        self.zone.list("192.0.2.10", txt="x" * 1500)
        for _ in range(2):
            reply = wire.ask(self.dns.at, "10.2.0.192.bl.test", wire.TXT, edns=True)
            self.assertEqual((reply.tc, reply.texts()), (True, []))
        self.assertEqual(wire.ask(self.dns.at, "10.2.0.192.bl.test", wire.TXT, tcp=True).texts(), [b"x" * 1500])
        self.zone.list("192.0.2.10", txt="x" * 900)
        self.assertEqual(wire.ask(self.dns.at, "10.2.0.192.bl.test", wire.TXT, edns=True).texts(), [b"x" * 900])
        self.assertTrue(wire.ask(self.dns.at, "10.2.0.192.bl.test", wire.TXT).tc)

    def test_a_change_shows_with_the_next_question(self):
        for _ in range(20):
            self.zone.list("192.0.2.10")
            self.assertEqual(wire.ask(self.dns.at, "10.2.0.192.bl.test").addresses(), ["127.0.0.2"])
            self.zone.delist("192.0.2.10")
            self.assertEqual(wire.ask(self.dns.at, "10.2.0.192.bl.test").rcode, wire.NXDOMAIN)

    def test_the_case_of_the_question_comes_back(self):
        query = wire.build_query("TeSt.bL.TEST", msg_id=7)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(2)
            sock.sendto(query, self.dns.at)
            self.assertIn(b"TeSt\x02bL\x04TEST", sock.recv(512))

    def test_resolver_role_hosts_and_delegation(self):
        self.dns.zone("rbl.test", role="resolver")
        reply = wire.ask(self.dns.at, "1.2.3.4.rbl.test")
        self.assertEqual((reply.aa, reply.ra), (False, True))
        hosts = self.dns.hosts()
        hosts.add("mail.example.test", "A", "192.0.2.1")
        hosts.add("www.example.test", "CNAME", "mail.example.test")
        hosts.delegate("sub.test", {"ns1.sub.test": "127.0.0.9"})
        self.assertEqual(wire.ask(self.dns.at, "www.example.test").addresses(), ["192.0.2.1"])
        self.assertEqual(wire.ask(self.dns.at, "mail.example.test", wire.AAAA).rcode, 0)
        referral = wire.ask(self.dns.at, "2.0.0.127.sub.test")
        self.assertEqual(([r.type for r in referral.authority], referral.aa), ([wire.NS], False))

    def test_questions_are_logged_and_can_be_waited_for(self):
        wire.ask(self.dns.at, "A.bl.test", wire.TXT)
        wire.ask(self.dns.at, "b.bl.test", tcp=True, rd=False)
        rows = self.dns.log.rows(zone="bl.test")
        self.assertEqual([(r.name, r.type_name, r.transport, r.rd) for r in rows],
                         [("a.bl.test", "TXT", "udp", True), ("b.bl.test", "A", "tcp", False)])
        self.assertEqual(rows[0].raw_name, b"\x01A\x02bl\x04test\x00")
        self.assertEqual((self.dns.log.count("bl.test"), self.dns.log.count(qtype="TXT")), (2, 1))

    def test_it_is_fast_enough(self):
        query = wire.build_query("9.2.0.192.bl.test")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.connect(self.dns.at)
            start, rounds = time.process_time(), 5000
            for _ in range(rounds // 50):
                for _ in range(50):
                    sock.send(query)
                for _ in range(50):
                    sock.recv(512)
            cpu = time.process_time() - start
        self.assertLess(cpu / rounds, 1e-4, "CPU seconds per question, both ends, in one process")


class FaultyAnswers(unittest.TestCase):
    def setUp(self):
        self.dns = FaultDns()
        self.addCleanup(self.dns.stop)
        self.zone = self.dns.zone("bl.test")
        self.zone.list("192.0.2.10", txt="why")
        self.listed, self.clear = "10.2.0.192.bl.test", "11.2.0.192.bl.test"

    def ask(self, name=None, **options):
        return wire.ask(self.dns.at, name or self.clear, timeout=options.pop("timeout", 2), **options)

    def test_every_mode_answers_without_killing_the_server(self):
        for mode in sorted(MODES):
            with self.subTest(mode=mode):
                self.zone.set_mode(mode, **({"seconds": 0.01} if "delay" in mode or "late" in mode else {}))
                for name in (self.listed, self.clear, "2.0.0.127.bl.test"):
                    raw_replies(self.dns, name, count=1, timeout=0.02, edns=True)
                self.zone.set_mode("ok")
                self.assertEqual(self.ask(self.listed).addresses(), ["127.0.0.2"])
                self.assertEqual(self.ask(self.listed, tcp=True).addresses(), ["127.0.0.2"])

    def test_rcodes_and_lies(self):
        expected = {"servfail": (2, []), "refused": (5, []), "nxdomain": (3, []), "nodata": (0, []),
                    "wildcard": (0, ["127.0.0.2"]), "outside": (0, ["203.0.113.99"]), "empty": (3, []),
                    "refusal": (0, ["127.255.255.254"]), "refusal_mixed": (0, ["127.0.0.2", "127.255.255.254"]),
                    "answer_servfail": (2, ["127.0.0.2"])}
        for mode, want in expected.items():
            with self.subTest(mode=mode):
                self.zone.set_mode(mode)
                reply = self.ask("2.0.0.127.bl.test")
                self.assertEqual((reply.rcode, reply.addresses()), want)

    def test_a_mode_may_be_for_one_subject(self):
        self.zone.set_mode("servfail", subject="192.0.2.11")
        self.assertEqual(self.ask().rcode, wire.SERVFAIL)
        self.assertEqual(self.ask(self.listed).addresses(), ["127.0.0.2"])
        self.zone.set_mode("ok", subject="192.0.2.11")
        self.assertEqual(self.ask().rcode, wire.NXDOMAIN)

    def test_drop_and_delay(self):
        self.zone.set_mode("drop")
        self.assertEqual(raw_replies(self.dns, self.clear, timeout=0.1), [])
        self.zone.set_mode("delay", seconds=0.2)
        start = time.monotonic()
        self.assertEqual(self.ask().rcode, wire.NXDOMAIN)
        self.assertGreaterEqual(time.monotonic() - start, 0.2)

    def test_extended_errors(self):
        for code in (3, 4, 15, 19):
            self.zone.set_mode("ede", value=code)
            self.assertEqual(self.ask(edns=True).ede(), [code])

    def test_flapping_spares_the_test_entry(self):
        self.zone.set_mode("flapping")
        self.assertEqual([bool(self.ask(self.listed).answers) for _ in range(4)], [True, False, True, False])
        self.assertEqual([bool(self.ask("2.0.0.127.bl.test").answers) for _ in range(4)], [True] * 4)

    def test_forged_replies_come_first_and_say_the_opposite(self):
        for mode in ("wrong_id", "wrong_question", "wrong_type", "wrong_class", "not_a_reply", "opcode", "other_case",
                     "two_opt", "two_tsig", "counts_lie", "trailing_junk", "wrong_port", "wrong_address"):
            with self.subTest(mode=mode):
                self.zone.set_mode(mode)
                (forged, source), (true, home) = raw_replies(self.dns, self.listed, count=2)
                self.assertNotEqual(forged, true)
                self.assertEqual(wire.parse(true).addresses(), ["127.0.0.2"])
                self.assertEqual(home, self.dns.at)
                self.assertEqual(source != home, mode in ("wrong_port", "wrong_address"))
                self.assertEqual(forged[3] & 15, wire.NXDOMAIN)
                self.zone.set_mode(mode, then="nothing")
                self.assertEqual(len(raw_replies(self.dns, self.listed, count=2, timeout=0.05)), 1)

    def test_fifty_junk_replies_and_a_zero_datagram(self):
        self.zone.set_mode("junk")
        replies = raw_replies(self.dns, self.listed, count=60, timeout=0.3)
        self.assertEqual(len(replies), 51)
        self.assertEqual(wire.parse(replies[-1][0]).addresses(), ["127.0.0.2"])
        self.zone.set_mode("zero_datagram")
        self.assertEqual(raw_replies(self.dns, self.listed, count=2)[0][0], b"")

    def test_malformed_records(self):
        for size in (0, 2, 5, 20):
            self.zone.set_mode("a_rdlength", value=size, then="nothing")
            reply = self.ask()
            self.assertEqual(len(reply.answers[0].rdata), size)
        self.zone.set_mode("opt_option", value=13)
        self.assertEqual(self.ask().additional[0].rdata, struct.pack(">HH", 13, 0))
        self.zone.set_mode("pointers", kind="self", then="nothing")
        with self.assertRaises(wire.WireError):
            self.ask()
        self.zone.set_mode("qdcount", value=2, then="nothing")
        self.assertEqual(len(self.ask().questions), 2)

    def test_big_messages_come_over_tcp(self):
        self.zone.set_mode("txt_strings")
        self.assertTrue(self.ask().tc)
        self.assertEqual(len(self.ask(tcp=True).answers[-1].rdata), 65000)
        self.zone.set_mode("empty_records")
        self.assertEqual(len(self.ask(tcp=True).answers), 5459)
        self.zone.set_mode("pointers", kind="chain", then="nothing")
        self.assertGreater(len(self.ask(tcp=True, timeout=5).answers[0].rdata), 16000)

    def test_tcp_streams(self):
        self.zone.set_mode("tc")
        self.assertTrue(self.ask().tc)
        self.assertEqual(self.ask(tcp=True).rcode, wire.NXDOMAIN)
        for mode, error in (("tc_refused", ConnectionRefusedError), ("tc_reset", ConnectionResetError),
                            ("tc_close", wire.WireError), ("tc_short", wire.WireError), ("tc_silent", TimeoutError)):
            with self.subTest(mode=mode):
                self.zone.set_mode(mode)
                self.assertTrue(self.ask().tc)
                with self.assertRaises(error):
                    self.ask(tcp=True, timeout=0.2)
        self.zone.set_mode("tc_two")
        self.assertEqual(self.ask(self.listed, tcp=True).id != 0, True)
        self.zone.set_mode("tc_pieces")
        self.assertEqual(self.ask(self.listed, tcp=True).addresses(), ["127.0.0.2"])
        self.zone.set_mode("tc_drip", gap=0.001)
        self.assertEqual(self.ask(self.listed, tcp=True).addresses(), ["127.0.0.2"])

    def test_a_closed_port_is_unreachable_and_opens_again(self):
        self.dns.close_ports()
        with self.assertRaises(ConnectionRefusedError):
            self.ask()
        with self.assertRaises(ConnectionRefusedError):
            self.ask(tcp=True)
        self.dns.open_ports()
        self.assertEqual(self.ask().rcode, wire.NXDOMAIN)


class AsProgram(unittest.TestCase):
    def test_commands_on_stdin(self):
        child = subprocess.Popen([sys.executable, "-m", "tests.support.fault_dns"], cwd=ROOT, text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(child.stdout.close)
        host, _, port = child.stdout.readline().split()[1].rpartition(":")
        for command, answer in (("zone bl.test ipv4", "ok"), ("list bl.test 192.0.2.10 127.0.0.4 'txt=a b'", "ok"),
                                ("mode bl.test nosuch", "error no mode"), ("count bl.test", "ok 0")):
            child.stdin.write(command + "\n")
            child.stdin.flush()
            self.assertIn(answer, child.stdout.readline())
        self.assertEqual(wire.ask((host, int(port)), "10.2.0.192.bl.test").addresses(), ["127.0.0.4"])
        child.stdin.write("quit\n")
        child.stdin.close()
        wait_for(lambda: child.poll() is not None, what="the program's end")
        self.assertEqual(child.returncode, 0)


if __name__ == "__main__":
    unittest.main()
