# SPDX-License-Identifier: Apache-2.0
"""The paces hold, whatever is asked again, truncated, lost, held up or reloaded, and who waits for them costs nothing. The
margins are for a busy machine; what they let pass is far from what each fault would do."""
import signal
import statistics
import time
import unittest
from pathlib import Path

from tests.e2e.engine_story import EngineStory, zones
from tests.support.dns_log import busiest


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


if __name__ == "__main__":
    unittest.main()
