# SPDX-License-Identifier: Apache-2.0
"""The engine is hard to fool: what forgers and broken servers send is neither taken nor dear, and the truth behind it is
found all the same."""
import os
import statistics
import time
import unittest
from collections import Counter

from tests.e2e.engine_story import HERE, LISTED, EngineStory, addresses
from tests.e2e.packets_test import peak_kib
from tests.e2e.story import own_zone
from tests.e2e.system_faults_test import processor_seconds
from tests.support.dns_log import busiest
from tests.support.fault_dns import open_connections
from tests.support.http_client import HttpClient

MANY_LETTERS = "a-list-with-many-letters-in-its-name.test"  # a bit for each of them (0x20)
HOUR = {"interval": "1h", "health_interval": "1h"}
FLOOD_SECONDS = int(os.environ.get("RBLWATCH_FLOOD_SECONDS", "3"))


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


class Forgers(EngineStory):
    def test_fifty_junk_datagrams_before_the_true_one_a_thousand_times(self):
        """Each pair has one attempt of one lookup to be seen in. Slowly, for the junk of many doesn't fit a socket's buffer."""
        many = addresses(22)
        dns = self.besieged("junk", count=50, listed=many[::8])
        watch = self.watching(dns, zones=[own_zone(qps=95, servers=[dns.server])], bits=22,
                              schedule=HOUR | {"breaker_share": 1.0}, resolver={"attempts": 1, "timeout": "20s"})
        self.assertTrueVerdicts(watch, many[::8], len(many))
        self.assertNoOtherVote(dns, listed=many[::8])

    def test_twenty_thousand_forged_replies_a_second(self):
        dns = self.besieged("flood", count=90, zone=MANY_LETTERS)
        http = HttpClient()
        watch = self.watching(dns, zones=[own_zone(dns=MANY_LETTERS, servers=[dns.server])], bits=24,
                              schedule={"breaker_share": 1.0}, daemon={"http": http.setting})

        def forged():
            """In each second that they came in."""
            asked = Counter(int(row.at) for row in self.pairs(dns, MANY_LETTERS) if row.transport == "udp")
            return [count * 90 for count in asked.values()]
        whole = 20_000 * FLOOD_SECONDS  # as fast as the machine can
        self.eventually(lambda: sum(forged()) >= whole, f"{whole} forged replies", 20 * FLOOD_SECONDS)
        if FLOOD_SECONDS > 3:
            fast = sum(count >= 20_000 for count in forged())
            print(f"{sum(forged())} forged replies in {len(forged())} s, in {fast} of them 20 000 or more")
        self.assertTrueVerdicts(watch, subjects=256)
        self.assertNoOtherVote(dns, MANY_LETTERS)
        ignored = sum(value for name, value in http.ask("/metrics").series().items() if "replies_ignored" in name)
        self.assertGreater(ignored, whole / 3)  # the rest didn't fit the sockets' buffers

    def test_more_of_them_raise_the_alarm_and_the_lookup_moves_to_tcp(self):
        dns = self.besieged("flood", count=150, then="nothing", zone=MANY_LETTERS)
        watch = self.watching(dns, zones=[own_zone(dns=MANY_LETTERS)])
        self.assertTrueVerdicts(watch)
        by_tcp = {row.name for row in dns.log.rows(zone=MANY_LETTERS) if row.transport == "tcp"}
        self.assertEqual(len(by_tcp), len(HERE))
        self.assertEqual(watch.log().count("someone forges answers"), 1)

    def test_the_case_of_the_letters_counts(self):
        """A forger who knows all else; and where 0x20 is switched off, names go out in lower case and the same is taken."""
        dns = self.besieged("other_case")
        watch = self.watching(dns)
        self.assertTrueVerdicts(watch)
        self.assertTrue(any(row.raw_name != row.raw_name.lower() for row in dns.log.rows()))
        plain = self.besieged("ok")
        self.assertTrueVerdicts(self.watching(plain, resolver={"mixed_case": False}))
        self.assertEqual([row for row in plain.log.rows() if row.raw_name != row.raw_name.lower()], [])

    def test_ids_and_ports_are_many_and_change(self):
        """With 16 questions from one port in a row at most, so many use a thousand ports however busy the machine is."""
        dns = self.besieged("ok")
        self.watching(dns, bits=18, schedule=HOUR)
        self.eventually(lambda: dns.log.total >= 16 * 1024, "a sweep", 60)
        rows = dns.log.rows()
        ports = Counter(row.source[1] for row in rows)
        drawn_twice = [count for count in ports.values() if count > 64]  # a socket is retired before: the port came again
        self.assertLess(len(drawn_twice), len(ports) / 20)
        self.assertGreater(len({row.id for row in rows}), len(rows) * 0.85)  # 14 500 of 16 384 when even
        self.assertGreater(len(ports), 1000)
        order = list(dict.fromkeys(row.source[1] for row in rows))  # as they were first used
        self.assertGreaterEqual(min(order), 10_000)
        self.assertTrue(14_500 < statistics.pstdev(order) < 17_500, statistics.pstdev(order))  # 16 030 when even
        self.assertLess(abs(statistics.correlation(order[:-1], order[1:])), 0.2)  # six times what chance does to a thousand
        bits = [sum(row.id >> bit & 1 for row in rows) / len(rows) for bit in range(16)]
        self.assertTrue(all(0.4 < share < 0.6 for share in bits), bits)

    def test_a_port_is_given_up_after_64_questions(self):
        """Where there are few descriptors there are few ports at a time, and those of the busy seconds, which the first is
        not, come to their end in a sweep."""
        dns = self.besieged("ok")
        self.install(self.watching_config(dns, bits=17, schedule=HOUR)).start(prefix=["prlimit", "--nofile=300"])
        self.eventually(lambda: dns.log.total >= 2 ** 15, "a sweep", 60)
        asked = Counter(row.source[1] for row in dns.log.rows() if row.transport == "udp").values()
        busy = [count for count in asked if count > 32]
        self.assertGreater(len(busy), 200)
        self.assertEqual(statistics.mode(busy), 64)
        self.assertLess(sum(count > 64 for count in busy), len(busy) / 4)  # drawn twice

    def first_questions(self, dns, count):
        """Of a daemon that has never run before; one after another, so that each start asks in the same order."""
        dns.log.clear()
        watch = self.watching(dns, zones=[own_zone(qps=50)], schedule=HOUR, resolver={"timeout": "10s"})
        self.eventually(lambda: dns.log.total >= count, f"{count} questions")
        watch.stop()
        return dns.log.rows()[:count]

    def test_no_start_draws_the_ids_and_ports_of_another(self):
        """Who has a daemon of the same make and knows how ours is set must not know what it will draw. Of two times 40 ids
        four are the same by chance once in 60 million runs, and of ports in 35."""
        dns = self.besieged("ok")
        one, other = (self.first_questions(dns, 40) for _ in range(2))
        self.assertLess(len({row.id for row in one} & {row.id for row in other}), 4)
        self.assertLess(len({row.source[1] for row in one} & {row.source[1] for row in other}), 4)


