# SPDX-License-Identifier: Apache-2.0
"""A real rbldnsd with zones written from Python; lists and delists by rewriting its data files.

    with Rbldnsd(folder, {"bl.test": ("ipv4", "ipv6")}) as rbl:
        rbl.list("bl.test", "192.0.2.10", "127.0.0.2", "why")   # returns when rbldnsd answers so
"""
from __future__ import annotations

import ipaddress
import os
import signal
from pathlib import Path
from typing import Iterable, Mapping

from . import dns_wire as wire, ports
from .dns_zone import subject_label
from .process import Process, wait_for

DATASETS = {"ipv4": "ip4set", "ipv6": "ip6trie", "domain": "dnset"}
TEST_SUBJECTS = {"ipv4": "127.0.0.2", "ipv6": "::ffff:7f00:2", "domain": "test"}


def kind_of(subject: str) -> str:
    try:
        return f"ipv{ipaddress.ip_address(subject).version}"
    except ValueError:
        return "domain"


class Rbldnsd:
    """zones: name -> kinds. ttl and negative_ttl hold for all of them, test_ttl for their test entries where that is
    another; soa=False leaves the SOA out."""

    def __init__(self, folder: Path, zones: Mapping[str, Iterable[str]], *, ttl: int = 1, negative_ttl: int = 1,
                 test_ttl: int | None = None, soa: bool = True, address: str | None = None) -> None:
        self.address = address or ports.own_address()
        self._folder = folder / "rbldnsd"
        self._folder.mkdir()
        self._folder.chmod(0o755)
        folder.chmod(0o755)  # rbldnsd drops root, and still has to read its data
        self._zones = {zone: tuple(kinds) for zone, kinds in zones.items()}
        self._entries: dict[tuple[str, str], dict[str, tuple[list[str], str]]] = {}
        self._ttl, self._negative_ttl, self._soa = ttl, negative_ttl, soa
        self._test_ttl = ttl if test_ttl is None else test_ttl
        self._mtime = 1_500_000_000
        for zone, kinds in self._zones.items():
            for kind in kinds:
                self._entries[zone, kind] = {TEST_SUBJECTS[kind]: (["127.0.0.2"], "test entry")}
                self._write(zone, kind)
        self._start()

    @property
    def server(self) -> str:
        return f"{self.address}:{self.port}"

    @property
    def at(self) -> tuple[str, int]:
        return self.address, self.port

    def list(self, zone: str, subject: str, codes: str | Iterable[str] = "127.0.0.2", txt: str = "listed") -> None:
        """Lists an address, CIDR range or domain; a single subject is waited for until the answer has it.

        rbldnsd keeps one code for an IPv6 prefix; several need the fault-injecting server."""
        wanted = [codes] if isinstance(codes, str) else sorted(codes)
        if len(wanted) > 1 and kind_of(subject.partition("/")[0]) == "ipv6":
            raise ValueError("rbldnsd has one code for an IPv6 prefix")
        self._change(zone, subject, (wanted, txt))
        if "/" not in subject:
            self._await(zone, subject, wanted)

    def delist(self, zone: str, subject: str) -> None:
        self._change(zone, subject, None)
        if "/" not in subject:
            self._await(zone, subject, [])

    def empty(self, zone: str) -> None:
        """Takes every entry out, the test entries too: what an operator does who closes a zone."""
        for kind in self._zones[zone]:
            self._entries[zone, kind] = {}
            self._write(zone, kind)
        self._reload()
        self._await(zone, TEST_SUBJECTS[self._zones[zone][0]], [])

    def stop(self) -> None:
        self.process.stop()

    def start_again(self) -> None:
        """After stop: on the same port, with the same data."""
        self.process = self._run(self.port)

    def __enter__(self) -> "Rbldnsd":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.running():
            self.process.stop()

    def _start(self) -> None:
        for attempt in range(5):
            self.port = ports.free_port(self.address)
            try:
                self.process = self._run(self.port)
                return
            except AssertionError:
                if attempt == 4:
                    raise

    def _run(self, port: int) -> Process:
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        datasets = [f"{zone}:{DATASETS[kind]}:{path.name}" for zone, kind in self._entries
                    for path in (self._file(zone, kind), self._test_file(zone, kind))]
        argv = ["/usr/sbin/rbldnsd", "-n", *user, "-w", str(self._folder), "-b", f"{self.address}/{port}", "-c", "0",
                *datasets]
        process = Process(argv, self._folder, "rbldnsd")
        zone = next(iter(self._zones))
        process.ready(lambda: self._answer(zone, "never.listed", port) is not None)
        return process

    def _file(self, zone: str, kind: str) -> Path:
        return self._folder / f"{zone}.{kind}"

    def _test_file(self, zone: str, kind: str) -> Path:
        return self._folder / f"{zone}.{kind}.test"

    def _write(self, zone: str, kind: str) -> None:
        """A dataset has one TTL, and so the test entry has one of its own."""
        head = []
        if self._soa:
            head = [f"$SOA {self._ttl} ns1.{zone} hostmaster.{zone} 0 1h 10m 1d {self._negative_ttl}",
                    f"$NS {self._ttl} ns1.{zone}"]
        entries = dict(self._entries[zone, kind])
        test = {subject: entries.pop(subject) for subject in (TEST_SUBJECTS[kind],) if subject in entries}
        self._put(self._file(zone, kind), [f"$TTL {self._ttl}", *head], entries)
        self._put(self._test_file(zone, kind), [f"$TTL {self._test_ttl}"], test)

    def _put(self, path: Path, head: list[str], entries: Mapping[str, tuple[list[str], str]]) -> None:
        lines = head + [f"{subject} :{code}:{txt}" for subject, (codes, txt) in entries.items() for code in codes]
        fresh = path.with_suffix(".new")
        fresh.write_text("\n".join(lines) + "\n")
        self._mtime += 1  # rbldnsd reloads what has another mtime, and two changes may come in one second
        os.utime(fresh, (self._mtime, self._mtime))
        fresh.chmod(0o644)
        fresh.replace(path)

    def _change(self, zone: str, subject: str, entry: tuple[list[str], str] | None) -> None:
        kind = kind_of(subject.partition("/")[0])
        entries = self._entries[zone, kind]
        if entry is None:
            entries.pop(subject, None)
        else:
            entries[subject] = entry
        self._write(zone, kind)
        self._reload()

    def _reload(self) -> None:
        self.process.signal(signal.SIGHUP)

    def _answer(self, zone: str, label: str, port: int) -> list[str] | None:
        try:
            return wire.ask((self.address, port), f"{label}.{zone}", timeout=0.5).addresses()
        except (OSError, wire.WireError):
            return None

    def _await(self, zone: str, subject: str, codes: Iterable[str]) -> None:
        wait_for(lambda: self._answer(zone, subject_label(subject), self.port) == sorted(codes), 10,
                 f"rbldnsd answering {list(codes)} for {subject} on {zone}", step=0.01)
