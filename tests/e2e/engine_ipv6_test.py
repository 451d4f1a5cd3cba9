# SPDX-License-Identifier: Apache-2.0
"""Servers over IPv6 are asked, believed and given up like those over IPv4."""
import unittest

from tests.e2e.engine_story import HERE, LISTED, EngineStory, zones
from tests.support.ports import have_ipv6

VICTIM = HERE[77]


@unittest.skipUnless(have_ipv6(), "this machine has no ::1")
class Ipv6(EngineStory):
    """Of two zones one is asked of its own server, the other of a resolver."""

    OWN, THROUGH = LISTED, HERE[1::8]
    ALL = [*OWN, *THROUGH]

    def both_ways(self, mode, **args):
        own, through = (self.besieged(mode, zone=zone, listed=listed, address="::1", **args)
                        for zone, listed in (("own.test", self.OWN), ("through.test", self.THROUGH)))
        asked = [*zones("own.test", servers=[own.server]), *zones("through.test")]
        return self.watching(through, zones=asked), own, through

    def test_junk_is_ignored_and_the_truth_behind_it_taken(self):
        watch, own, through = self.both_ways("junk", count=18)
        self.assertTrueVerdicts(watch, self.ALL)
        self.assertNoOtherVote(own, "own.test", self.OWN)
        self.assertNoOtherVote(through, "through.test", self.THROUGH)
        lowest = min(row.source[1] for dns in (own, through) for row in dns.log.rows())
        self.assertLess(lowest, 30_000, "ports that the kernel has chosen")

    def test_what_is_truncated_is_asked_over_tcp(self):
        watch, own, through = self.both_ways("tc")
        self.assertTrueVerdicts(watch, self.ALL)
        for dns in (own, through):
            self.assertEqual(len({row.name for row in dns.log.rows() if row.transport == "tcp"}), len(HERE))

    def test_a_closed_port_is_an_error_of_the_network_until_it_opens(self):
        watch, own, through = self.both_ways("ok")
        self.assertTrueVerdicts(watch, self.ALL)
        for dns in (own, through):
            dns.close_ports()
        causes = lambda s: (s["resolvers"][0]["cause"], {(row["zone"], row["cause"]) for row in s["unknowns"]})
        unreachable = "network", {("own", "network"), ("through", "network")}
        watch.wait_status(lambda s: causes(s) == unreachable, "ICMPv6: port unreachable", 40)
        for dns in (own, through):
            dns.open_ports()
        status = watch.wait_status(lambda s: causes(s) == (None, set()), "all seen again", 60)
        self.assertEqual({row["subject"] for row in status["listings"]}, set(self.ALL))

    def test_the_sockets_of_both_families_are_kept_apart(self):
        """Of so few descriptors that they soon carry more questions: one of the wrong family can't be sent."""
        servers = {zone: self.server(zone, address=address) for zone, address in (("a.test", "127.0.0.1"), ("b.test", "::1"))}
        config = self.watching_config(zones=[zone for name, dns in servers.items()
                                             for zone in zones(name, servers=[dns.server])])
        watch = self.install(config).start(prefix=["prlimit", "--nofile=256:256"])
        self.time_for(8 * len(HERE), lambda: sum(dns.log.total for dns in servers.values()))
        self.assertIn("fewer ports", watch.log())
        self.assertNotRegex(watch.log(), r"unanswered=3\b")  # so few of them only where none could be sent

    def test_where_one_family_is_dead_the_other_serves(self):
        for dead_one, family in enumerate(("IPv4", "IPv6")):
            with self.subTest(dead=family):
                servers = [self.server(address=address) for address in ("127.0.0.1", "::1")]
                watch = self.watching(zones=zones("bl.test", servers=[dns.server for dns in servers]))
                for dns in servers:
                    self.eventually(lambda: dns.log.total, "every server asked")
                watch.wait_seeing()
                dead, living = servers[dead_one], servers[1 - dead_one]
                dead.close_ports()
                watch.wait_log("the server does not answer", 40)
                living.zones["bl.test"].list(VICTIM)
                self.assertTrueVerdicts(watch, [VICTIM])
                dead.open_ports()
                watch.wait_log("the server answers again", 20)
                watch.stop()


if __name__ == "__main__":
    unittest.main()
