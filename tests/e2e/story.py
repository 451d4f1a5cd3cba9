# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: a folder, servers that end with the test, configurations, and a look
at the logs when a test has failed. Each test gets parts of its own, so that all may run at once."""
from __future__ import annotations

import tempfile
import time
import unittest
from pathlib import Path
from typing import Any, Callable

from tests.support import daemon, json_shapes
from tests.support.daemon import Rblwatch, Result
from tests.support.fault_dns import FaultDns
from tests.support.http_receiver import HttpReceiver
from tests.support.process import wait_for
from tests.support.smtp_server import SmtpServer

MX1 = "192.0.2.10"
ZONE_EVENTS = {"zone_blind", "zone_seeing", "resolver_blind", "resolver_seeing"}


def own_zone(zone_id: str = "corp", dns: str = "bl.test", kinds: tuple[str, ...] = ("ipv4",), **more: Any) -> dict[str, Any]:
    """A [[zone]] of the operator's own, with everything that an alert can tell."""
    return {"id": zone_id, "dns": dns, "kinds": list(kinds), "operator": "Corp", "severity": "high",
            "codes": {"127.0.0.2": "spam source", "127.0.0.4": "open proxy"},
            "lookup_url": "https://lists.example/q/{subject}", "delist_url": "https://lists.example/remove/{subject}",
            "delist_steps": ["Stop the cause.", "Fill in the form."], **more}


def target(address: str = MX1, name: str = "mx1", **more: Any) -> dict[str, Any]:
    return {"address": address, "name": name, **more}


class Story(unittest.TestCase):
    """Starts parts and cleans them up; may also be used by setUpClass through an instance of its own."""

    maxDiff = 4000

    def setUp(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rblwatch-e2e-")
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)
        self.watched: list[Rblwatch] = []

    # --- parts ---

    def keep(self, part: Any) -> Any:
        """The part, which is stopped after the test."""
        self.addCleanup(part.__exit__, None, None, None)
        return part

    def resolver(self, *zones: str, kinds: tuple[str, ...] = ("ipv4",), **options: Any) -> FaultDns:
        """A fault-injecting resolver that knows the zones."""
        dns: FaultDns = self.keep(FaultDns(role="resolver"))
        for name in zones or ("bl.test",):
            dns.zone(name, kinds, **options)
        return dns

    def receiver(self) -> HttpReceiver:
        return self.keep(HttpReceiver())

    def mail_server(self, **options: Any) -> SmtpServer:
        return self.keep(SmtpServer(**options))

    def install(self, config: dict[str, Any] | str, name: str = "", env: dict[str, str] | None = None) -> Rblwatch:
        """Writes the configuration into a folder of its own; the daemon is not started yet."""
        folder = self.folder / (name or f"installation{len(self.watched)}")
        folder.mkdir()
        watch: Rblwatch = self.keep(Rblwatch(folder, config, env))
        self.watched.append(watch)
        return watch

    def config(self, dns: FaultDns | None, *channels: dict[str, Any], **sections: Any) -> dict[str, Any]:
        """One zone, one target, quick times; sections replace or (dicts) extend what is there."""
        config = daemon.quick([dns.server] if dns else [])
        config |= {"zone": [own_zone()], "target": [target()], "channel": list(channels)}
        for name, value in sections.items():
            config[name] = {**config[name], **value} if isinstance(value, dict) and name in config else value
        return config

    # --- looking ---

    def shaped(self, result: Result, name: str) -> Any:
        """The JSON document of a run, held to its shape."""
        return json_shapes.check(result.json, name)

    def wait_listed(self, watch: Rblwatch, count: int = 1) -> dict[str, Any]:
        return watch.wait_status(lambda s: s["summary"]["listed"] == count, f"{count} pairs listed")

    def sweeps(self, dns: FaultDns, *names: str, count: int = 3, timeout: float = 20.0) -> None:
        """Waits until each of the names was asked so many times more."""
        since = time.monotonic()
        for name in names:
            self.eventually(lambda: dns.log.count(name=name, since=since) >= count, f"{count} sweeps of {name}", timeout)

    def eventually(self, condition: Callable[[], Any], what: str, timeout: float = 20.0) -> Any:
        return wait_for(condition, timeout, what, step=0.05)

    def assertOneLine(self, text: str) -> None:
        """An error as the contract wants it: one line, without a stack of causes."""
        self.assertEqual(len(text.strip().splitlines()), 1, text)

    def assertNoCrash(self, watch: Rblwatch) -> None:
        self.assertTrue(watch.process is not None and watch.process.running(), "rblwatchd has ended:\n" + watch.log()[-3000:])

    def post_mortem(self) -> str:
        """The ends of the daemons' logs, for the report of a failed test."""
        return "\n".join(f"--- {watch.folder.name}\n{watch.all_output()[-4000:]}" for watch in self.watched)
