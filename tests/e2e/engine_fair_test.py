# SPDX-License-Identifier: Apache-2.0
"""The engine is fair and steady: paces hold, nobody waits for the dead, windows and time-outs fit, and time may jump. The
margins are for a busy machine; what they let pass is far from what each fault would do."""
import signal
import statistics
import struct
import time
import unittest
from pathlib import Path

from tests.e2e.engine_story import EngineStory, addresses, gaps, question, zones
from tests.support.daemon import bin_folder
from tests.support.dns_log import busiest

HERE = addresses()
VICTIM = HERE[77]
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def voluntary_switches(pid):
    """How often any of its threads has gone to sleep."""
    texts = [(task / "status").read_text("ascii") for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int(line.split()[1]) for text in texts for line in text.splitlines()
               if line.startswith("voluntary_ctxt_switches"))


class Paces(EngineStory):
    def assertPaced(self, dns, qps, zone=None):
        """A burst is a tenth of a second's worth; a little more for a sender held up between clock and socket."""
        self.time_for(qps * 3, lambda: dns.log.count(zone))
        times = [row.at for row in dns.log.rows(zone)]
        self.assertLessEqual(busiest(times), qps * 1.2)
        self.assertGreater(busiest(times), qps * 0.8)

    def test_a_zone_is_never_asked_more_than_its_qps_retries_included(self):
        dns = self.server("calm.test", "lossy.test")
        self.watching(dns, zones=zones("calm.test", qps=60) + zones("lossy.test", qps=90))
        dns.zones["lossy.test"].set_mode("lossy", of=2, spare_tests=True)
        for zone, qps in (("calm.test", 60), ("lossy.test", 90)):
            with self.subTest(zone):
                self.assertPaced(dns, qps, zone)

    def test_a_reload_gives_no_burst(self):
        dns = self.server()
        watch = self.watching(dns, bits=21, zones=zones("bl.test", qps=500))
        self.time_for(500, lambda: dns.log.total)
        for reloads in range(1, 6):
            watch.reload()
            self.eventually(lambda: watch.log().count("reloaded") == reloads, "a reload")
        self.assertPaced(dns, 500, "bl.test")

    def first_when_held_up(self, watch, dns, seconds, span):
        """The questions of a daemon that stood still for so long, from its first one on."""
        watch.process.signal(signal.SIGSTOP)
        began = time.monotonic()
        self.eventually(lambda: time.monotonic() >= began + seconds, "the daemon held up")
        since = time.monotonic()
        watch.process.signal(signal.SIGCONT)
        first = min(row.at for row in self.eventually(lambda: dns.log.rows(since=since), "the first question"))
        self.eventually(lambda: time.monotonic() > first + 2 * span, "all that came meanwhile read")
        return [row for row in dns.log.rows(since=first) if row.at < first + span]

    def test_a_burst_is_a_tenth_of_a_second(self):
        """The median of some, for the machine may hold it up once more."""
        qps = 500
        dns = self.server()
        watch = self.watching(dns, bits=21, zones=zones("bl.test", qps=qps))
        self.time_for(qps, lambda: dns.log.total)
        bursts = [len(self.first_when_held_up(watch, dns, 0.3, 0.02)) for _ in range(9)]
        self.assertTrue(0.08 * qps <= statistics.median(bursts) <= 0.14 * qps, bursts)

    def test_what_is_truncated_at_once_is_asked_again_at_the_pace(self):
        """Half of what two seconds allow is on its way, and lies truncated in the sockets after two more."""
        qps, late = 60, 2.0
        dns = self.server()
        dns.zones["bl.test"].set_mode("tc", spare_tests=True, seconds=late)
        watch = self.watching(dns, bits=22, zones=zones("bl.test", qps=qps), resolver={"timeout": "10s"})
        self.time_for(3 * late * qps, lambda: dns.log.total)
        over_tcp = [sum(row.transport == "tcp" for row in self.first_when_held_up(watch, dns, late, 0.25)) for _ in range(3)]
        self.assertTrue(0.1 * qps <= max(over_tcp) <= 0.5 * qps, over_tcp)

    def test_questions_asked_again_and_over_tcp_keep_to_the_pace(self):
        for mode in ("tc", "badcookie"):
            with self.subTest(mode):
                dns = self.server(cookies=mode == "badcookie")
                dns.zones["bl.test"].set_mode(mode, spare_tests=True)
                watch = self.watching(dns, zones=zones("bl.test", qps=60))
                self.assertPaced(dns, 60)
                watch.stop()

    def test_all_zones_together_are_never_asked_more_than_the_resolvers_qps(self):
        dns = self.server("a.test", "b.test", "c.test")
        dns.zones["a.test"].set_mode("lossy", of=2, spare_tests=True)
        self.watching(dns, zones=zones("a.test", "b.test", "c.test"), resolver={"qps": 150})
        self.assertPaced(dns, 150)
        self.assertEqual({row.zone for row in dns.log.rows(since=time.monotonic() - 2)}, {"a.test", "b.test", "c.test"})

    def test_zones_share_the_resolvers_qps_evenly_whatever_they_lose_or_truncate(self):
        names = ("a.test", "b.test", "c.test")
        for mode, args in (("loses", {"percent": 5}), ("loses", {"percent": 20}), ("tc", {})):
            with self.subTest(mode, **args):
                dns = self.server(*names)
                dns.zones["a.test"].set_mode(mode, spare_tests=True, **args)
                watch = self.watching(dns, zones=zones(*names), bits=22, resolver={"qps": 200})
                self.time_for(600, lambda: dns.log.total)
                since = time.monotonic()
                self.time_for(1600, lambda: dns.log.total)  # no sweep: every name but for retries is another lookup
                begun = {name: len({row.name for row in dns.log.rows(name, since=since)}) for name in names}
                for name in names:
                    self.assertGreaterEqual(begun[name], 0.8 * sum(begun.values()) / 3, begun)
                watch.stop()

    def test_a_dead_zone_takes_no_more_of_the_resolvers_qps_than_before(self):
        names = ("a.test", "b.test", "c.test")
        dns = self.server(*names)
        self.watching(dns, zones=zones(*names), bits=22, resolver={"qps": 90})
        self.time_for(180, lambda: dns.log.total)

        def lookups_begun():
            since = time.monotonic()
            self.time_for(270, lambda: dns.log.total)
            return len({row.name for name in names[1:] for row in dns.log.rows(name, since=since)}) / (time.monotonic() - since)
        before = lookups_begun()
        dns.zones["a.test"].set_mode("drop", spare_tests=True)
        self.time_for(90, lambda: dns.log.total)  # until its silence is known
        self.assertGreaterEqual(lookups_begun(), 0.85 * before)

    def test_targets_that_wait_for_the_pace_wake_nobody(self):
        dns = self.server("bl.test")
        config = self.watching_config(dns, resolver={"qps": 4})
        config["target"] = [{"host": f"mx{number}.example"} for number in range(300)]
        watch = self.install(config).start()
        self.time_for(4, lambda: dns.log.total)
        before, began = voluntary_switches(watch.process.pid), time.monotonic()
        self.time_for(12, lambda: dns.log.total)
        each_second = (voluntary_switches(watch.process.pid) - before) / (time.monotonic() - began)
        self.assertLess(each_second, 100)


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
