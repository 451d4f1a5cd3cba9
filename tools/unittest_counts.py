# SPDX-License-Identifier: Apache-2.0
"""Runs the *_test.py modules of a directory and closes with "N passed, N failed".

As a program: unittest_counts.py DIRECTORY, whose modules are imported from the project's root.
"""
import sys
import time
import unittest
from pathlib import Path


class _Counting(unittest.TextTestResult):
    """Counts tests, not subtests: a test with a failed subtest is one failed test."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.broken = set()
        self.started = 0.0

    def startTest(self, test):
        self.started = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        took = time.monotonic() - self.started
        if took > 5:
            self.stream.writeln(f"{test.id()} took {took:.0f} s")
        super().stopTest(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.broken.add(test.id())

    def addError(self, test, err):
        super().addError(test, err)
        self.broken.add(test.id())

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.broken.add(test.id())

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.broken.add(test.id())


def main(directory, names=()):
    """Runs all modules of the directory, or the named ones; returns the exit code.

    No module at all, or one that can't be imported, is a failure.
    """
    modules = [name.removesuffix(".py") for name in names] or sorted(
        path.stem for path in directory.glob("*_test.py"))
    suite = unittest.defaultTestLoader.loadTestsFromNames(modules)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0,
                                     resultclass=_Counting).run(suite)
    for test, reason in result.skipped:
        print(f"skipped: {test.id()}: {reason}")
    failed = len(result.broken) or int(result.testsRun == 0)
    passed = max(0, result.testsRun - len(result.broken) - len(result.skipped))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[1]
    where = Path(sys.argv[1]).resolve()
    package = ".".join(where.relative_to(root).parts)
    sys.path.insert(0, str(root))
    sys.exit(main(where, [f"{package}.{path.stem}" for path in sorted(where.glob("*_test.py"))]))
