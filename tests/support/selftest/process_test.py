# SPDX-License-Identifier: Apache-2.0
"""Processes, ports and configuration text do what the other parts build on."""
import sys
import tempfile
import time
import tomllib
import unittest
from pathlib import Path

from tests.support import daemon, ports, toml_text
from tests.support.process import Process, Timeout, stays, wait_for


class Processes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def python(self, code):
        process = Process([sys.executable, "-c", code], self.folder, "child")
        self.addCleanup(process.__exit__, None, None, None)
        return process

    def test_output_and_exit_code_are_kept(self):
        child = self.python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
        self.assertEqual((child.wait(), child.output()), (3, "out\nerr\n"))

    def test_a_program_that_dies_while_it_should_get_ready_is_shown(self):
        child = self.python("import sys; sys.exit('no licence')")
        with self.assertRaisesRegex(AssertionError, "no licence"):
            child.ready(lambda: False)

    def test_stop_is_sigterm_and_kill_is_kill(self):
        code = "import signal; signal.signal(15, lambda *_: exit(7)); print('up', flush=True); signal.pause()"
        child = self.python(code)
        child.ready(lambda: "up" in child.output())
        self.assertEqual(child.stop(), 7)
        child = self.python("import signal; signal.pause()")
        self.assertEqual(child.kill(), -9)

    def test_waiting_ends_in_time_and_says_for_what(self):
        start = time.monotonic()
        with self.assertRaisesRegex(Timeout, "0.1 s passed without rain"):
            wait_for(lambda: False, 0.1, "rain")
        self.assertLess(time.monotonic() - start, 2)
        self.assertEqual(wait_for(lambda: 5), 5)
        with self.assertRaises(AssertionError):
            stays(lambda: False, 0.1, "nothing")


class Ports(unittest.TestCase):
    def test_an_address_of_ones_own_on_loopback(self):
        self.assertRegex(ports.own_address(), r"^127\.[1-9]\d*\.\d+\.[1-9]\d*$")
        udp, tcp = ports.bind_pair(ports.own_address())
        with udp, tcp:
            self.assertEqual(udp.getsockname(), tcp.getsockname())
            with self.assertRaises(OSError):
                ports.bind_pair(*udp.getsockname())


class Toml(unittest.TestCase):
    def test_what_is_written_reads_back(self):
        config = {"include": ["a"], "daemon": {"http": "", "jitter": 0.1, "x y": True},
                  "zone": [{"id": "a", "codes": {"127.0.0.2": "spam \"quoted\" ü\x7f\x1b"}, "kinds": ["ipv4"]}, {"id": "b"}]}
        self.assertEqual(tomllib.loads(toml_text.document(config)), config)
        quick = daemon.quick(["127.0.0.1:53"])
        self.assertEqual(tomllib.loads(toml_text.document(quick)), quick)


if __name__ == "__main__":
    unittest.main()
