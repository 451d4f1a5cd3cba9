# SPDX-License-Identifier: Apache-2.0
"""Questions over TCP to many servers at a time: the connections are few, and yet each server has its turn."""
import unittest

from tests.e2e.engine_story import EngineStory, addresses, zones
from tests.support.fault_dns import open_connections

SERVERS = 40  # two connections to each are more than there may be


class ManyServers(EngineStory):
    def watch_all(self, silent=0, seconds=0.3, bits=28, timeout="1s"):
        """Each server has a zone, and answers its pairs over TCP after a while; the first ones never do."""
        self.most = self.most_to_one = 0
        self.subjects = addresses(bits)
        self.servers = []
        for number in range(SERVERS):
            mode = "tc_silent" if number < silent else "tc_late"
            self.servers.append(self.besieged(mode, zone=f"z{number}.test", listed=self.listed(number), seconds=seconds))
        self.good = {f"z{number}": self.servers[number] for number in range(silent, SERVERS)}
        asked = [zones(*dns.zones, servers=[dns.server]) for dns in self.servers]
        return self.watching(bits=bits, zones=sum(asked, []), resolver={"timeout": timeout})

    def listed(self, number):
        return [self.subjects[(number + other) % len(self.subjects)] for other in (0, 5)]

    def look(self):
        counts = open_connections(*self.servers)
        self.most, self.most_to_one = max(self.most, sum(counts)), max(self.most_to_one, *counts)

    def assertAllSeen(self, watch):
        """What the good ones say of each pair is believed, and nothing else."""
        def is_seen(status):
            self.look()
            doubted = {row["zone"] for row in status["unknowns"]}
            return not doubted & self.good.keys() and status["summary"]["listed"] == len(true)
        true = {(subject, zone) for zone in self.good for subject in self.listed(int(zone[1:]))}
        status = watch.wait_status(is_seen, "every pair of the good ones seen", 60)
        self.assertEqual({(row["subject"], row["zone"]) for row in status["listings"]}, true)
        self.assertEqual({event["type"] for event in watch.events()}, {"listed"})

    def assertAllSwept(self, sweeps=5):
        """Again and again, and none of them much less than another."""
        def swept():
            self.look()
            return [self.answered(dns) - before for dns, before in zip(self.good.values(), asked)]
        asked = [self.answered(dns) for dns in self.good.values()]
        self.eventually(lambda: min(swept()) >= sweeps * len(self.subjects), f"{sweeps} sweeps of each", 40)
        self.assertLess(max(swept()), 2 * sweeps * len(self.subjects))

    def answered(self, dns):
        return sum(row.transport == "tcp" for row in dns.log.rows())

    def assertFewConnections(self):
        self.assertLessEqual(self.most_to_one, 2)
        self.assertLessEqual(self.most, 64)
        self.assertGreater(self.most, 60, "not all connections are used")

    def test_forty_servers_share_the_connections(self):
        watch = self.watch_all()
        self.assertAllSeen(watch)
        self.assertAllSwept()
        self.assertFewConnections()

    def test_where_no_connection_ever_idles_each_server_has_one_all_the_same(self):
        watch = self.watch_all(seconds=1.5, bits=26, timeout="4s")
        self.assertAllSeen(watch)
        self.assertAllSwept(3)
        self.assertFewConnections()

    def test_those_that_never_answer_over_tcp_leave_the_others_their_turn(self):
        for silent in (5, 32):  # so many could hold all connections for a while
            with self.subTest(silent=silent):
                watch = self.watch_all(silent)
                self.assertAllSeen(watch)
                self.assertAllSwept()
                self.assertFewConnections()
                watch.stop()


if __name__ == "__main__":
    unittest.main()
