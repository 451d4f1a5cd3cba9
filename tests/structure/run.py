#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of the house's structure, or those of the named modules.

Closes with "N passed, N failed"; a skipped test is named and is neither.
"""
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools")]
import unittest_counts  # noqa: E402

if __name__ == "__main__":
    sys.exit(unittest_counts.main(HERE, sys.argv[1:]))
