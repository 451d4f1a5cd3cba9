# SPDX-License-Identifier: Apache-2.0
"""Where several zones or servers fail at once, the others go on: that each is dealt with alone is not enough. The margins
are for a busy machine."""
import time
import unittest

from tests.e2e.engine_story import EngineStory, gaps, zones


class Crowds(EngineStory):
    def time_of_two_sweeps(self, dns, *names, subjects=128):
        return max(self.time_for(2 * subjects, lambda: dns.log.count(name)) for name in names)

    def test_a_server_that_fails_in_mass_leaves_the_lookups_to_another(self):
        names = ("a.test", "b.test", "c.test")
        for mode, args in (("refused", {}), ("loses", {"percent": 60})):
            with self.subTest(mode):
                bad, good = self.server(*names), self.server(*names)
                good.set_mode("delay", seconds=0.05)  # so that the other one is asked first
                watch = self.watching(bad, good, zones=zones(*names))
                self.asked_all(bad)
                before = self.time_of_two_sweeps(bad, *names)
                bad.set_mode(mode, **args)
                watch.wait_log("is asked less", 30)
                self.eventually(lambda: self.time_of_two_sweeps(good, *names) < 1.5 * before + 1.0, "all from the other one", 60)
                watch.stop()

    def test_zones_that_die_together_take_no_resolver_with_them(self):
        """Dead and living zones, and the pace: the dead ones are asked one after the other."""
        for dead_count, living_count, qps in ((2, 18, 100), (6, 14, 500)):
            with self.subTest(dead=dead_count):
                dead, living = ([f"{letter}{i}.test" for i in range(count)]
                                for letter, count in (("x", dead_count), ("l", living_count)))
                dns = self.server(*dead, *living)
                watch = self.watching(dns, zones=zones(*dead, *living), resolver={"qps": qps, "timeout": "2s"})
                self.time_for(4 * qps, lambda: dns.log.total)
                for zone in dead:
                    dns.zones[zone].set_mode("drop", spare_tests=True)
                since = time.monotonic()
                self.eventually(lambda: time.monotonic() > since + 10, "ten seconds with the dead")
                of_living = [row for zone in living for row in dns.log.rows(zone, since=since)]
                self.assertGreater(len(of_living), 0.5 * len(dns.log.rows(since=since)))
                self.assertLess(max(gaps(of_living)), 2.5)
                for words in ("does not answer", "is asked less"):
                    self.assertNotIn(words, watch.log())
                watch.stop()

    def test_slow_zones_delay_nobody_however_many(self):
        for slow_count, more in ((4, {"in_flight": 256}), (8, {})):
            with self.subTest(slow=slow_count, **more):
                slow, living = [f"s{i}.test" for i in range(slow_count)], ["d.test", "e.test"]
                dns = self.server(*slow, *living)
                watch = self.watching(dns, bits=24, zones=zones(*slow, *living), resolver={"timeout": "2s", **more})
                self.asked_all(dns)
                before = self.time_of_two_sweeps(dns, *living, subjects=256)
                for zone in slow:
                    dns.zones[zone].set_mode("delay", seconds=0.8, spare_tests=True)
                asked = dns.log.count(slow[0])
                self.eventually(lambda: dns.log.count(slow[0]) > asked, "the slow")
                for _ in range(3):
                    self.eventually(lambda: self.time_of_two_sweeps(dns, *living, subjects=256) < 1.5 * before + 1.0,
                                    "two sweeps in their usual time", 30)
                each = [dns.log.count(zone) for zone in slow]
                self.time_for(200, lambda: sum(dns.log.count(zone) for zone in slow))
                self.assertTrue(all(dns.log.count(zone) > count for zone, count in zip(slow, each)), "each slow one has its part")
                watch.stop()


if __name__ == "__main__":
    unittest.main()
