# SPDX-License-Identifier: Apache-2.0
"""The engine is fair and steady: paces hold, nobody waits for the dead, servers are asked what they can take, and time may
jump. The margins are for a busy machine; what they let pass is far from what each fault would do."""
import signal
import time
import unittest
from pathlib import Path

from tests.e2e.engine_story import EngineStory, addresses, gaps, question
from tests.e2e.story import own_zone
from tests.e2e.system_faults_test import processor_seconds
from tests.support.dns_log import busiest
from tests.support.fault_dns import FaultDns

HERE = addresses()
VICTIM = HERE[77]
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def voluntary_switches(pid):
    """How often any of its threads has gone to sleep."""
    texts = [(task / "status").read_text("ascii") for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int(line.split()[1]) for text in texts for line in text.splitlines()
               if line.startswith("voluntary_ctxt_switches"))


def zones(*names, **more):
    return [own_zone(name.partition(".")[0], name, **more) for name in names]


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

    def test_questions_asked_again_and_over_tcp_keep_to_the_pace(self):
        for mode in ("tc", "formerr_edns", "lower_case", "badcookie", "servfail"):
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


class Servers(EngineStory):
    def group(self, count=2, **more):
        servers = [self.server() for _ in range(count)]
        watch = self.watching(zones=zones("bl.test", servers=[dns.server for dns in servers]), **more)
        for dns in servers:
            self.eventually(lambda: dns.log.total, "every server asked")
        return watch, servers

    def share(self, one, other):
        """Of the next two sweeps, what part went to the one."""
        before = one.log.total, other.log.total
        self.time_for(2 * len(HERE), lambda: one.log.total + other.log.total)
        got = one.log.total - before[0], other.log.total - before[1]
        return got[0] / sum(got)

    def test_the_fastest_is_asked_and_the_others_probed(self):
        _, (one, other) = self.group()
        for slow, fast in ((one, other), (other, one)):
            fast.set_mode("ok")
            slow.set_mode("delay", seconds=0.15)
            self.eventually(lambda: self.share(fast, slow) > 0.85, "the fast one asked", 40)
            self.time_for(3, lambda: slow.log.total)

    def test_who_does_not_answer_is_left_alone_with_growing_pauses_and_noticed_when_back(self):
        for count in (1, 2):
            with self.subTest(servers=count):
                watch, servers = self.group(count, resolver={"timeout": "2s"})
                gone = servers[0]
                self.asked_all(servers[-1])
                gone.set_mode("drop")
                watch.wait_log("the server does not answer", 40)
                since = time.monotonic()
                self.eventually(lambda: gone.log.count(since=since) >= 4, "four probes", 30)
                rows = gone.log.rows(since=since)
                pauses = [rows[0].at - since, *gaps(rows)]
                self.assertGreater(max(pauses), 0.9)
                if count == 1:  # with two, a probe waits for the next lookup besides
                    self.assertLess(pauses[0], 0.6)
                    self.assertTrue(all(later > sooner * 0.8 for sooner, later in zip(pauses, pauses[1:])), pauses)
                self.assertLess(gone.log.count(since=since), 10)
                gone.set_mode("ok")
                watch.wait_log("the server answers again", 20)
                self.time_for(20, lambda: gone.log.total)

    def test_a_retry_goes_to_another_server(self):
        watch, (first, second) = self.group(2)
        second.set_mode("delay", seconds=0.1)  # so that the other one is asked first
        modes = dict(zip(HERE, ("drop", "servfail", "refused")))
        for subject, mode in modes.items():
            first.zones["bl.test"].set_mode(mode, subject=subject)
            second.zones["bl.test"].list(subject)
        since = time.monotonic()
        for subject, mode in modes.items():
            with self.subTest(mode):
                which = {"name": question(subject), "since": since}
                self.eventually(lambda: first.log.count(**which) >= 5, "five times asked of the first", 40)
                rows = sorted((row.at, dns is first) for dns in (first, second) for row in dns.log.rows(**which))
                next_was_other = [not later for (_, is_first), (_, later) in zip(rows, rows[1:]) if is_first]
                self.assertGreaterEqual(sum(next_was_other), 0.7 * len(next_was_other))
        self.wait_listed(watch, len(modes))

    def test_a_retry_goes_to_a_server_that_answers(self):
        watch, (gone, deaf, good) = self.group(3)
        good.zones["bl.test"].list(VICTIM)
        gone.set_mode("drop")
        watch.wait_log("the server does not answer", 40)
        deaf.zones["bl.test"].set_mode("drop", subject=VICTIM)
        since = time.monotonic()
        self.wait_listed(watch)
        self.assertLess(gone.log.count(since=since), 20)

    def test_who_fails_in_mass_is_asked_less_and_the_log_says_so_once(self):
        names = ("a.test", "b.test", "c.test")
        for mode, args in (("refused", {}), ("lossy", {"of": 3})):
            with self.subTest(mode):
                dns = self.server(*names)
                watch = self.watching(dns, zones=zones(*names), resolver={"attempts": 2})
                self.asked_all(dns)
                calm = self.time_for(2 * 3 * len(HERE), lambda: dns.log.total) / 6
                dns.set_mode(mode, spare_tests=True, **args)
                watch.wait_log("is asked less", 30)
                half_sweep = len(HERE) // 2
                self.eventually(lambda: self.time_for(half_sweep, lambda: dns.log.total) > 2 * calm, "a slower pace", 30)
                self.assertEqual(watch.log().count("is asked less"), 1)
                if mode == "lossy":
                    continue  # it may have seemed dead for a moment, after which a server begins anew
                dns.set_mode("ok")
                watch.wait_log("does well again", 40)
                self.eventually(lambda: self.time_for(half_sweep, lambda: dns.log.total) < 1.3 * calm, "the old pace", 30)
                self.assertEqual(watch.log().count("does well again"), 1)
                self.assertEqual(watch.log().count("is asked less"), 1)

    def test_the_only_zone_of_a_failing_resolver_is_asked_less_too(self):
        dns = self.server()
        watch = self.watching(dns)
        self.asked_all(dns)
        dns.set_mode("refused", spare_tests=True)
        watch.wait_log("is asked less", 30)
        self.eventually(lambda: self.time_for(len(HERE), lambda: dns.log.total) > 2, "a slower pace", 40)

    def test_a_resolver_taken_out_is_no_longer_shown(self):
        one, other = self.server(), self.server()
        watch = self.watching(one, other)
        shown = lambda status: {row["server"] for row in status["resolvers"]}
        watch.wait_status(lambda s: shown(s) == {one.server, other.server}, "two resolvers")
        config = self.watching_config(other)
        watch.write_config(config)
        watch.reload()
        watch.wait_status(lambda s: shown(s) == {other.server}, "one resolver", 40)


    def test_a_resolver_that_is_gone_or_silent_costs_nothing_and_returns_without_a_burst(self):
        qps, names = 60, ("a.test", "b.test", "c.test")
        for how, leave, return_ in (("gone", FaultDns.close_ports, FaultDns.open_ports),
                                    ("silent", lambda dns: dns.set_mode("drop"), lambda dns: dns.set_mode("ok"))):
            with self.subTest(how):
                dns = self.server(*names)
                watch = self.watching(dns, zones=zones(*names), resolver={"qps": qps, "timeout": "200ms"})
                self.asked_all(dns)
                leave(dns)
                watch.wait_log("does not answer", 40)
                used, began = processor_seconds(watch.process.pid), time.monotonic()
                self.eventually(lambda: time.monotonic() >= began + 4, "four seconds without a server")
                self.assertLess(processor_seconds(watch.process.pid) - used, 0.05 * (time.monotonic() - began))
                probes = [row.at for row in dns.log.rows(since=began + 1)]
                self.assertLessEqual(busiest(probes, 0.9), 1)  # one a second at last
                return_(dns)
                self.time_for(3 * qps, lambda: dns.log.total)
                self.assertLessEqual(busiest(row.at for row in dns.log.rows()), qps * 1.2)
                watch.stop()


