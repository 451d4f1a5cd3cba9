# SPDX-License-Identifier: Apache-2.0
"""The zones of the fault-injecting DNS server: what is true in them, and which fault is in force.

A Zone knows entries, other records, delegations and its mode; what a mode does to a reply is said in
dns_faults, and sending it is the affair of fault_dns. All changes may be made at any time, from any thread.
"""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable

from . import dns_wire as wire

TEST_ENTRIES = {"ipv4": "2.0.0.127", "ipv6": wire.reversed_name("::ffff:7f00:2"), "domain": "test"}
ROLE_FLAGS = {"authoritative": wire.AA, "resolver": wire.RA, "both": wire.AA | wire.RA, "neither": 0}
MODE_SCOPE_ALL = ""
ADDRESS_LABEL = re.compile(r"(\d+\.){3}(?!127$)\d+")


@dataclass
class Query:
    """A question as it came in."""
    id: int
    name: str
    qtype: int
    question: bytes
    edns: bool = False
    rd: bool = True
    transport: str = "udp"
    cookie: bytes = b""  # what a server that has cookies gives back (RFC 7873); empty where there is none
    is_known: bool = False  # its cookie is one that this server gave to its address


@dataclass
class Reply:
    """An answer before it is put into bytes; records are in wire form."""
    rcode: int = wire.NOERROR
    flags: int = 0
    answers: list[bytes] = field(default_factory=list)
    authority: list[bytes] = field(default_factory=list)
    additional: list[bytes] = field(default_factory=list)
    options: list[tuple[int, bytes]] = field(default_factory=list)

    def parts(self, edns: bool, cookie: bytes = b"") -> tuple[int, tuple[int, int, int], bytes]:
        """Flags without RD, the counts of the last three sections, and all that follows the question."""
        options = self.options + ([(wire.COOKIE_OPTION, cookie)] if cookie else [])
        opt = wire.opt_record(options, ext_rcode=self.rcode >> 4)
        extra = self.additional + ([opt] if edns or options else [])
        counts = (len(self.answers), len(self.authority), len(extra))
        return wire.QR | self.flags | self.rcode & 15, counts, b"".join(self.answers + self.authority + extra)

    def encode(self, query: Query, **changes: Any) -> bytes:
        """The message; changes: id, flags (set), clear (flags taken away), question, qdcount, tail, counts, cookie."""
        flags, counts, tail = self.parts(query.edns, changes.get("cookie", query.cookie))
        flags |= wire.RD if query.rd else 0
        flags = (flags | changes.get("flags", 0)) & ~changes.get("clear", 0)
        head = wire.header(changes.get("id", query.id), flags,
                           (changes.get("qdcount", 1), *changes.get("counts", counts)))
        return head + changes.get("question", query.question) + changes.get("tail", tail)


@dataclass
class Entry:
    codes: tuple[str, ...]
    txt: tuple[bytes, ...]
    ttl: int


@dataclass(frozen=True)
class Mode:
    name: str
    args: dict[str, Any] = field(default_factory=dict)


OK = Mode("ok")


def _many(value: str | bytes | Iterable[Any] | None) -> tuple[Any, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, (str, bytes)) else tuple(value)


def subject_label(subject: str) -> str:
    """What stands before the zone's name: reversed octets or nibbles, or the domain itself."""
    try:
        return wire.reversed_name(subject)
    except ValueError:
        return subject.lower().rstrip(".")


