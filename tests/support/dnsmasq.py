# SPDX-License-Identifier: Apache-2.0
"""A real dnsmasq as the resolver that spoils blocklists: --stop-dns-rebind takes 127/8 out of answers,
--address=/ZONE/ answers NXDOMAIN for a zone, --address=/#/ADDRESS rewrites everything."""
from __future__ import annotations

import os
from pathlib import Path
from typing import Iterable

from . import dns_wire as wire, ports
from .process import Process

READY = "ready.dnsmasq.test"  # it answers this itself, however slow what is behind it


class Dnsmasq:
    """upstream: "ADDRESS:PORT" of the resolver behind it; options: as on its command line."""

    def __init__(self, folder: Path, upstream: str, options: Iterable[str] = (), address: str | None = None) -> None:
        self.address = address or ports.own_address()
        self._folder = folder / "dnsmasq"
        self._folder.mkdir(exist_ok=True)
        self._upstream = upstream.replace(":", "#")
        for attempt in range(5):
            self.port = ports.free_port(self.address)
            try:
                self.process = self._run(options)
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

    def restart(self, options: Iterable[str]) -> None:
        """The same port with other options: somebody changed the router."""
        self.process.stop()
        self.process = self._run(options)

    def stop(self) -> None:
        self.process.stop()

    def _run(self, options: Iterable[str]) -> Process:
        user = ["--user=root"] if os.geteuid() == 0 else []
        argv = ["/usr/sbin/dnsmasq", "-k", "--no-resolv", "--no-hosts", "--no-daemon", "--conf-file=/dev/null", "--pid-file",
                f"--port={self.port}", f"--listen-address={self.address}", "--bind-interfaces", "--cache-size=0",
                f"--server={self._upstream}", f"--txt-record={READY},yes", *user, *options]
        process = Process(argv, self._folder, "dnsmasq")
        process.ready(self._answers)
        return process

    def _answers(self) -> bool:
        try:
            return bool(wire.ask(self.at, READY, wire.TXT, timeout=0.5).questions)
        except (OSError, wire.WireError):
            return False

    def __enter__(self) -> "Dnsmasq":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.running():
            self.process.stop()
