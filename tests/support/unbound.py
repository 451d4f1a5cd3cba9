# SPDX-License-Identifier: Apache-2.0
"""A real unbound as the resolver in front of the zones: stub zones towards authoritative servers of the
tests, or forwarding to another resolver. It keeps TTLs as they come, and never leaves loopback."""
from __future__ import annotations

from pathlib import Path
from typing import Iterable, Mapping

from . import dns_wire as wire, ports
from .process import Process

BASE = """server:
  interface: {address}@{port}
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: "{folder}/unbound.pid"
  use-syslog: no
  logfile: ""
  verbosity: 1
  num-threads: 1
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  do-ip6: no
  module-config: "iterator"
  outgoing-interface: {address}
  root-hints: "{folder}/root.hints"
  local-zone: "test." nodefault
  local-zone: "invalid." nodefault
{extra}
"""


def _upstream(kind: str, zone: str, servers: Iterable[str]) -> str:
    """servers as "ADDRESS:PORT"."""
    lines = [f"{kind}-zone:", f'  name: "{zone}"']
    lines += [f"  {kind}-addr: {server.replace(':', '@')}" for server in servers]
    return "\n".join(lines)


class Unbound:
    """stubs: zone -> authoritative servers; forwards: zone -> resolvers ("." for everything);
    extra: further lines of the server section."""

    def __init__(self, folder: Path, stubs: Mapping[str, Iterable[str]] = {},
                 forwards: Mapping[str, Iterable[str]] = {}, extra: Iterable[str] = (),
                 address: str | None = None) -> None:
        self.address = address or ports.own_address()
        self._folder = folder / "unbound"
        self._folder.mkdir()
        (self._folder / "root.hints").write_text(f". 3600 NS ns.root.test.\nns.root.test. 3600 A {self.address}\n")
        self._upstreams = [_upstream("stub", zone, servers) for zone, servers in stubs.items()]
        self._upstreams += [_upstream("forward", zone, servers) for zone, servers in forwards.items()]
        self._extra = "\n".join(f"  {line}" for line in extra)
        for attempt in range(5):
            self.port = ports.free_port(self.address)
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

    def stop(self) -> None:
        self.process.stop()

    def start_again(self) -> None:
        """After stop: on the same port, with an empty cache."""
        self.process = self._run()

    def _run(self) -> Process:
        text = BASE.format(address=self.address, port=self.port, folder=self._folder, extra=self._extra)
        config = self._folder / "unbound.conf"
        config.write_text("\n".join([text, *self._upstreams]) + "\n")
        process = Process(["/usr/sbin/unbound", "-d", "-p", "-c", str(config)], self._folder, "unbound")
        process.ready(self._answers)
        return process

    def _answers(self) -> bool:
        try:
            return bool(wire.ask(self.at, "localhost", timeout=0.5).questions)
        except (OSError, wire.WireError):
            return False

    def __enter__(self) -> "Unbound":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.running():
            self.process.stop()
