# SPDX-License-Identifier: Apache-2.0
"""Runs a program with a time limit that holds for its children too, and keeps what it said."""
import contextlib
import os
import re
import signal
import subprocess
import tempfile
import threading
import time

CLOSING = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)
SANITIZER = re.compile(r"^.*(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|: runtime error:)",
                       re.MULTILINE)


class Finished:
    """A program that ended: its exit code (negative: a signal) and its output, both streams."""

    def __init__(self, code, output, timed_out, limit):
        self.code = code
        self.output = output
        self.timed_out = timed_out
        self.limit = limit

    def ending(self):
        """How it ended, for a person."""
        if self.timed_out:
            return f"stopped after {self.limit} s"
        if self.code < 0:
            return f"ended by {signal.Signals(-self.code).name}"
        return f"exit code {self.code}"

    def tail(self, lines):
        """The last so many lines of what it said."""
        return "\n".join(self.output.rstrip().splitlines()[-lines:])

    def point(self, lines):
        """The lines that matter most: a sanitizer's report from its beginning, else the tail."""
        found = SANITIZER.search(self.output)
        if not found:
            return self.tail(lines)
        return "\n".join(self.output[found.start():].splitlines()[:lines])

    def faults(self, lines):
        """What a runner of ours said of each test that failed, from "FAILED" to the next that passed; else the tail."""
        kept, is_fault = [], False
        for line in self.output.splitlines():
            is_fault = line.startswith("FAILED") or (is_fault and not line.startswith("ok "))
            if is_fault:
                kept.append(line)
        return "\n".join(kept[:lines]) if kept else self.tail(lines)

    def closing_counts(self):
        """(passed, failed) of the last line of that form, or (None, None)."""
        found = CLOSING.findall(self.output)
        return (int(found[-1][0]), int(found[-1][1])) if found else (None, None)


class Sessions:
    """Those that run. A terminal's Ctrl-C doesn't reach them, so end_all() has to."""

    def __init__(self):
        self._lock = threading.Lock()
        self._live = set()
        self._is_over = False

    def begin(self, start):
        """start() -> a process that leads its session."""
        with self._lock:
            if self._is_over:
                raise KeyboardInterrupt
            child = start()
            self._live.add(child.pid)
            return child

    def end(self, child):
        """Kills what is left of it."""
        with self._lock:
            self._live.discard(child.pid)
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def end_all(self):
        """Kills all that run; run() then raises KeyboardInterrupt instead of beginning another."""
        with self._lock:
            self._is_over = True
            for leader in self._live:
                with contextlib.suppress(ProcessLookupError):  # it has just ended
                    os.killpg(leader, signal.SIGKILL)


SESSIONS = Sessions()


def weigh_little(session):
    """Where the kernel weighs sessions before processes, nice alone would say nothing."""
    for _ in range(50):
        try:
            with open(f"/proc/{session}/autogroup", "w", encoding="ascii") as group:
                group.write("19")
            return
        except BlockingIOError:
            time.sleep(0.1)  # who isn't root may do so ten times a second
        except OSError:
            return  # no such grouping here, or it has ended


def run(command, cwd, limit, env=None, gives_way=False):
    """Runs it in a session of its own; after limit seconds all of its process group is killed.
    With gives_way it has the processor time that others leave.

    The output goes through a file, so that a grandchild which keeps it open delays nobody.
    """
    with tempfile.TemporaryFile() as output:
        prefix = ["nice", "-n", "19"] if gives_way else []
        child = SESSIONS.begin(lambda: subprocess.Popen(
            [*prefix, *(str(part) for part in command)], cwd=cwd, stdout=output,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            env=dict(os.environ, **(env or {}))))
        timed_out = False
        try:
            if gives_way:
                weigh_little(child.pid)
            child.wait(limit)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            SESSIONS.end(child)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    return Finished(child.returncode, text, timed_out, limit)
