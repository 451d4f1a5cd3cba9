# SPDX-License-Identifier: Apache-2.0
"""Hostile and broken packets, and broken TCP streams, as faults of the DNS server (see dns_faults).

Replies that are forged say the opposite of the truth, so that a client which takes one shows it.
Where "then" is not "nothing", the true answer follows: a good client ignores the junk and waits on.
"""
from __future__ import annotations

import random
import struct
from dataclasses import replace
from typing import Callable

from . import dns_wire as wire
from .dns_faults import Action, After, Case, Close, Raw, Send, SendFrom, fault, ok
from .dns_zone import Query, Reply

_random = random.Random(20260823)
MAX_MESSAGE = 65535


def _framed(message: bytes) -> bytes:
    return struct.pack(">H", len(message)) + message


def _swapped_case(question: bytes) -> bytes:
    """The name in the other case; labels are shorter than 64, so length bytes are never letters."""
    return question[:-4].swapcase() + question[-4:]


def _guessed_case(name: bytes) -> bytes:
    """The name with each letter's case thrown anew."""
    thrown = _random.getrandbits(len(name))
    return bytes(octet ^ 0x20 if thrown >> i & 1 and chr(octet).isalpha() else octet for i, octet in enumerate(name))


def _renamed(query: Query, name: str, qtype: int | None = None, rclass: int = wire.IN) -> bytes:
    return wire.encode_name(name) + struct.pack(">HH", query.qtype if qtype is None else qtype, rclass)


# --- replies that don't match their question ---

def _forged(case: Case, **changes: Any) -> list[Action]:
    return case.then([Send(case.lie().encode(case.query, **changes))])


@fault
def wrong_id(case: Case) -> list[Action]:
    return _forged(case, id=case.query.id ^ 0x5555)


@fault
def wrong_question(case: Case) -> list[Action]:
    return _forged(case, question=_renamed(case.query, f"77.0.0.127.{case.zone.name}"))


@fault
def wrong_type(case: Case) -> list[Action]:
    return _forged(case, question=_renamed(case.query, case.query.name, wire.AAAA))


@fault
def wrong_class(case: Case) -> list[Action]:
    """Question and records of class CH."""
    lie = case.lie()
    lie.answers = [row[:4] + struct.pack(">H", wire.CH) + row[6:] for row in lie.answers]
    return case.then(case.reply(lie, question=_renamed(case.query, case.query.name, None, wire.CH)))


@fault
def record_class_ch(case: Case) -> list[Action]:
    """The right question, an A record of class CH: no address of ours."""
    row = wire.record(wire.TO_QUESTION, wire.A, 5, wire.a_rdata("127.0.0.2"), rclass=wire.CH)
    return case.then(case.reply(Reply(0, case.zone.flags, [row])))


@fault
def not_a_reply(case: Case) -> list[Action]:
    return _forged(case, clear=wire.QR)


@fault
def opcode(case: Case) -> list[Action]:
    return _forged(case, flags=4 << 11)


@fault
def qdcount(case: Case) -> list[Action]:
    """value=0: no question at all; value=2: it stands there twice."""
    count = int(case.args.get("value", 0))
    return _forged(case, qdcount=count, question=case.query.question * count)


@fault
def other_case(case: Case) -> list[Action]:
    return _forged(case, question=_swapped_case(case.query.question))


@fault
def lower_case(case: Case) -> list[Action]:
    """The truth from a server that folds the case of the question."""
    question = case.query.question
    return [Send(case.truth.encode(case.query, question=question[:-4].lower() + question[-4:]))]


@fault
def wrong_port(case: Case) -> list[Action]:
    return case.then([SendFrom("port", case.lie().encode(case.query))])


@fault
def wrong_address(case: Case) -> list[Action]:
    return case.then([SendFrom("address", case.lie().encode(case.query))])


@fault
def zero_datagram(case: Case) -> list[Action]:
    return case.then([Send(b"")]) if case.udp else ok(case)


