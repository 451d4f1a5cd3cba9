# SPDX-License-Identifier: Apache-2.0
"""A real nsd for parents of blocklist zones (delegations with glue), and any other ordinary zone."""
from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Iterable, Mapping

from . import dns_wire as wire, ports
from .process import Process, wait_for

BASE = """server:
  ip-address: {address}@{port}
  username: "{user}"
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  server-count: 1
  verbosity: 1
{settings}remote-control:
  control-enable: no
"""


class Nsd:
    """zones: name -> record lines in master file form; SOA and NS are added. settings: more lines of nsd.conf's
    server section; prefix: what starts it (taskset)."""

    def __init__(self, folder: Path, zones: Mapping[str, Iterable[str]], address: str | None = None,
                 port: int = 0, settings: Iterable[str] = (), prefix: Iterable[str] = ()) -> None:
        self.address = address or ports.own_address()
        self._settings = "".join(f"  {line}\n" for line in settings)
        self._prefix = list(prefix)
        self._folder = folder / "nsd"
        self._folder.mkdir()
        self._serial = 0
        self._zones = dict(zones)
        for zone, lines in zones.items():
            self._write(zone, lines)
        for attempt in range(5):
            self.port = port or ports.free_port(self.address)
            try:
                self.process = self._run()
                return
            except AssertionError:
                if attempt == 4:
                    raise

    @property
    def server(self) -> str:
        return f"{self.address}:{self.port}"

    @property
    def at(self) -> tuple[str, int]:
        return self.address, self.port

    def set_zone(self, zone: str, lines: Iterable[str]) -> None:
        """Rewrites a zone and waits until nsd serves it."""
        self._write(zone, lines)
        self.process.signal(signal.SIGHUP)
        serial, in_a_row = self._serial, 0

        def settled() -> bool:  # the old server process answers beside the new one for a moment
            nonlocal in_a_row
            in_a_row = in_a_row + 1 if self._serial_of(zone) == serial else 0
            return in_a_row >= 10
        wait_for(settled, 15, f"nsd serving {zone} with serial {serial} alone")

    def stop(self) -> None:
        self.process.stop()

    def _write(self, zone: str, lines: Iterable[str]) -> None:
        self._serial += 1
        head = [f"$ORIGIN {zone}.", "$TTL 5",
                f"@ SOA ns1.{zone}. hostmaster.{zone}. {self._serial} 3600 600 86400 1",
                f"@ NS ns1.{zone}.", f"ns1 A {self.address}"]
        path = self._folder / f"{zone}.zone"
        path.write_text("\n".join([*head, *lines]) + "\n")
        os.utime(path, (1_500_000_000 + self._serial, 1_500_000_000 + self._serial))

    def _run(self) -> Process:
        user = "root" if os.geteuid() == 0 else ""
        text = BASE.format(address=self.address, port=self.port, folder=self._folder, user=user,
                           settings=self._settings)
        text += "".join(f'zone:\n  name: "{zone}"\n  zonefile: "{zone}.zone"\n' for zone in self._zones)
        config = self._folder / "nsd.conf"
        config.write_text(text)
        process = Process([*self._prefix, "/usr/sbin/nsd", "-d", "-c", str(config)], self._folder, "nsd")
        process.ready(lambda: self._serial_of(next(iter(self._zones))) is not None)
        return process

    def _serial_of(self, zone: str) -> int | None:
        try:
            answers = wire.ask(self.at, zone, wire.SOA, timeout=0.5).answers
            return int.from_bytes(answers[0].rdata[-20:-16], "big") if answers else None
        except (OSError, wire.WireError):
            return None

    def __enter__(self) -> "Nsd":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.running():
            self.process.stop()
