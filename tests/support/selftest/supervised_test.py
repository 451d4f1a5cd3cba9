# SPDX-License-Identifier: Apache-2.0
"""How the runner of all tests runs a program, and what it shows of one that failed: in a record of CI there is
nothing else to go by."""
import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))
from supervised import Finished, Sessions, run  # noqa: E402


def is_running(pid):
    """Whether the process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Faults(unittest.TestCase):
    def test_each_failure_is_shown_wherever_it_stands(self):
        passed = [f"ok     test_{number} (0.1 s)" for number in range(200)]
        failure = ["FAILED first (1.0 s)", "Traceback", "AssertionError: 3 != 2", ""]
        output = "\n".join([*passed, *failure, *passed, "FAILED second", "why", "5 passed, 2 failed"])
        shown = Finished(1, output, False, 60).faults(120).splitlines()
        self.assertEqual(shown, [*failure, "FAILED second", "why", "5 passed, 2 failed"])

    def test_a_runner_that_died_shows_its_end(self):
        self.assertEqual(Finished(-9, "\n".join(map(str, range(50))), False, 60).faults(3), "47\n48\n49")


class Ways(unittest.TestCase):
    def test_what_gives_way_is_of_the_least_priority(self):
        said = [run(["nice"], cwd="/", limit=60, gives_way=way).output.strip() for way in (False, True)]
        self.assertEqual(said, [str(os.nice(0)), "19"])

    def test_what_takes_too_long_is_ended_with_its_children(self):
        done = run(["sh", "-c", "sleep 600 & echo $!; wait"], cwd="/", limit=3)
        self.assertEqual((done.timed_out, done.ending()), (True, "stopped after 3 s"))
        deadline = time.monotonic() + 60
        while is_running(int(done.output)) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse(is_running(int(done.output)))

    def test_an_end_to_all_ends_what_runs_and_lets_nothing_begin(self):
        sessions = Sessions()
        child = sessions.begin(lambda: subprocess.Popen(["sleep", "600"], start_new_session=True))
        sessions.end_all()
        self.assertEqual(child.wait(60), -signal.SIGKILL)
        sessions.end(child)
        with self.assertRaises(KeyboardInterrupt):
            sessions.begin(lambda: self.fail("begun all the same"))


if __name__ == "__main__":
    unittest.main()
