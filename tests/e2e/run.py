#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the end-to-end tests: each *_test.py in a process of its own, several at a time.

    run.py [-j N] [PATTERN]     PATTERN is looked for in MODULE.CLASS.TEST

The last line is "N passed, N failed". A module that dies or takes too long counts as one failure.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODULE_LIMIT_S = 300
CLOSING = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)


class Printing(unittest.TestResult):
    """Prints each test as it ends; a failed one with the logs of its daemons."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.broken = {}
        self._started = 0.0

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()

    def _fault(self, test, err):
        text = self._exc_info_to_string(err, test)
        mortem = getattr(test, "post_mortem", None)
        if mortem is not None and test.id() not in self.broken and hasattr(test, "watched"):
            text += mortem()
        self.broken[test.id()] = self.broken.get(test.id(), "") + text

    def addFailure(self, test, err):
        self._fault(test, err)

    def addError(self, test, err):
        self._fault(test, err)
        if not isinstance(test, unittest.TestCase):  # a setUpClass that failed: none of its tests ran
            print(f"FAILED {test.id()}\n{self.broken[test.id()]}", flush=True)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._fault(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"skipped: {test.id()}: {reason}", flush=True)

    def stopTest(self, test):
        took = time.monotonic() - self._started
        if test.id() in self.broken:
            print(f"FAILED {test.id()} ({took:.1f} s)\n{self.broken[test.id()]}", flush=True)
        elif not any(test is skipped for skipped, _ in self.skipped):
            self.passed += 1
            print(f"ok     {test.id()} ({took:.1f} s)", flush=True)
        super().stopTest(test)


def flat(suite):
    """Every test of a suite."""
    for item in suite:
        yield from flat(item) if isinstance(item, unittest.TestSuite) else [item]


def run_module(module, pattern):
    """In the child: runs the tests of one module that fit."""
    sys.path.insert(0, str(ROOT))
    tests = flat(unittest.defaultTestLoader.loadTestsFromName(f"tests.e2e.{module}"))
    result = Printing()
    unittest.TestSuite(test for test in tests if pattern in test.id()).run(result)
    print(f"{result.passed} passed, {len(result.broken)} failed", flush=True)
    return 1 if result.broken else 0


def supervise(module, pattern):
    """In the parent: (passed, failed, output) of one module."""
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen([sys.executable, "-W", "ignore::DeprecationWarning", __file__, "--module", module, pattern],
                                 stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            child.wait(MODULE_LIMIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        log.seek(0)
        output = log.read().decode("utf-8", "replace")
    closing = CLOSING.findall(output)
    if closing:
        return int(closing[-1][0]), int(closing[-1][1]), CLOSING.sub("", output).rstrip()
    passed = output.count("\nok ") + output.startswith("ok ")
    return passed, 1, f"{output}FAILED {module}: ended with {child.returncode} before its end"


def longest_first(paths):
    """The modules' names, the biggest first, so that no long one comes last and alone."""
    return [path.stem for path in sorted(paths, key=lambda path: -path.stat().st_size)]


def main():
    options = argparse.ArgumentParser(description="Runs the end-to-end tests.")
    cores = int(os.environ.get("RBLWATCH_JOBS") or os.cpu_count() or 1)
    options.add_argument("-j", "--jobs", type=int, default=2 * cores, help="modules at a time; they mostly wait")
    options.add_argument("--module", help=argparse.SUPPRESS)
    options.add_argument("pattern", nargs="?", default="")
    chosen = options.parse_args()
    if chosen.module:
        return run_module(chosen.module, chosen.pattern)
    sys.path.insert(0, str(ROOT))
    from tests.support.daemon import bin_folder, have_programs
    if not have_programs():
        print(f"no programs in {bin_folder()}: ./dev build, or set RBLWATCH_BIN\n0 passed, 1 failed")
        return 1
    modules = longest_first(HERE.glob("*_test.py"))
    passed = failed = 0
    with ThreadPoolExecutor(chosen.jobs) as pool:
        for good, bad, output in pool.map(lambda module: supervise(module, chosen.pattern), modules):
            passed, failed = passed + good, failed + bad
            if output.strip():
                print(output, flush=True)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