class OldServers(EngineStory):
    def last_of(self, mode, **args):
        """Two sweeps of a server of this kind, once it is known."""
        dns = self.besieged(mode, **args)
        self.assertTrueVerdicts(self.watching(dns))
        since = time.monotonic()
        self.time_for(2 * len(HERE), lambda: dns.log.total)
        return self.pairs(dns, since=since)

    def test_a_server_that_folds_case_is_asked_in_lower_case(self):
        self.assertEqual([row.raw_name for row in self.last_of("lower_case") if row.raw_name != row.raw_name.lower()], [])

    def test_a_server_that_cannot_do_edns_is_asked_without(self):
        self.assertEqual([row for row in self.last_of("formerr_edns") if row.edns], [])


class Cookies(EngineStory):
    def test_a_server_that_has_them_gets_its_own_back(self):
        dns = self.besieged("ok", cookies=True)
        self.assertTrueVerdicts(self.watching(dns))
        rows = dns.log.rows()
        self.assertTrue(all(len(row.cookie) >= 8 and row.room == 1232 for row in rows))
        self.assertEqual(len({row.cookie[:8] for row in rows}), 1)
        self.assertEqual({len(row.cookie) for row in rows[-20:]}, {16})

    def test_a_server_that_has_none_is_not_bothered_for_long(self):
        dns = self.besieged("ok")
        self.assertTrueVerdicts(self.watching(dns))
        self.assertEqual({row.cookie for row in dns.log.rows()[-20:]}, {b""})

    def test_a_server_that_ends_them_and_has_no_tcp_is_seen_again(self):
        dns = self.besieged("ok", cookies=True)
        daemon = self.watching(dns)
        self.assertTrueVerdicts(daemon)
        dns.cookies = False
        dns.close_ports(udp=False)
        self.eventually(lambda: daemon.status()["summary"]["unknown"] > 0, "doubt")
        self.eventually(lambda: daemon.status()["summary"]["unknown"] == 0, "sight again", 60)

    def test_replies_without_the_right_one_are_not_taken(self):
        """The wait goes on, or where the reply may be the server's own, it is asked again over TCP: all are, or none."""
        for mode, args, over_tcp in (("wrong_cookie", {}, False), ("no_cookie", {}, True), ("badcookie", {}, False),
                                     ("badcookie", {"forever": True}, True)):
            with self.subTest(mode, **args):
                dns = self.besieged(mode, cookies=True, **args)
                self.assertTrueVerdicts(self.watching(dns))
                asked_so = {row.name for row in dns.log.rows() if row.transport == "tcp"}
                self.assertGreaterEqual(len(asked_so), 0.9 * len(HERE) if over_tcp else 0)
                self.assertLessEqual(len(asked_so), len(HERE) if over_tcp else 0.1 * len(HERE))


