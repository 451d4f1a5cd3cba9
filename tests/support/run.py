#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of the test support itself; closes with "N passed, N failed"."""
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "selftest"), str(HERE.parents[1] / "tools"), str(HERE.parents[1])]
import unittest_counts  # noqa: E402

if __name__ == "__main__":
    sys.exit(unittest_counts.main(HERE / "selftest", sys.argv[1:]))
