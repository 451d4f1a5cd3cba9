# SPDX-License-Identifier: Apache-2.0
"""Programs that a test starts, watches and ends, each by its own pid; and waiting for conditions.

Output goes to files in the test's folder, so nothing blocks on a full pipe and a failure can show it.
A child ends with its parent (PR_SET_PDEATHSIG), so that an aborted test leaves nothing running.
"""
from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Callable, TypeVar

T = TypeVar("T")
_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_never = threading.Event()


class Timeout(AssertionError):
    """A condition that did not come true in time."""


def patience() -> float:
    """By how much longer all takes on a machine that has more to do than processors."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def wait_for(predicate: Callable[[], T], timeout: float = 10.0, what: str = "the condition", step: float = 0.02) -> T:
    """The first true result of predicate; Timeout, which names what was waited for, after timeout seconds: longer on a
    busy machine, for tests run beside each other."""
    deadline = time.monotonic() + timeout * patience()
    while True:
        result = predicate()
        if result:
            return result
        if time.monotonic() >= deadline:
            raise Timeout(f"{timeout:g} s passed without {what}")
        _never.wait(step)


def stays(predicate: Callable[[], object], seconds: float, what: str, step: float = 0.05) -> None:
    """Asserts that predicate holds all the time for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not predicate():
            raise AssertionError(f"{what} did not last")
        _never.wait(step)


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Process:
    """One running program. Use as a context manager, or call stop()."""

    def __init__(self, argv: list[str], folder: Path, name: str, env: dict[str, str] | None = None) -> None:
        self.name = name
        self.argv = [str(part) for part in argv]
        self.stdout_path = folder / f"{name}.stdout"
        self.stderr_path = folder / f"{name}.stderr"
        with open(self.stdout_path, "ab") as out, open(self.stderr_path, "ab") as err:
            self._child = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env,
                                           cwd=folder, preexec_fn=_die_with_parent)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative is the signal that ended it."""
        return self._child.poll()

    def running(self) -> bool:
        return self.exit_code is None

    def output(self) -> str:
        """Everything that it has written so far, on both channels."""
        return "".join(path.read_text("utf-8", "replace") for path in (self.stdout_path, self.stderr_path))

    def signal(self, number: int) -> None:
        if self.running():
            os.kill(self.pid, number)

    def wait(self, timeout: float = 10.0) -> int:
        """The exit code; Timeout when it doesn't end."""
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Timeout(f"{self.name} did not end within {timeout:g} s\n{self.output()[-2000:]}") from None

    def stop(self, timeout: float = 10.0) -> int:
        """SIGTERM, and SIGKILL for what doesn't heed it."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except Timeout:
            self.kill()
            raise

    def kill(self) -> int:
        self.signal(signal.SIGKILL)
        return self.wait()

    def ready(self, predicate: Callable[[], object], timeout: float = 10.0) -> None:
        """Waits for predicate; a program that ends before is an error which shows its output."""
        def done() -> bool:
            if not self.running():
                raise AssertionError(f"{self.name} ended with {self.exit_code}: {self.output()[-2000:]}")
            return bool(predicate())
        wait_for(done, timeout, f"{self.name} being ready")

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        if self.running():
            self.signal(signal.SIGTERM)
            try:
                self.wait(5)
            except Timeout:
                self.kill()
