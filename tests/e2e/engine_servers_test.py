# SPDX-License-Identifier: Apache-2.0
"""Which server is asked, and how much: the fast and the living, no resolver more than it can take, and nobody the same
twice. The margins are for a busy machine; what they let pass is far from what each fault would do."""
import time
import unittest

from tests.e2e.engine_story import HERE, EngineStory, gaps, question, zones
from tests.e2e.story import own_zone
from tests.e2e.system_faults_test import processor_seconds
from tests.support.dns_log import busiest
from tests.support.fault_dns import FaultDns

VICTIM = HERE[77]


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


if __name__ == "__main__":
    unittest.main()
