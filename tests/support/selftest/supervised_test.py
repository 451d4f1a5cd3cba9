# SPDX-License-Identifier: Apache-2.0
"""How the runner of all tests runs a program, and what it shows of one that failed: in a record of CI there is
nothing else to go by."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))
from supervised import Finished, run  # noqa: E402


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
        self.assertEqual(said, ["0", "19"])

    def test_what_takes_too_long_is_ended_with_its_children(self):
        done = run(["sh", "-c", "echo begun; sleep 600 & wait"], cwd="/", limit=1)
        self.assertEqual((done.output, done.timed_out, done.ending()), ("begun\n", True, "stopped after 1 s"))


if __name__ == "__main__":
    unittest.main()
