# SPDX-License-Identifier: Apache-2.0
"""What the kernel may refuse: room for a packet, a route, a permission, a descriptor. strace says no in its place,
now and then or for a while; nothing is lost, nothing is believed, and the daemon neither spins nor ends."""
import os
import time
import unittest

from tests.e2e.story import MX1, Story, own_zone, target
from tests.support.dns_log import busiest

NOW_AND_THEN = "when=12+3"
FOR_A_WHILE = "when=30..90"
UNTIL_PROBED_TEN_TIMES = "when=30..40"  # a server that can't be reached is asked once a second
TRACE = "trace"
PACE = 60  # questions a second over all: what is refused must not be taken from it for good
EVENTS_OF_SILENCE = {"zone_blind", "zone_seeing", "resolver_blind", "resolver_seeing"}


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class SystemFaults(Story):
    def world(self, call, error, when, attempts=2):
        """MX1 listed on three zones, two more addresses that are clear; the daemon under strace (-D: the daemon
        keeps its own pid), which notes these calls and slows down no others."""
        names = ("a.test", "b.test", "c.test")
        dns = self.resolver(*names)
        for name in names:
            dns.zones[name].list(MX1, txt="why")
        config = self.config(dns, zone=[own_zone(f"z-{name[0]}", name) for name in names],
                             target=[target(), target("192.0.2.11", "mx2"), target("192.0.2.12", "mx3")],
                             resolver={"qps": PACE, "attempts": attempts})
        self.watch = self.install(config)
        self.watch.start(prefix=["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", str(self.watch.folder / TRACE),
                                 "-e", f"trace={call}", "-e", f"inject={call}:error={error}:{when}"])
        return dns

    def refused(self):
        """How many calls were, so far."""
        return (self.watch.folder / TRACE).read_text("utf-8", "replace").count("(INJECTED)")

    def assertHolds(self, dns):
        self.wait_listed(self.watch, 3)
        self.sweeps(dns, *(f"11.2.0.192.{name}" for name in ("a.test", "b.test", "c.test")), timeout=40)
        status = self.watch.wait_seeing(3, 40)
        self.assertEqual(status["summary"]["listed"], 3)
        told = [event["type"] for event in self.watch.events() if event["type"] not in EVENTS_OF_SILENCE]
        self.assertEqual(told, ["listed"] * 3)
        self.assertNoCrash(self.watch)
        self.assertLess(processor_seconds(self.watch.process.pid), 5)

    def test_no_room_for_a_packet_now_and_then(self):
        for error in ("ENOBUFS", "EAGAIN"):
            with self.subTest(error):
                self.assertHolds(self.world("sendmmsg", error, NOW_AND_THEN))

    def test_no_permission_or_no_route_now_and_then(self):
        """Each refusal is an attempt that failed. Of three in a row, as of two, so many lookups would come to nothing that
        there is seldom a moment at which all is known."""
        for error in ("EPERM", "ENETUNREACH"):
            with self.subTest(error):
                self.assertHolds(self.world("sendmmsg", error, NOW_AND_THEN, attempts=4))

    def test_a_network_that_goes_away_and_returns(self):
        dns = self.world("sendmmsg", "ENETUNREACH", UNTIL_PROBED_TEN_TIMES)
        self.assertHolds(dns)
        self.assertLessEqual(busiest(row.at for row in dns.log.rows()), PACE * 1.2)

    def test_what_stays_refused_costs_nothing(self):
        """Whether each question fails at once, or all of them wait for room."""
        for call, error, waits in (("sendmmsg", "ENETUNREACH", False), ("sendmmsg", "EPERM", False),
                                   ("sendmmsg", "ENOBUFS", True), ("sendmmsg", "EAGAIN", True), ("socket", "EMFILE", True)):
            with self.subTest(error):
                dns = self.world(call, error, "when=30+1")
                if waits:
                    self.eventually(self.refused, "the first refusal", 40)
                else:
                    self.watch.wait_log("does not answer", 40)
                pid, refused = self.watch.process.pid, self.refused()
                used, began = processor_seconds(pid), time.monotonic()
                self.eventually(lambda: time.monotonic() >= began + 3, "three seconds of refusals")
                self.assertLess(processor_seconds(pid) - used, 0.05 * (time.monotonic() - began))
                self.assertGreater(self.refused(), refused)  # there was something to send
                self.assertEqual(dns.log.count(since=began), 0)
                self.assertNoCrash(self.watch)
                self.watch.kill()

    def test_a_buffer_that_stays_full_for_a_while(self):
        self.assertHolds(self.world("sendmmsg", "ENOBUFS", FOR_A_WHILE))

    def test_no_descriptor_for_a_while(self):
        self.assertHolds(self.world("socket", "EMFILE", FOR_A_WHILE))


if __name__ == "__main__":
    unittest.main()