def _junk_kinds(case: Case) -> tuple[Callable[[], Action], ...]:
    lie, query = case.lie(), case.query
    kinds = (lambda: Send(_random.randbytes(_random.randrange(1, 200))),
             lambda: Send(lie.encode(query, id=(query.id + _random.randrange(1, 65536)) & 0xFFFF)),
             lambda: Send(lie.encode(query, question=_renamed(query, f"x{_random.randrange(10**6)}.test"))),
             lambda: Send(lie.encode(query, clear=wire.QR)),
             lambda: Send(lie.encode(query)[:_random.randrange(2, 20)]),
             lambda: Send(struct.pack(">H", query.id) + _random.randbytes(60)))
    if not case.udp:
        return kinds
    return *kinds, lambda: Send(b""), lambda: SendFrom("port", lie.encode(query)), lambda: SendFrom("address", lie.encode(query))


@fault
def junk(case: Case) -> list[Action]:
    """count=50 replies of every wrong kind before the true one."""
    kinds = _junk_kinds(case)
    return case.then([kinds[i % len(kinds)]() for i in range(int(case.args.get("count", 50)))])


@fault
def flood(case: Case) -> list[Action]:
    """count=150 replies of somebody who knows address, port and name, but guesses the id and the letters' case
    (knows="case": only the id). Over TCP nothing but the truth."""
    if not case.udp:
        return ok(case)
    name, kind = case.query.question[:-4], case.query.question[-4:]
    exact = case.args.get("knows") == "case"
    lie = case.lie().encode(case.query)
    end = 12 + len(case.query.question)
    return case.then([Send(_random.randbytes(2) + lie[2:12] + (name if exact else _guessed_case(name)) + kind + lie[end:])
                      for _ in range(int(case.args.get("count", 150)))])


@fault
def random_bytes(case: Case) -> list[Action]:
    size = int(case.args.get("size", 0)) or _random.randrange(1, 600)
    return case.then([Send(_random.randbytes(size))])


@fault
def random_tail(case: Case) -> list[Action]:
    """The right header and question, then noise with made-up counts."""
    counts = tuple(_random.randrange(1, 4) for _ in range(3))
    return _forged(case, counts=counts, tail=_random.randbytes(_random.randrange(1, 300)))


# --- cookies (RFC 7873), of a server that has them ---

@fault
def wrong_cookie(case: Case) -> list[Action]:
    """A reply that knows all but the client's cookie, before the true one."""
    if not case.query.cookie:
        return ok(case)
    return _forged(case, cookie=bytes(octet ^ 0xFF for octet in case.query.cookie[:8]) + case.query.cookie[8:])


@fault
def no_cookie(case: Case) -> list[Action]:
    """To those who show the server's cookie: over UDP a reply that knows all but the cookies, before the true one."""
    return _forged(case, cookie=b"") if case.query.is_known and case.udp else ok(case)


@fault
def badcookie(case: Case) -> list[Action]:
    """BADCOOKIE (RFC 7873 section 5.2.3) to all who don't show the server's cookie; the truth to others, or forever=True."""
    if not case.query.cookie or (case.query.is_known and not case.args.get("forever")) or not case.udp:
        return ok(case)
    return case.reply(Reply(wire.BADCOOKIE, case.zone.flags))


# --- messages that are malformed inside ---

@fault
def a_rdlength(case: Case) -> list[Action]:
    """An A record of value=0, 2, 5 or 20 bytes; of 20, the tail looks like a record that says 127.0.0.2."""
    size = int(case.args.get("value", 20))
    tail = wire.record(wire.TO_QUESTION, wire.A, 5, wire.a_rdata("127.0.0.2"))
    rdata = (wire.a_rdata("8.8.8.8") + tail)[:size] if size > 4 else wire.a_rdata("127.0.0.2")[:size]
    rows = [wire.record(wire.TO_QUESTION, wire.A, 5, rdata.ljust(size, b"\0"))]
    return case.then(case.reply(Reply(0, case.zone.flags, rows * (2 if size == 20 else 1))))


@fault
def trailing_junk(case: Case) -> list[Action]:
    flags, counts, tail = case.lie().parts(case.query.edns)
    del flags
    return _forged(case, counts=counts, tail=tail + _random.randbytes(30))


