#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures rblwatchd beside its peers and prints the table: `./dev bench [NAME...]`.

Servers run on core 0, and so does this; clients on core 1. Figures are medians. --quick does all of it on a small work, to see
that the measurements themselves work; its figures say nothing.
"""
from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import parts  # noqa: E402
from lab import SERVER_CORE  # noqa: E402


def table(rows: list[parts.Row]) -> str:
    lines = [("what", "measured", "peer or limit", "ratio", "wanted", "reached")]
    for row in rows:
        reached = "" if row.reached is None else "yes" if row.reached else "NO"
        lines.append((row.what, row.measured, row.peer, row.ratio, row.wanted, reached))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="measures rblwatchd beside its peers")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(parts.PARTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="small work, one run: tests the measurements")
    parser.add_argument("--runs", type=int, default=5, help="runs of each (default 5)")
    parser.add_argument("--check", action="store_true", help="only look at the arguments")
    parser.add_argument("--bits", type=int, default=16, help="2^BITS addresses (default 16)")
    chosen = parser.parse_args()
    for name in chosen.names:
        if name not in parts.PARTS:
            parser.error(f"no measurement named '{name}' ({', '.join(parts.PARTS)})")
    return chosen


def main() -> int:
    chosen = options()
    if chosen.check:
        return 0
    os.sched_setaffinity(0, {int(SERVER_CORE)})
    rows: list[parts.Row] = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rblwatch-bench.") as folder:
        lab = parts.Lab(Path(folder), runs=max(chosen.runs, 1), bits=chosen.bits)
        lab.say = lambda text: print(f"   {text}", file=sys.stderr, flush=True)
        if chosen.quick:
            lab.runs, lab.bits, lab.zones = 1, 10, 4
            lab.pause, lab.interval, lab.warm_up, lab.span = 2.0, 2.0, 1.0, 0.5
        for name in chosen.names or parts.PARTS:
            print(f"-- {name}", file=sys.stderr, flush=True)
            rows += parts.PARTS[name](lab)
    print(f"Linux {platform.release()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
          f"{lab.work().lookups} lookups a sweep, medians of {lab.runs}; {time.monotonic() - started:.0f} s")
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
