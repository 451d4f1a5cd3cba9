# SPDX-License-Identifier: Apache-2.0
"""rblwatchd and rblwatch as the tests use them: one folder with a configuration, a database and logs.

The programs are taken from RBLWATCH_BIN, by default build/release/bin of this tree. The configuration
of quick() has every interval as short as the contract allows, so that stories take seconds.
"""
from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from . import toml_text
from .process import Process, wait_for

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "rblwatch.db"


def bin_folder() -> Path:
    return Path(os.environ.get("RBLWATCH_BIN") or ROOT / "build" / "release" / "bin")


def have_programs() -> bool:
    return all((bin_folder() / name).is_file() for name in ("rblwatchd", "rblwatch"))


def quick(servers: list[str] | None = None) -> dict[str, Any]:
    """A configuration with short times; servers are the resolvers. Change what the test is about."""
    return {
        "daemon": {"database": DATABASE, "http": "", "log_level": "debug", "boot_grace": "2s"},
        "resolver": {"servers": servers or [], "timeout": "300ms", "attempts": 2, "qps": 0},
        "schedule": {"interval": "1s", "jitter": 0.0, "health_interval": "5s", "health_retry": "1s",
                     "confirmations": 2, "confirm_after": "1s"},
        "catalogue": {"use": []},
    }


def webhook(url: str, name: str = "ops", **more: Any) -> dict[str, Any]:
    """A channel without any grouping time."""
    return {"name": name, "type": "webhook", "url": url, "group_wait": "0s", **more}


@dataclass(frozen=True)
class Result:
    """What a run of the command line came to."""
    code: int
    stdout: str
    stderr: str
    took: float

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.stdout)
        except ValueError:
            raise AssertionError(f"no JSON document, exit code {self.code}: {self.stdout[:500]!r} {self.stderr[:500]!r}") from None


class Rblwatch:
    """One installation in a folder. Stop it (or use it in a with statement) before the folder goes."""

    def __init__(self, folder: Path, config: Mapping[str, Any] | str, env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.config_file = folder / "rblwatch.toml"
        self.env = {**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}
        self.process: Process | None = None
        self._starts = 0
        self.write_config(config)

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    def write_config(self, config: Mapping[str, Any] | str) -> None:
        text = config if isinstance(config, str) else toml_text.document(config)
        fresh = self.config_file.with_suffix(".new")
        fresh.write_text(text)
        fresh.chmod(0o600)
        fresh.replace(self.config_file)

    # --- the daemon ---

    def start(self, wait: bool = True, prefix: list[str] | None = None) -> "Rblwatch":
        """Starts rblwatchd; wait: until it says that it runs. prefix: a program to run it under."""
        self._starts += 1
        argv = [*(prefix or []), str(bin_folder() / "rblwatchd"), "--config", str(self.config_file)]
        self.process = Process(argv, self.folder, f"rblwatchd.{self._starts}", self.env)
        if wait:
            self.process.ready(self.is_running, 15)
        return self

    def is_running(self) -> bool:
        """As the command line sees it."""
        result = self.cli("status", "--json")
        return result.code in (0, 1, 3) and bool(result.json["daemon"]["running"])

    def stop(self, timeout: float = 10.0) -> int:
        """SIGTERM; the exit code."""
        return self._running().stop(timeout)

    def kill(self) -> None:
        """kill -9."""
        self._running().kill()

    def reload(self) -> None:
        self._running().signal(signal.SIGHUP)

    def log(self) -> str:
        """The log of the daemon's last start."""
        return self._running().output()

    def all_output(self) -> str:
        """The logs of all its starts."""
        return "".join(path.read_text("utf-8", "replace") for path in sorted(self.folder.glob("rblwatchd.*.std*")))

    def wait_log(self, text: str, timeout: float = 10.0) -> None:
        wait_for(lambda: text in self.log(), timeout, f"{text!r} in the log")

    def _running(self) -> Process:
        if self.process is None:
            raise AssertionError("rblwatchd was not started")
        return self.process

    # --- the command line ---

    def cli(self, *args: str, config: bool = True, timeout: float = 60.0, env: Mapping[str, str] | None = None) -> Result:
        """Runs rblwatch; --json stands before the command, wherever args has it."""
        words = list(args)
        front = ["--config", str(self.config_file)] if config else []
        if "--json" in words:
            words.remove("--json")
            front.append("--json")
        return run_program("rblwatch", [*front, *words], self.folder, timeout, {**self.env, **(env or {})})

    def check_config(self) -> Result:
        """rblwatchd --check."""
        return run_program("rblwatchd", ["--config", str(self.config_file), "--check"], self.folder, 60.0, self.env)

    def status(self) -> dict[str, Any]:
        return self.cli("status", "--json").json

    def wait_status(self, predicate: Any, what: str, timeout: float = 20.0) -> dict[str, Any]:
        """The first status document that fits."""
        def fitting() -> dict[str, Any] | None:
            document = self.status()
            return document if predicate(document) else None
        return wait_for(fitting, timeout, what, step=0.1)

    def wait_seeing(self, zones: int = 1, timeout: float = 20.0) -> dict[str, Any]:
        """Waits until so many zones see and every pair has a verdict."""
        return self.wait_status(lambda s: s["summary"]["zones_seeing"] >= zones and s["summary"]["unknown"] == 0,
                                f"{zones} zones seeing and no pair unknown", timeout)

    def events(self) -> list[dict[str, Any]]:
        """All events of the history, newest first."""
        return self.cli("history", "--events", "--limit", "100000", "--json").json["events"]

    def __enter__(self) -> "Rblwatch":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.running():
            self.process.kill()


def run_program(name: str, args: list[str], folder: Path, timeout: float, env: Mapping[str, str] | None = None) -> Result:
    """One run to its end; a run that takes longer than timeout fails the test."""
    started = time.monotonic()
    done = subprocess.run([str(bin_folder() / name), *args], cwd=folder, env=dict(env) if env else None, timeout=timeout,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return Result(done.returncode, done.stdout.decode("utf-8", "surrogateescape"),
                  done.stderr.decode("utf-8", "surrogateescape"), time.monotonic() - started)