class Duplicates(EngineStory):
    def test_a_question_that_several_ask_is_asked_once(self):
        dns = self.server()
        dns.zone("dbl.test", ("domain",)).set_mode("delay", seconds=0.3)
        config = self.config(dns, zone=[own_zone(dns="dbl.test", kinds=("domain",))], target=[
            {"domain": name} for name in ("a.example.com", "b.example.com", "c.example.com", "only.example.org")])
        self.install(config).start(wait=False)
        self.eventually(lambda: dns.log.count(name="example.org.dbl.test") >= 6, "six sweeps")
        shared, single = (dns.log.count(name=f"{name}.dbl.test") for name in ("example.com", "example.org"))
        self.assertLessEqual(shared, single * 1.5)

    def test_a_server_that_two_groups_share_is_never_asked_the_same_twice_at_a_time(self):
        delay = 0.3
        dns = self.server()
        dns.set_mode("delay", seconds=delay)
        self.watching(dns, zones=[own_zone("own", servers=[dns.server]), own_zone("through")])
        self.asked_all(dns)
        self.time_for(8 * len(HERE), lambda: dns.log.total)
        self.assertEqual({row.rd for row in dns.log.rows()}, {True, False})  # in both roles
        close = [name for name in {row.name for row in dns.log.rows()}
                 if min(gaps(dns.log.rows(name=name)), default=delay) < 0.9 * delay]
        self.assertEqual(close, [])


class Clocks(EngineStory):
    def check(self, jump, **how):
        """Something happens to the clock: no second with more than the pace, and the sweeps go on."""
        dns = self.server()
        dns.zones["bl.test"].list(VICTIM)
        watch = self.watching(dns, zones=zones("bl.test", qps=100), **how)
        self.asked_all(dns)
        self.wait_listed(watch)
        jump(watch)
        since = time.monotonic()
        self.time_for(3 * len(HERE), lambda: dns.log.count("bl.test"))
        self.assertEqual({row.name for row in self.pairs(dns, since=since)}, {question(address) for address in HERE})
        self.assertLessEqual(busiest(row.at for row in dns.log.rows("bl.test")), 100 * 1.2)
        self.assertEqual([event["type"] for event in watch.events()], ["listed"])
        self.assertNoCrash(watch)

    def test_a_jump_of_the_wall_clock(self):
        for days in (400, -400):
            with self.subTest(days=days):
                file = self.folder / f"clock{days}"
                file.write_text("+0")
                env = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
                       "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
                self.check(lambda _: file.write_text(f"{days:+}d"), env=env)

    def test_a_machine_that_slept(self):
        def sleep(watch):
            watch.process.signal(signal.SIGSTOP)
            began = time.monotonic()
            self.eventually(lambda: time.monotonic() >= began + 6, "six seconds of sleep")
            watch.process.signal(signal.SIGCONT)
        self.check(sleep)  # longer than what passes for a busy machine


if __name__ == "__main__":
    unittest.main()
