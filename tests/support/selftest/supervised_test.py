# SPDX-License-Identifier: Apache-2.0
"""What the runner of all tests shows of a stage that failed: in a record of CI there is nothing else to go by."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))
from supervised import Finished  # noqa: E402


class Faults(unittest.TestCase):
    def test_each_failure_is_shown_wherever_it_stands(self):
        passed = [f"ok     test_{number} (0.1 s)" for number in range(200)]
        failure = ["FAILED first (1.0 s)", "Traceback", "AssertionError: 3 != 2", ""]
        output = "\n".join([*passed, *failure, *passed, "FAILED second", "why", "5 passed, 2 failed"])
        shown = Finished(1, output, False, 60).faults(120).splitlines()
        self.assertEqual(shown, [*failure, "FAILED second", "why", "5 passed, 2 failed"])

    def test_a_runner_that_died_shows_its_end(self):
        self.assertEqual(Finished(-9, "\n".join(map(str, range(50))), False, 60).faults(3), "47\n48\n49")


if __name__ == "__main__":
    unittest.main()