@fault
def longer_than_read(case: Case) -> list[Action]:
    """A lie that is whole where a client that reads read=4096 octets stops, and goes on to size=9000."""
    if not case.udp:
        return ok(case)
    read, size = int(case.args.get("read", 4096)), int(case.args.get("size", 9000))
    _, (answers, authority, additional), tail = case.lie().parts(case.query.edns)
    filler = bytes(read - 12 - len(case.query.question) - len(tail) - len(wire.record(b"\0", wire.NULL, 0, b"")))
    tail += wire.record(b"\0", wire.NULL, 0, filler)
    return _forged(case, counts=(answers, authority, additional + 1), tail=tail + _random.randbytes(size - read))


@fault
def counts_lie(case: Case) -> list[Action]:
    """65535 answers announced, one there."""
    return _forged(case, counts=(65535, 65535, 65535))


@fault
def pointers(case: Case) -> list[Action]:
    """kind=forward, self, loop or chain (hops=8172): an A record whose owner's name goes round."""
    start = 12 + len(case.query.question)
    kind, tail, count = case.args.get("kind", "self"), b"", 1
    if kind == "chain":
        hops = int(case.args.get("hops", 8172))
        first = start + 11  # behind the head of the NULL record that holds the chain
        hops = min(hops, (0x3FFF - first) // 2)
        chain = wire.TO_QUESTION + b"".join(
            struct.pack(">H", 0xC000 | first + 2 * i) for i in range(hops - 1))
        tail, count = wire.record(b"\0", wire.NULL, 5, chain), 2
        owner = struct.pack(">H", 0xC000 | first + 2 * (hops - 1))
    elif kind == "forward":
        owner = struct.pack(">H", 0xC000 | start + 16)
    elif kind == "loop":
        owner = b"\x01a" + struct.pack(">H", 0xC000 | start)
    else:
        owner = struct.pack(">H", 0xC000 | start)
    tail += wire.record(owner, wire.A, 5, wire.a_rdata("127.0.0.2"))
    if kind == "forward":
        tail, count = tail + wire.record(case.query.question[:-4], wire.A, 5, wire.a_rdata("127.0.0.2")), 2
    return case.then(_sized(case, Reply(0, case.zone.flags), (count, 0, 0), tail))


def _sized(case: Case, reply: Reply, counts: tuple[int, int, int], tail: bytes) -> list[Action]:
    """The message; when it is too big for a datagram, TC first and the whole over TCP."""
    message = reply.encode(case.query, counts=counts, tail=tail)[:MAX_MESSAGE]
    if case.udp and len(message) > int(case.args.get("udp_limit", 4096)):
        return [Send(reply.encode(case.query, flags=wire.TC, counts=(0, 0, 0), tail=b""))]
    return _and_truth(case, [Send(message)])


def _and_truth(case: Case, over_tcp: list[Action]) -> list[Action]:
    """The true answer behind it where then="true" was given, so that nobody waits and many come in a second."""
    return [*over_tcp, *ok(case)] if case.args.get("then") == "true" and not case.udp else over_tcp


@fault
def two_opt(case: Case) -> list[Action]:
    lie = case.lie()
    tail = b"".join(lie.answers + lie.authority) + wire.opt_record() * 2
    return _forged(case, counts=(len(lie.answers), len(lie.authority), 2), tail=tail)


@fault
def two_tsig(case: Case) -> list[Action]:
    lie = case.lie()
    body = wire.encode_name("hmac-sha256") + b"\0" * 6 + struct.pack(">HH", 300, 32) + b"\1" * 32 + b"\0" * 6
    tsig = wire.record(wire.encode_name("key"), wire.TSIG, 0, body, rclass=255)
    tail = b"".join(lie.answers + lie.authority) + tsig * 2
    return _forged(case, counts=(len(lie.answers), len(lie.authority), 2), tail=tail)


@fault
def opt_option(case: Case) -> list[Action]:
    """The truth with an EDNS option: value=13 (CHAIN) of size=0 bytes."""
    marked = case.truth
    marked.options = [(int(case.args.get("value", 13)), b"\xff" * int(case.args.get("size", 0)))]
    return case.reply(marked)


@fault
def empty_records(case: Case) -> list[Action]:
    """count=5459 records without rdata."""
    count = int(case.args.get("count", 5459))
    tail = wire.record(b"\0", wire.NULL, 0, b"") * count
    return _sized(case, Reply(0, case.zone.flags), (count, 0, 0), tail)


@fault
def txt_strings(case: Case) -> list[Action]:
    """A TXT record of count=65000 empty strings, behind the true answer where there is one."""
    answers = case.truth.answers if case.query.qtype == wire.A else []
    count = int(case.args.get("count", 65000))
    tail = b"".join(answers) + wire.record(wire.TO_QUESTION, wire.TXT, 5, b"\0" * count)
    return _sized(case, Reply(0, case.zone.flags), (len(answers) + 1, 0, 0), tail)


# --- truncation and TCP streams; over UDP all of them say TC ---

def _truncated(case: Case, over_tcp: list[Action]) -> list[Action]:
    if case.udp:
        return [Send(Reply(0, case.zone.flags).encode(case.query, flags=wire.TC))]
    return over_tcp


@fault
def tc(case: Case) -> list[Action]:
    """Truncated over UDP, and that after seconds=0; the truth over TCP."""
    if not case.udp:
        return ok(case)
    return [After(float(case.args.get("seconds", 0)), Reply(0, case.zone.flags).encode(case.query, flags=wire.TC))]


@fault
def tc_late(case: Case) -> list[Action]:
    """The truth over TCP after seconds=0.3, and every other one after half of it: out of order."""
    seconds = float(case.args.get("seconds", 0.3)) / (1 + case.query.id % 2)
    return _truncated(case, [After(seconds, case.true_message())])


@fault
def tc_noise(case: Case) -> list[Action]:
    """Over TCP the right header and question with size=65535 octets in all, of which the rest is noise."""
    size = int(case.args.get("size", MAX_MESSAGE)) - 12 - len(case.query.question)
    counts = tuple(_random.randrange(1, 100) for _ in range(3))
    noise = case.lie().encode(case.query, counts=counts, tail=_random.randbytes(size))
    return _truncated(case, _and_truth(case, [Send(noise)]))


@fault
def tc_forever(case: Case) -> list[Action]:
    return _truncated(case, [Send(Reply(0, case.zone.flags).encode(case.query, flags=wire.TC))])


@fault
def tc_refused(case: Case) -> list[Action]:
    """The server also closes its TCP port as long as this mode is in force."""
    return _truncated(case, [Close(reset=True)])


@fault
def tc_reset(case: Case) -> list[Action]:
    return _truncated(case, [Close(reset=True)])


@fault
def tc_close(case: Case) -> list[Action]:
    """Closed before the length."""
    return _truncated(case, [Close()])


@fault
def tc_silent(case: Case) -> list[Action]:
    return _truncated(case, [])


@fault
def tc_drip(case: Case) -> list[Action]:
    """A byte every gap=1 seconds."""
    return _truncated(case, [Raw(_framed(case.true_message()), gap=float(case.args.get("gap", 1.0)))])


@fault
def tc_then_drip(case: Case) -> list[Action]:
    """The truth over TCP, then a byte of another message every gap=1 seconds."""
    return _truncated(case, [*ok(case), Raw(b"\x00\x40" + bytes(64), gap=float(case.args.get("gap", 1.0)))])


@fault
def tc_length(case: Case) -> list[Action]:
    """A length of value=0, 1 or 65535, as many bytes as there are of the truth, and the end."""
    size = int(case.args.get("value", 0))
    return _truncated(case, [Raw(struct.pack(">H", size) + case.true_message()[:size]), Close()])


@fault
def tc_short(case: Case) -> list[Action]:
    """Closed in the middle of the message."""
    whole = _framed(case.true_message())
    return _truncated(case, [Raw(whole[:len(whole) // 2]), Close()])


@fault
def tc_pieces(case: Case) -> list[Action]:
    """The truth byte by byte without delay: a good client puts it together."""
    return _truncated(case, [Raw(_framed(case.true_message()), gap=0.0)])


@fault
def tc_two(case: Case) -> list[Action]:
    """Two replies in one segment; the first has a wrong id and says the opposite."""
    wrong = case.lie().encode(case.query, id=case.query.id ^ 1)
    return _truncated(case, [Raw(_framed(wrong) + _framed(case.true_message()))])


@fault
def tc_wrong_id(case: Case) -> list[Action]:
    return _truncated(case, [Send(case.lie().encode(replace(case.query, id=case.query.id ^ 1)))])
