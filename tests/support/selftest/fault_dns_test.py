# SPDX-License-Identifier: Apache-2.0
"""The fault-injecting DNS server says what its zones hold, and breaks what its modes promise to break."""
import socket
import struct
import subprocess
import sys
import time
import unittest
from pathlib import Path

from tests.support import dns_wire as wire, ports
from tests.support.dns_faults import MODES
from tests.support.dns_log import busiest, without_resends
from tests.support.fault_dns import FaultDns, open_connections
from tests.support.process import wait_for

ROOT = Path(__file__).resolve().parents[3]


def raw_replies(dns, name, qtype=wire.A, count=1, timeout=0.5, **options):
    """Up to count datagrams that come to one question, from wherever."""
    query, got = wire.build_query(name, qtype, msg_id=0x1234, **options), []
    with socket.socket(ports.family(dns.address), socket.SOCK_DGRAM) as sock:
        sock.sendto(query, dns.at)
        sock.settimeout(timeout)
        try:
            while len(got) < count:
                data, source = sock.recvfrom(65535)
                got.append((data, source[:2]))
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

    def test_a_question_is_logged_with_the_time_it_arrived_and_what_it_offered(self):
        before = time.monotonic()
        raw_replies(self.dns, "a.bl.test", cookie=b"8 octets")
        raw_replies(self.dns, "b.bl.test")
        first, second = self.dns.log.rows(zone="bl.test")
        self.assertTrue(before - 0.01 <= first.at <= second.at <= time.monotonic() + 0.01)
        self.assertEqual([(row.room, row.cookie) for row in (first, second)], [(1232, b"8 octets"), (0, b"")])

    def test_the_busiest_span_is_a_sliding_one(self):
        self.assertEqual(busiest([]), 0)
        self.assertEqual(busiest([0.0, 0.6, 0.9, 1.0, 1.5, 1.7], 1.0), 4)
        self.assertEqual(busiest([3.0, 1.0, 2.0], 1.0), 1)

    def test_a_packet_sent_again_is_one_question(self):
        first, other = (wire.build_query("9.2.0.192.bl.test", msg_id=number) for number in (1, 2))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for query in (first, first, other):
                sock.sendto(query, self.dns.at)
            rows = wait_for(lambda: self.dns.log.total == 3 and self.dns.log.rows(), what="three packets")
        self.assertEqual([row.id for row in rows], [1, 1, 2])
        self.assertEqual([row.id for row in without_resends(rows)], [1, 2])

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

    def test_a_mode_may_spare_what_the_zone_is_tested_with(self):
        self.zone.set_mode("servfail", spare_tests=True)
        self.assertEqual(self.ask().rcode, wire.SERVFAIL)
        self.assertEqual(self.ask("2.0.0.127.bl.test").addresses(), ["127.0.0.2"])
        for label in ("1.0.0.127", "arandomword"):
            self.assertEqual(self.ask(f"{label}.bl.test").rcode, wire.NXDOMAIN)

    def test_a_crowded_server_drops_what_it_has_no_room_for(self):
        self.zone.set_mode("crowded", limit=2, seconds=0.3)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for number in range(3):
                sock.sendto(wire.build_query(self.clear, msg_id=number), self.dns.at)
            sock.settimeout(5)
            self.assertEqual(sorted(wire.parse(sock.recv(512)).id for _ in range(2)), [0, 1])
        self.assertEqual(self.zone.modes[""].args["dropped"], 1)
        self.assertEqual(self.ask().rcode, wire.NXDOMAIN)

    def test_a_flood_knows_the_name_and_guesses_the_id(self):
        for knows in ("", "case"):
            self.zone.set_mode("flood", count=40, knows=knows)
            *forged, true = [wire.parse(data) for data, _ in raw_replies(self.dns, self.listed.upper(), count=41)]
            self.assertEqual((true.id, true.addresses()), (0x1234, ["127.0.0.2"]))
            self.assertEqual(({m.rcode for m in forged}, len({m.id for m in forged}) > 30), ({wire.NXDOMAIN}, True))
            names = {m.questions[0][0] for m in forged}
            self.assertEqual(({name.lower() for name in names}, len(names) > 1), ({self.listed}, knows == ""))
        self.assertEqual(self.ask(self.listed, tcp=True).addresses(), ["127.0.0.2"])

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
        self.assertIn(b"", [data for data, _ in replies])
        self.assertEqual(len({source for _, source in replies}), 3)
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
        self.zone.set_mode("tc_noise", size=5000)
        with self.assertRaises(wire.WireError):
            self.ask(self.listed, tcp=True)
        self.zone.set_mode("tc_drip", gap=0.001)
        self.assertEqual(self.ask(self.listed, tcp=True).addresses(), ["127.0.0.2"])

    def test_delayed_replies_of_one_connection_come_out_of_order(self):
        self.zone.set_mode("tc_late", seconds=0.2)
        with socket.create_connection(self.dns.at, 5) as sock:
            for number in (2, 3):
                query = wire.build_query(self.listed, msg_id=number)
                sock.sendall(struct.pack(">H", len(query)) + query)
            replies = [wire.parse(wire.read_exactly(sock, int.from_bytes(wire.read_exactly(sock, 2), "big")))
                       for _ in range(2)]
        self.assertEqual([reply.id for reply in replies], [3, 2])

    def test_a_connection_is_open_until_its_client_closes_it(self):
        self.zone.set_mode("tc_drip", gap=30)  # in which its thread learns of nothing
        with socket.create_connection(self.dns.at, 5) as sock:
            query = wire.build_query(self.listed)
            sock.sendall(struct.pack(">H", len(query)) + query)
            self.assertEqual((sock.recv(1), open_connections(self.dns)), (b"\0", [1]))
        self.assertEqual(open_connections(self.dns), [0])

    def test_a_closed_port_is_unreachable_and_opens_again(self):
        self.dns.close_ports()
        with self.assertRaises(ConnectionRefusedError):
            self.ask()
        with self.assertRaises(ConnectionRefusedError):
            self.ask(tcp=True)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, self.assertRaises(OSError):
            sock.bind(("", self.dns.port))  # as the engine would
        self.dns.open_ports()
        self.assertEqual(self.ask().rcode, wire.NXDOMAIN)
        self.assertEqual(self.ask(tcp=True).rcode, wire.NXDOMAIN)


