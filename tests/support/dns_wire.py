# SPDX-License-Identifier: Apache-2.0
"""DNS messages as bytes: building and reading them for the tests (RFC 1035, 6891, 8914).

It builds well-formed pieces only; the malformed messages are put together from them in dns_faults.
It is an independent second reading of the wire format: nothing here is shared with the program.
"""
from __future__ import annotations

import ipaddress
import os
import socket
import struct
from dataclasses import dataclass, field
from typing import Iterator

from . import ports

A, NS, CNAME, SOA, NULL, PTR, MX, TXT, AAAA, OPT, TSIG = 1, 2, 5, 6, 10, 12, 15, 16, 28, 41, 250
IN, CH = 1, 3
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
BADCOOKIE = 23
TYPES = {"A": A, "NS": NS, "CNAME": CNAME, "SOA": SOA, "NULL": NULL, "PTR": PTR, "MX": MX, "TXT": TXT,
         "AAAA": AAAA, "OPT": OPT, "TSIG": TSIG}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
RCODE_NAMES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")

QR, AA, TC, RD, RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
EDE_OPTION, COOKIE_OPTION = 15, 10
TO_QUESTION = b"\xc0\x0c"  # a compression pointer to the name of the question


class WireError(ValueError):
    """A message that can't be read."""


def encode_name(name: str) -> bytes:
    """The uncompressed wire form; "" and "." are the root. Bytes above 127 go out as Latin-1."""
    out = bytearray()
    for label in name.rstrip(".").split(".") if name.rstrip(".") else []:
        raw = label.encode("latin-1")
        if not 0 < len(raw) < 64:
            raise WireError(f"bad label in {name!r}")
        out += bytes((len(raw),)) + raw
    return bytes(out) + b"\0"


def decode_name(message: bytes, offset: int) -> tuple[str, int]:
    """The name at offset and where it ends; pointers are followed strictly backward."""
    labels: list[str] = []
    end = None
    limit = offset + 1
    while True:
        if offset >= len(message):
            raise WireError("a name runs past the message")
        size = message[offset]
        if size & 0xC0 == 0xC0:
            if offset + 1 >= len(message):
                raise WireError("a pointer is cut off")
            target = (size & 0x3F) << 8 | message[offset + 1]
            end = end if end is not None else offset + 2
            if target >= limit:
                raise WireError("a pointer doesn't go backward")
            offset = limit = target
        elif size & 0xC0:
            raise WireError("an unknown kind of label")
        elif size == 0:
            return ".".join(labels), end if end is not None else offset + 1
        else:
            labels.append(message[offset + 1:offset + 1 + size].decode("latin-1"))
            offset += 1 + size


def record(owner: bytes, rtype: int, ttl: int, rdata: bytes, rclass: int = IN, rdlength: int | None = None) -> bytes:
    """One resource record; owner is in wire form, and rdlength may lie."""
    size = len(rdata) if rdlength is None else rdlength
    return owner + struct.pack(">HHIH", rtype, rclass, ttl, size) + rdata


def a_rdata(address: str) -> bytes:
    return ipaddress.IPv4Address(address).packed


def txt_rdata(text: bytes | str) -> bytes:
    """Cut into character strings of at most 255 bytes."""
    raw = text.encode() if isinstance(text, str) else text
    parts = [raw[i:i + 255] for i in range(0, len(raw), 255)] or [b""]
    return b"".join(bytes((len(part),)) + part for part in parts)


def soa_rdata(zone: str, minimum: int, serial: int = 1) -> bytes:
    names = encode_name(f"ns1.{zone}") + encode_name(f"hostmaster.{zone}")
    return names + struct.pack(">IIIII", serial, 3600, 600, 86400, minimum)


def text_rdata(rtype: int, value: str | bytes) -> bytes:
    """The rdata of a record written as text, for the types that the tests use."""
    if isinstance(value, bytes) and rtype != TXT:
        return value
    if rtype == A:
        return a_rdata(str(value))
    if rtype == AAAA:
        return ipaddress.IPv6Address(str(value)).packed
    if rtype == TXT:
        return txt_rdata(value)
    if rtype == MX:
        preference, host = str(value).split()
        return struct.pack(">H", int(preference)) + encode_name(host)
    return encode_name(str(value))


def opt_record(options: list[tuple[int, bytes]] = (), size: int = 1232, ext_rcode: int = 0) -> bytes:
    """An OPT pseudo record (RFC 6891) with its options."""
    body = b"".join(struct.pack(">HH", code, len(data)) + data for code, data in options)
    return b"\0" + struct.pack(">HHIH", OPT, size, ext_rcode << 24, len(body)) + body


def ede_option(code: int, text: str = "") -> tuple[int, bytes]:
    return EDE_OPTION, struct.pack(">H", code) + text.encode()


def split_options(rdata: bytes) -> Iterator[tuple[int, bytes]]:
    """The options of an OPT record, as far as they are whole."""
    at = 0
    while at + 4 <= len(rdata):
        code, size = struct.unpack_from(">HH", rdata, at)
        yield code, rdata[at + 4:at + 4 + size]
        at += 4 + size


