# SPDX-License-Identifier: Apache-2.0
"""The engine is fair and steady: nobody waits for the dead, windows and time-outs fit, and time may jump. The margins are
for a busy machine; what they let pass is far from what each fault would do."""
import signal
import struct
import time
import unittest

from tests.e2e.engine_story import HERE, EngineStory, gaps, question, zones
from tests.support.daemon import bin_folder
from tests.support.dns_log import busiest

VICTIM = HERE[77]
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


class TheDeadAndTheSlow(EngineStory):
    """Two sweeps of the living take two seconds, whatever becomes of the others."""

    LIVING, IN_FLIGHT, SUBJECTS = ("d.test", "e.test"), 256, 256

    def two_sweeps(self, dns):
        return max(self.time_for(2 * self.SUBJECTS, lambda: dns.log.count(zone)) for zone in self.LIVING)

    def assertUndelayed(self, dns, before, since):
        """Perhaps not at the first look: where the machine stood still, the living too are asked less for some seconds."""
        self.eventually(lambda: self.two_sweeps(dns) < 1.5 * before + 1.0, "two sweeps in their usual time", 60)
        for zone in self.LIVING:
            self.assertLess(max(gaps(dns.log.rows(zone, since=since))), 2.5)  # a sweep begins each second

    def world(self):
        """The servers of all, and of a zone that has one of its own; and how long the living take."""
        dns, own = self.server("bad.test", *self.LIVING), self.server("own.test")
        self.watching(dns, bits=24, resolver={"in_flight": self.IN_FLIGHT},
                      zones=zones("bad.test", *self.LIVING) + zones("own.test", servers=[own.server]))
        for server in (dns, own):
            self.asked_all(server)
        return dns, own, self.two_sweeps(dns)

    def test_a_dead_server_and_a_dead_zone_delay_nobody_and_take_a_bounded_share(self):
        dns, own, before = self.world()
        for zone in (own.zones["own.test"], dns.zones["bad.test"]):
            with self.subTest(zone.name):
                since = time.monotonic()
                zone.set_mode("drop", spare_tests=True)
                self.assertUndelayed(dns, before, since)
        first = {}
        for row in self.pairs(dns, "bad.test", since):
            first.setdefault(row.name, row.at)
        # None of these ends within its time-out of a second: those begun in one are all in flight at its end.
        self.assertGreater(len(first), 8)
        self.assertLessEqual(busiest(first.values()), self.IN_FLIGHT * 0.75)

    def test_a_slow_server_and_a_slow_zone_delay_nobody(self):
        dns, own, before = self.world()
        for zone in (own.zones["own.test"], dns.zones["bad.test"]):
            with self.subTest(zone.name):
                since = time.monotonic()
                zone.set_mode("delay", seconds=0.8, spare_tests=True)
                self.assertUndelayed(dns, before, since)


class Windows(EngineStory):
    def first_window(self):
        """How many go before the first answer, of a server that is slow; then the window grows."""
        dns = self.server()
        dns.set_mode("delay", seconds=0.2)
        watch = self.watching(zones=zones("bl.test", servers=[dns.server]), bits=21)
        self.eventually(lambda: busiest([row.at for row in self.pairs(dns)], 0.18) > 250, "a window of more than 250")
        watch.stop()
        at = [row.at for row in self.pairs(dns)]
        return sum(1 for moment in at if moment < at[0] + 0.18)

    def test_a_window_starts_at_a_hundred_and_grows_while_answers_come_faster(self):
        """The widest of a few, for a machine that stands still sends less."""
        first = [self.first_window()]
        while first[-1] < 90 and len(first) < 4:
            first.append(self.first_window())
        self.assertTrue(90 <= max(first) <= 110, first)

    def test_a_window_shrinks_to_what_a_server_can_take(self):
        self.assertShrinks()

    def test_a_window_shrinks_where_attempts_end_before_four_round_trips(self):
        self.assertShrinks(timeout="300ms")

    def assertShrinks(self, **resolver):
        dns = self.server()
        dns.set_mode("crowded", limit=60, seconds=0.1)
        self.watching(zones=zones("bl.test", servers=[dns.server]), bits=20, resolver=resolver)
        dropped = dns.zones["bl.test"].modes[""].args
        self.eventually(lambda: dropped.get("dropped", 0) >= 40, "a window that was too large")

        def next_share_lost():
            before = dropped["dropped"]
            self.time_for(500, lambda: dns.log.total)
            return (dropped["dropped"] - before) / 500
        self.eventually(lambda: next_share_lost() < 0.03, "a window that fits", 40)