@unittest.skipUnless(ports.have_ipv6(), "this machine has no ::1")
class Ipv6(unittest.TestCase):
    def setUp(self):
        self.dns = FaultDns(address="::1")
        self.addCleanup(self.dns.stop)
        self.zone = self.dns.zone("bl.test")

    def ask(self, **options):
        return wire.ask(self.dns.at, "2.0.0.127.bl.test", **options).addresses()

    def test_it_answers_over_udp_and_tcp(self):
        self.assertEqual(self.dns.server, f"[::1]:{self.dns.port}")
        for tcp in (False, True):
            self.assertEqual(self.ask(tcp=tcp), ["127.0.0.2"])
        self.assertEqual([(row.source[0], len(row.source)) for row in self.dns.log.rows()], [("::1", 2)] * 2)

    def test_forgeries_come_from_another_port_or_address(self):
        for mode in ("wrong_port", "wrong_address"):
            self.zone.set_mode(mode)
            (forged, source), (true, home) = raw_replies(self.dns, "2.0.0.127.bl.test", count=2)
            self.assertEqual((home, wire.parse(true).addresses(), wire.parse(forged).rcode),
                             (self.dns.at, ["127.0.0.2"], wire.NXDOMAIN))
            same = tuple(one == other for one, other in zip(source, home))
            self.assertEqual(same, (True, False) if mode == "wrong_port" else (False, True))

    def test_a_closed_port_is_unreachable_and_opens_again(self):
        self.dns.close_ports()
        for tcp in (False, True):
            with self.assertRaises(ConnectionRefusedError):
                self.ask(tcp=tcp)
        self.dns.open_ports()
        for tcp in (False, True):
            self.assertEqual(self.ask(tcp=tcp), ["127.0.0.2"])


class Cookies(unittest.TestCase):
    """RFC 7873, by a server that has them."""

    OURS = b"ourshalf"

    def setUp(self):
        self.dns = FaultDns(cookies=True)
        self.addCleanup(self.dns.stop)
        self.zone = self.dns.zone("bl.test")
        self.zone.list("192.0.2.10")

    def replies(self, cookie, count=1):
        return [wire.parse(data) for data, _ in raw_replies(self.dns, "10.2.0.192.bl.test", count=count, cookie=cookie)]

    def cookies(self, cookie, count=1):
        return [reply.options(wire.COOKIE_OPTION) for reply in self.replies(cookie, count)]

    def test_who_has_one_gets_it_back_with_the_servers(self):
        ((whole,),) = self.cookies(self.OURS)
        self.assertEqual((whole[:8], len(whole)), (self.OURS, 16))
        self.assertEqual(self.cookies(whole), [[whole]])
        self.assertEqual(self.cookies(self.OURS + b"nonsense"), [[whole]])
        self.assertEqual(wire.ask(self.dns.at, "10.2.0.192.bl.test", edns=True).options(wire.COOKIE_OPTION), [])

    def test_replies_that_lack_the_right_one(self):
        ((whole,),) = self.cookies(self.OURS)
        self.zone.set_mode("wrong_cookie")
        forged, true = self.replies(whole, 2)
        self.assertNotEqual(forged.options(wire.COOKIE_OPTION)[0][:8], self.OURS)
        self.assertEqual((forged.rcode, true.addresses()), (wire.NXDOMAIN, ["127.0.0.2"]))
        self.zone.set_mode("no_cookie")
        self.assertEqual(self.cookies(whole, 2), [[], [whole]])
        self.assertEqual(self.cookies(self.OURS), [[whole]])

    def test_badcookie_names_the_right_one(self):
        self.zone.set_mode("badcookie")
        (reply,) = self.replies(self.OURS)
        extended = reply.additional[0].ttl >> 24
        self.assertEqual(extended << 4 | reply.rcode, wire.BADCOOKIE)
        (true,) = self.replies(reply.options(wire.COOKIE_OPTION)[0])
        self.assertEqual(true.addresses(), ["127.0.0.2"])


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