def question_edns(message: bytes, end: int) -> tuple[int, bytes]:
    """Of a question whose name, type and class end there: the size of its OPT record and its cookie."""
    if message[end:end + 3] != b"\0\0\x29":
        return 0, b""
    options = message[end + 11:end + 11 + int.from_bytes(message[end + 9:end + 11], "big")]
    cookies = [data for code, data in split_options(options) if code == COOKIE_OPTION]
    return int.from_bytes(message[end + 3:end + 5], "big"), cookies[0] if cookies else b""


def header(msg_id: int, flags: int, counts: tuple[int, int, int, int]) -> bytes:
    return struct.pack(">HHHHHH", msg_id, flags, *counts)


def build_query(name: str, qtype: int = A, msg_id: int | None = None, rd: bool = True, edns: bool = False,
                cookie: bytes = b"") -> bytes:
    chosen = int.from_bytes(os.urandom(2), "big") if msg_id is None else msg_id
    question = encode_name(name) + struct.pack(">HH", qtype, IN)
    extra = opt_record([(COOKIE_OPTION, cookie)] if cookie else ()) if edns or cookie else b""
    return header(chosen, RD if rd else 0, (1, 0, 0, 1 if extra else 0)) + question + extra


@dataclass
class Record:
    owner: str
    type: int
    rclass: int
    ttl: int
    rdata: bytes
    text: str


@dataclass
class Message:
    id: int
    flags: int
    questions: list[tuple[str, int, int]] = field(default_factory=list)
    answers: list[Record] = field(default_factory=list)
    authority: list[Record] = field(default_factory=list)
    additional: list[Record] = field(default_factory=list)

    @property
    def rcode(self) -> int:
        return self.flags & 15

    @property
    def aa(self) -> bool:
        return bool(self.flags & AA)

    @property
    def ra(self) -> bool:
        return bool(self.flags & RA)

    @property
    def tc(self) -> bool:
        return bool(self.flags & TC)

    def addresses(self) -> list[str]:
        return sorted(r.text for r in self.answers if r.type == A)

    def texts(self) -> list[bytes]:
        return [_join_strings(r.rdata) for r in self.answers if r.type == TXT]

    def options(self, wanted: int) -> list[bytes]:
        """The EDNS options of that code."""
        return [data for r in self.additional if r.type == OPT for code, data in split_options(r.rdata) if code == wanted]

    def ede(self) -> list[int]:
        """The Extended DNS Error codes of the message (RFC 8914)."""
        return [int.from_bytes(data[:2], "big") for data in self.options(EDE_OPTION) if len(data) >= 2]


def _join_strings(rdata: bytes) -> bytes:
    out, at = b"", 0
    while at < len(rdata):
        out += rdata[at + 1:at + 1 + rdata[at]]
        at += 1 + rdata[at]
    return out


def _record_text(message: bytes, rtype: int, start: int, rdata: bytes) -> str:
    if rtype == A and len(rdata) == 4:
        return str(ipaddress.IPv4Address(rdata))
    if rtype == AAAA and len(rdata) == 16:
        return str(ipaddress.IPv6Address(rdata))
    if rtype in (NS, CNAME, PTR):
        return decode_name(message, start)[0]
    return rdata.hex()


def _read_record(message: bytes, at: int) -> tuple[Record, int]:
    owner, at = decode_name(message, at)
    if at + 10 > len(message):
        raise WireError("a record is cut off")
    rtype, rclass, ttl, size = struct.unpack_from(">HHIH", message, at)
    start = at + 10
    if start + size > len(message):
        raise WireError("a record runs past the message")
    rdata = message[start:start + size]
    return Record(owner, rtype, rclass, ttl, rdata, _record_text(message, rtype, start, rdata)), start + size


def parse(message: bytes) -> Message:
    """The whole message, or WireError."""
    if len(message) < 12:
        raise WireError("shorter than a header")
    msg_id, flags, *counts = struct.unpack_from(">HHHHHH", message)
    parsed, at = Message(msg_id, flags), 12
    for _ in range(counts[0]):
        name, at = decode_name(message, at)
        if at + 4 > len(message):
            raise WireError("a question is cut off")
        parsed.questions.append((name, *struct.unpack_from(">HH", message, at)))
        at += 4
    for section, count in zip((parsed.answers, parsed.authority, parsed.additional), counts[1:]):
        for _ in range(count):
            rec, at = _read_record(message, at)
            section.append(rec)
    return parsed


def read_exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise WireError("the connection was closed early")
        data += part
    return data


def ask(server: tuple[str, int], name: str, qtype: int = A, *, tcp: bool = False, timeout: float = 2.0,
        rd: bool = True, edns: bool = False) -> Message:
    """One question and its answer, for tests that look for themselves. OSError when none comes."""
    query = build_query(name, qtype, rd=rd, edns=edns)
    if tcp:
        with socket.create_connection(server, timeout) as sock:
            sock.sendall(struct.pack(">H", len(query)) + query)
            return parse(read_exactly(sock, int.from_bytes(read_exactly(sock, 2), "big")))
    with socket.socket(ports.family(server[0]), socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        sock.connect(server)
        sock.send(query)
        while True:
            reply = sock.recv(65535)
            if reply[:2] == query[:2]:
                return parse(reply)


def reversed_name(address: str) -> str:
    """The labels of an address as blocklists are asked: octets or nibbles backward (RFC 5782)."""
    ip = ipaddress.ip_address(address)
    if ip.version == 4:
        return ".".join(reversed(str(ip).split(".")))
    return ".".join(reversed(ip.exploded.replace(":", "")))