class Streams(EngineStory):
    def two_sweeps(self, dns):
        """Of the zones beside the one that drips."""
        began = time.monotonic()
        for zone, answered in (("udp.test", "udp"), ("tcp.test", "tcp")):
            goal = self.answered(dns, zone, answered) + 2 * len(HERE)
            self.eventually(lambda: self.answered(dns, zone, answered) >= goal, f"two sweeps of {zone}", 40)
        return time.monotonic() - began

    def answered(self, dns, zone, transport):
        return sum(row.transport == transport for row in dns.log.rows(zone))

    def test_connections_are_reused_and_carry_several_questions_at_a_time(self):
        dns = self.besieged("tc_late", seconds=0.3)
        self.assertTrueVerdicts(self.watching(dns))
        streams = {}
        for row in dns.log.rows():
            if row.transport == "tcp":
                streams.setdefault(row.source, []).append(row.at)
        self.assertLess(len(streams), len(HERE) / 10)
        unanswered = max(busiest(at, 0.14) for at in streams.values())  # no reply comes sooner than after 0.15 s
        self.assertGreater(unanswered, 4)
        self.assertLessEqual(unanswered, 32)

    def test_a_server_that_drips_holds_nobody(self):
        for mode, args in (("tc_drip", {"gap": 0.2}), ("tc_silent", {})):
            with self.subTest(mode):
                dns, other = self.server("tcp.test", "udp.test"), self.server("drip.test")
                zones = [own_zone("tcp", "tcp.test"), own_zone("udp", "udp.test")]
                watch = self.watching(dns, zones=[*zones, own_zone("drip", "drip.test", servers=[other.server])])
                dns.zones["tcp.test"].set_mode("tc", spare_tests=True)
                self.asked_all(dns)
                before = self.two_sweeps(dns)
                other.set_mode(mode, spare_tests=True, **args)
                self.assertLess(self.two_sweeps(dns), 1.5 * before + 2.0)
                self.eventually(lambda: len({row.source for row in other.log.rows() if row.transport == "tcp"}) > 4,
                                "connections given up and made anew")
                self.assertNoCrash(watch)

    def test_zones_that_fall_silent_or_slow_over_tcp_leave_the_other_its_places(self):
        for mode, args in (("tc_silent", {}), ("tc_late", {"seconds": 0.5})):
            with self.subTest(mode):
                sick = [f"sick{number}.test" for number in range(1, 5)]
                names = ("tcp.test", *sick)
                dns = self.server(*names)
                dns.set_mode("tc", spare_tests=True)
                self.watching(dns, zones=[own_zone(name.partition(".")[0], name) for name in names], bits=23)
                self.asked_all(dns)
                sweeps = 1000
                before = self.time_for(sweeps, lambda: self.answered(dns, "tcp.test", "tcp"))
                for zone in sick:
                    dns.zones[zone].set_mode(mode, spare_tests=True, **args)
                    self.time_for(len(HERE) // 2, lambda: self.answered(dns, zone, "tcp"))
                after = self.time_for(sweeps, lambda: self.answered(dns, "tcp.test", "tcp"))
                self.assertLess(after, 1.3 * before + 0.3)

    def test_a_connection_that_nobody_waits_on_is_closed_however_it_drips(self):
        dns = self.server()
        self.watching(dns)
        self.asked_all(dns)
        dns.zones["bl.test"].set_mode("tc_then_drip", subject=HERE[77], gap=1.0)
        self.eventually(lambda: self.answered(dns, "bl.test", "tcp"), "a question over TCP")
        dns.zones["bl.test"].set_mode("ok", subject=HERE[77])
        self.eventually(lambda: open_connections(dns) == [0], "the connection closed", 12)


class Costs(EngineStory):
    FREED_AT_ONCE = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}  # not kept for the next message
    MANY = 1024
    ROUNDS = 3

    def round(self, dns, pid):
        """So many messages: processor time, and in KiB how much more was held at the most, and at the end."""
        with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as clear:
            clear.write("5")  # the peak is what is held now
        used, held = processor_seconds(pid), self.held(pid)
        more = self.many(dns)
        return (processor_seconds(pid) - used) / more, peak_kib(pid) - held, self.held(pid) - held

    def held(self, pid):
        """Between messages: looked at so often that some of it is."""
        return min(resident_kib(pid) for _ in range(200))

    def many(self, dns):
        def count():
            return sum(row.transport == "tcp" for row in dns.log.rows())
        before = count()
        self.time_for(self.MANY, count, 60)
        return count() - before

    def test_messages_of_64_kib_cost_little_and_leave_nothing_behind(self):
        """Each kind by itself. What the rest of the daemon takes for itself meanwhile comes in some rounds, what a message
        needs or leaves behind in all: the least of them counts."""
        for mode, args in (("tc_noise", {"then": "true"}), ("txt_strings", {"then": "true"}),
                           ("empty_records", {"then": "true"}), ("pointers", {"kind": "chain"})):
            with self.subTest(mode):
                dns = self.besieged(mode, listed=[], udp_limit=0, **args)
                watch = self.watching(dns, bits=22, env=self.FREED_AT_ONCE)
                self.many(dns)
                used, peak, left = (min(all_of) for all_of in zip(*(self.round(dns, watch.process.pid)
                                                                    for _ in range(self.ROUNDS))))
                self.assertLess(used, 0.005)
                self.assertLess(peak, 1024)
                self.assertLess(left, self.MANY / 2)  # less than half a KiB of each
                self.assertEqual([event["type"] for event in watch.events() if event["type"] in ("listed", "delisted")], [])
                watch.stop()


if __name__ == "__main__":
    unittest.main()
