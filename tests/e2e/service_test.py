# SPDX-License-Identifier: Apache-2.0
"""What a service manager does to the daemon: signals at any moment, and a watchdog that wants to be fed."""
import os
import signal
import socket
import unittest
from pathlib import Path

from tests.e2e.story import MX1, Story
from tests.support.process import stays

WATCHDOG_S = 2


class Starting(Story):
    """A start that reads its files for long: strace holds up one of them."""

    def setUp(self):
        super().setUp()
        # A shell's background job ignores SIGINT, and so would what it starts.
        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler))
        self.watch = self.install(self.config(self.resolver(), target=[{"file": "targets.txt"}]))
        self.targets = self.watch.folder / "targets.txt"
        self.targets.write_text(f"{MX1} name=mx1\n")

    def start_reading(self):
        """-D: the daemon keeps its own pid."""
        self.watch.start(wait=False, prefix=["strace", "-D", "-f", "-qq", "-o", os.devnull, "-P", str(self.targets),
                                             "-e", "trace=openat", "-e", "inject=openat:delay_exit=3000000:when=1"])
        files = Path(f"/proc/{self.watch.process.pid}/fd")
        self.eventually(lambda: any(self.is_targets(file) for file in files.iterdir()), "the daemon reading")

    def is_targets(self, file):
        try:
            return file.readlink() == self.targets
        except OSError:  # closed meanwhile
            return False

    def test_a_reload_that_is_asked_for_meanwhile_comes_afterwards(self):
        self.start_reading()
        self.watch.reload()
        self.watch.wait_log("rblwatchd started", 20)
        self.watch.wait_log("configuration reloaded", 20)
        self.assertNoCrash(self.watch)

    def test_what_ends_it_ends_it_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.start_reading()
            self.watch.process.signal(number)
            self.assertEqual(self.watch.process.wait(), -number)


class Watchdog(Story):
    def setUp(self):
        super().setUp()
        self.told = self.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.told.bind(str(self.folder / "notify"))
        self.told.setblocking(False)
        env = {"NOTIFY_SOCKET": str(self.folder / "notify"), "WATCHDOG_USEC": str(WATCHDOG_S * 1_000_000)}
        self.watch = self.install(self.config(self.resolver()), env=env).start()

    def words(self):
        """What was told since the last look."""
        words = []
        while True:
            try:
                words += self.told.recv(4096).decode().split("\n")
            except BlockingIOError:
                return words

    def test_it_is_fed_when_nothing_happens(self):
        self.words()
        self.eventually(lambda: "WATCHDOG=1" in self.words(), "food", 2 * WATCHDOG_S)

    def test_signals_that_come_faster_than_its_time_don_t_starve_it(self):
        self.words()
        words = []

        def storm():
            self.watch.reload()
            words.extend(self.words())
            return True
        stays(storm, 2 * WATCHDOG_S, "the storm", step=WATCHDOG_S / 8)
        self.assertIn("RELOADING=1", words)
        self.assertGreaterEqual(words.count("WATCHDOG=1"), 2)


if __name__ == "__main__":
    unittest.main()