class TimeOuts(EngineStory):
    def pause_before_second_try(self, dns):
        """Of a question that gets no answer; it gets some before and after."""
        zone, asked = dns.zones["bl.test"], lambda: dns.log.count(name=question(VICTIM))
        self.time_for(2, asked)
        zone.set_mode("drop", subject=VICTIM)
        since = time.monotonic()
        self.time_for(2, asked)
        zone.set_mode("ok", subject=VICTIM)
        return gaps(dns.log.rows(name=question(VICTIM), since=since))[0]

    def test_they_follow_the_round_trip_between_a_floor_and_the_timeout(self):
        """Delay, and the pause at least and at most: that perhaps not at once, for where the machine stood still, replies
        seemed slower than they are."""
        for delay, least, most in ((0.0, 0.045, 1.2), (0.15, 0.5, 1.9), (0.7, 1.9, 2.7)):
            with self.subTest(delay=delay):
                dns = self.server()
                dns.set_mode("delay", seconds=delay)
                self.watching(zones=zones("bl.test", servers=[dns.server]), resolver={"timeout": "2s"})
                self.asked_all(dns)
                pauses = [self.pause_before_second_try(dns)]
                while pauses[-1] > most and len(pauses) < 5:
                    pauses.append(self.pause_before_second_try(dns))
                self.assertGreaterEqual(min(pauses), least)
                self.assertLessEqual(pauses[-1], most)


class Clocks(EngineStory):
    def check(self, jump, seconds=0.0, **how):
        """Something happens to the clock: no second with more than the pace, and the sweeps go on. seconds: until a
        question is answered."""
        dns = self.server()
        dns.set_mode("delay", seconds=seconds)
        dns.zones["bl.test"].list(VICTIM)
        watch = self.watching(dns, zones=zones("bl.test", qps=100, servers=[dns.server]), **how)
        self.asked_all(dns)
        self.wait_listed(watch)
        jump(watch, dns)
        since = time.monotonic()
        self.time_for(3 * len(HERE), lambda: dns.log.count("bl.test"))
        self.assertEqual({row.name for row in self.pairs(dns, since=since)}, {question(address) for address in HERE})
        self.assertLessEqual(busiest(row.at for row in dns.log.rows("bl.test")), 100 * 1.2)
        self.assertEqual([event["type"] for event in watch.events()], ["listed"])
        self.assertNoCrash(watch)
        return watch

    def test_a_jump_of_the_wall_clock(self):
        for days in (400, -400):
            with self.subTest(days=days):
                file = self.folder / f"clock{days}"
                file.write_text("+0")
                env = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
                       "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
                self.check(lambda *_: file.write_text(f"{days:+}d"), env=env)

    def test_a_machine_that_slept(self):
        def sleep(watch, _):
            watch.process.signal(signal.SIGSTOP)
            began = time.monotonic()
            self.eventually(lambda: time.monotonic() >= began + 6, "six seconds of sleep")
            watch.process.signal(signal.SIGCONT)
        self.check(sleep)  # longer than what passes for a busy machine

    def test_a_machine_that_slept_for_hours_with_questions_on_their_way(self):
        """Their time is over at the first look after it, and nobody is to blame, though all were sent after the last
        reply: a server of its own is called dead for eight of them."""
        file = self.folder / "slept"
        file.write_bytes(struct.pack("q", 0))
        env = {"LD_PRELOAD": str(bin_folder().parent / "tests" / "slept_clock.so"), "RBLWATCH_SLEPT": str(file)}

        told_before = []

        def sleep(watch, dns):
            dns.set_mode("drop")
            self.time_for(80, lambda: dns.log.total)  # the first 60 see those answered that were on their way
            told_before.append(len(watch.log()))  # a busy machine may have been long enough about it
            with file.open("r+b") as slept:
                slept.write(struct.pack("q", 6 * 3600))
            dns.set_mode("ok")
        watch = self.check(sleep, seconds=0.6, env=env, resolver={"timeout": "10s"})
        for words in ("does not answer", "is asked less"):
            self.assertNotIn(words, watch.log()[told_before[0]:])


if __name__ == "__main__":
    unittest.main()