class Zone:
    """One zone. role: authoritative (AA), resolver (RA), both or neither."""

    def __init__(self, name: str, kinds: Iterable[str] = ("ipv4",), *, role: str = "authoritative", ttl: int = 1,
                 negative_ttl: int = 1, soa: bool = True, test_codes: str | Iterable[str] = "127.0.0.2",
                 changed: Callable[[], None] = lambda: None) -> None:
        self.name = name.lower().rstrip(".")
        self.role, self.ttl, self.negative_ttl, self.soa = role, ttl, negative_ttl, soa
        self.entries: dict[str, Entry] = {}
        self.records: dict[str, list[tuple[int, int, bytes]]] = {}
        self.delegations: dict[str, dict[str, tuple[str, ...]]] = {}
        self.modes: dict[str, Mode] = {MODE_SCOPE_ALL: OK}
        self._changed = changed
        for kind in _many(kinds):
            self.entries[TEST_ENTRIES[kind]] = Entry(_many(test_codes), (b"test entry",), ttl)
        self.test_labels = frozenset(self.entries)

    # --- what is true ---

    def list(self, subject: str, codes: str | Iterable[str] = "127.0.0.2", txt: Any = None,
             ttl: int | None = None) -> None:
        """Lists an address or a domain; txt: one text or several, str or bytes."""
        texts = tuple(t.encode() if isinstance(t, str) else t for t in _many(txt))
        entries = dict(self.entries)
        entries[subject_label(subject)] = Entry(_many(codes), texts, self.ttl if ttl is None else ttl)
        self.entries = entries
        self._changed()

    def delist(self, subject: str) -> None:
        self.entries = {label: entry for label, entry in self.entries.items() if label != subject_label(subject)}
        self._changed()

    def add(self, owner: str, rtype: str, value: str | bytes, ttl: int = 60) -> None:
        """Any other record; owner is the full name."""
        number = wire.TYPES[rtype]
        records = {name: list(rows) for name, rows in self.records.items()}
        records.setdefault(owner.lower().rstrip("."), []).append((number, ttl, wire.text_rdata(number, value)))
        self.records = records
        self._changed()

    def remove(self, owner: str) -> None:
        self.records = {name: rows for name, rows in self.records.items() if name != owner.lower().rstrip(".")}
        self._changed()

    def serve_by(self, servers: dict[str, str]) -> None:
        """The zone's own NS records with the addresses of the servers."""
        for host, address in servers.items():
            self.add(self.name, "NS", host)
            self.add(host, "A", address)

    def delegate(self, child: str, servers: dict[str, str]) -> None:
        """Gives a part of this zone away: questions below child get a referral with glue."""
        self.delegations = {**self.delegations, child.lower(): {h: _many(a) for h, a in servers.items()}}
        self._changed()

    # --- what is broken ---

    def set_mode(self, mode: str, subject: str | None = None, **args: Any) -> None:
        """Puts a fault in force for the zone, or for one subject of it; "ok" ends it. spare_tests=True: what a
        zone is tested with gets true answers, so that the zone of addresses is seen and goes on being asked."""
        scope = MODE_SCOPE_ALL if subject is None else subject_label(subject)
        modes = {**self.modes, scope: Mode(mode, args)}
        if mode == "ok" and scope:
            del modes[scope]
        self.modes = modes
        self._changed()

    def mode_of(self, name: str) -> Mode:
        label = self.label_of(name)
        mode = self.modes.get(label) or self.modes[MODE_SCOPE_ALL]
        return OK if mode.args.get("spare_tests") and not ADDRESS_LABEL.fullmatch(label) else mode

    def label_of(self, name: str) -> str:
        return "" if name == self.name else name[:len(name) - len(self.name) - (1 if self.name else 0)]

    # --- replies ---

    @property
    def flags(self) -> int:
        return ROLE_FLAGS[self.role]

    def soa_record(self, owner: bytes | None = None) -> bytes:
        name = wire.encode_name(self.name) if owner is None else owner
        return wire.record(name, wire.SOA, self.negative_ttl, wire.soa_rdata(self.name, self.negative_ttl))

    def denial(self, rcode: int = wire.NXDOMAIN) -> Reply:
        return Reply(rcode, self.flags, authority=[self.soa_record()] if self.soa else [])

    def listed(self, codes: Iterable[str], ttl: int | None = None) -> Reply:
        lifetime = self.ttl if ttl is None else ttl
        return Reply(wire.NOERROR, self.flags,
                     [wire.record(wire.TO_QUESTION, wire.A, lifetime, wire.a_rdata(code)) for code in codes])

    def truth(self, name: str, qtype: int) -> Reply:
        """What an honest server of this zone says."""
        referral = self._referral(name)
        if referral is not None:
            return referral
        label = self.label_of(name)
        entry = self.entries.get(label)
        if entry is not None:
            return self._entry_reply(entry, qtype)
        if not label and qtype == wire.SOA and self.soa:
            return Reply(wire.NOERROR, self.flags, [self.soa_record(wire.TO_QUESTION)])
        if name in self.records:
            return self._record_reply(name, qtype)
        return self.denial(wire.NXDOMAIN if label else wire.NOERROR)

    def _entry_reply(self, entry: Entry, qtype: int) -> Reply:
        if qtype == wire.A:
            return self.listed(entry.codes, entry.ttl)
        if qtype == wire.TXT and entry.txt:
            return Reply(wire.NOERROR, self.flags, [
                wire.record(wire.TO_QUESTION, wire.TXT, entry.ttl, wire.txt_rdata(text)) for text in entry.txt])
        return self.denial(wire.NOERROR)

    def _record_reply(self, name: str, qtype: int) -> Reply:
        rows = [row for row in self.records[name] if row[0] in (qtype, wire.CNAME)]
        if not rows:
            return self.denial(wire.NOERROR)
        reply = Reply(wire.NOERROR, self.flags, [wire.record(wire.TO_QUESTION, t, ttl, rdata) for t, ttl, rdata in rows])
        for rtype, _, rdata in rows:
            if rtype in (wire.NS, wire.CNAME):
                target = wire.decode_name(rdata, 0)[0].lower()
                extra = reply.additional if rtype == wire.NS else reply.answers
                extra += [wire.record(wire.encode_name(target), t, ttl, value)
                          for t, ttl, value in self.records.get(target, []) if t in (wire.A, wire.AAAA)]
        return reply

    def _referral(self, name: str) -> Reply | None:
        for child, servers in self.delegations.items():
            if name == child or name.endswith("." + child):
                owner = wire.encode_name(child)
                glue = [wire.record(wire.encode_name(host), wire.A, 60, wire.a_rdata(address))
                        for host, addresses in servers.items() for address in addresses]
                return Reply(wire.NOERROR, self.flags & ~wire.AA, additional=glue, authority=[
                    wire.record(owner, wire.NS, 60, wire.encode_name(host)) for host in servers])
        return None


def lie_about(zone: Zone, truth: Reply, code: str = "127.0.0.2") -> Reply:
    """The opposite of the truth: what must not be believed."""
    return zone.denial() if truth.answers else zone.listed([code])
