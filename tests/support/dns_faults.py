# SPDX-License-Identifier: Apache-2.0
"""The faults of the DNS server by name: what is sent instead of, or before, the true answer.

Each is a function from a Case to the Actions that the server carries out; it sends nothing itself.
Here are the faults of a zone or a resolver as the world knows them; those of single packets and of
TCP streams are in dns_packets. MODES holds them all.
"""
from __future__ import annotations

import random
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Callable

from . import dns_wire as wire
from .dns_zone import Query, Reply, Zone, lie_about


# --- what the server can be told to do ---

@dataclass(frozen=True)
class Send:
    """A whole message: a datagram, or framed on the TCP connection."""
    data: bytes


@dataclass(frozen=True)
class SendFrom:
    """A datagram from another port, or from another address with the same port number."""
    where: str  # "port" or "address"
    data: bytes


@dataclass(frozen=True)
class After:
    seconds: float
    data: bytes


@dataclass(frozen=True)
class Raw:
    """Bytes on the TCP connection as they are, split into pieces when gap is given (seconds between bytes)."""
    data: bytes
    gap: float | None = None


@dataclass(frozen=True)
class Close:
    reset: bool = False


Action = Send | SendFrom | After | Raw | Close


@dataclass
class Case:
    """One question under a fault."""
    query: Query
    zone: Zone
    args: dict[str, Any]
    nth: int  # how often this name and type was asked before since the mode was set

    @property
    def truth(self) -> Reply:
        return self.zone.truth(self.query.name, self.query.qtype)

    @property
    def udp(self) -> bool:
        return self.query.transport == "udp"

    def true_message(self) -> bytes:
        return self.truth.encode(self.query)

    def lie(self) -> Reply:
        return lie_about(self.zone, self.truth, self.args.get("code", "127.0.0.2"))

    def reply(self, reply: Reply, **changes: Any) -> list[Action]:
        return [Send(reply.encode(self.query, **changes))]

    def then(self, junk: list[Action]) -> list[Action]:
        """The junk, and after it the true answer unless then="nothing" was given."""
        if self.args.get("then", "true") == "nothing":
            return junk
        return [*junk, Send(self.true_message())]


Fault = Callable[[Case], "list[Action]"]
MODES: dict[str, Fault] = {}
_random = random.Random(5)


def fault(function: Fault) -> Fault:
    """Enters the function into MODES under its name."""
    MODES[function.__name__.rstrip("_")] = function
    return function


# --- silence and rcodes ---

@fault
def ok(case: Case) -> list[Action]:
    return [Send(case.true_message())]


@fault
def drop(case: Case) -> list[Action]:
    return []


@fault
def delay(case: Case) -> list[Action]:
    """The truth, late: seconds=3."""
    return [After(float(case.args.get("seconds", 3.0)), case.true_message())]


@fault
def crowded(case: Case) -> list[Action]:
    """The truth after seconds=0.1, but nothing beyond limit=200 that wait for it: a small socket buffer. Counts
    what it dropped in the mode's args."""
    seconds, now = float(case.args.get("seconds", 0.1)), time.monotonic()
    due: deque[float] = case.args.setdefault("due", deque())
    while due and due[0] <= now:
        due.popleft()
    if len(due) >= int(case.args.get("limit", 200)):
        case.args["dropped"] = case.args.get("dropped", 0) + 1
        return []
    due.append(now + seconds)
    return [After(seconds, case.true_message())]


@fault
def late_lie(case: Case) -> list[Action]:
    """The truth at once, and the opposite after it: an answer to a question that is over."""
    return [Send(case.true_message()), After(float(case.args.get("seconds", 0.2)), case.lie().encode(case.query))]


@fault
def lossy(case: Case) -> list[Action]:
    """Only every n-th question is answered: of=2."""
    return ok(case) if case.nth % int(case.args.get("of", 2)) == 1 else []


@fault
def loses(case: Case) -> list[Action]:
    """A line that loses questions, each with a chance of percent=5."""
    return [] if _random.random() * 100 < float(case.args.get("percent", 5)) else ok(case)


@fault
def rcode(case: Case) -> list[Action]:
    """Nothing but an rcode: value=4."""
    return case.reply(Reply(int(case.args.get("value", wire.NOTIMP)), case.zone.flags))


@fault
def servfail(case: Case) -> list[Action]:
    return case.reply(Reply(wire.SERVFAIL, case.zone.flags))


@fault
def refused(case: Case) -> list[Action]:
    return case.reply(Reply(wire.REFUSED, case.zone.flags))


@fault
def formerr_edns(case: Case) -> list[Action]:
    """FORMERR, without an OPT, to whoever sends one (RFC 6891 section 7); the truth to others."""
    if not case.query.edns:
        return ok(case)
    return [Send(Reply(int(case.args.get("value", wire.FORMERR))).encode(replace(case.query, edns=False)))]


@fault
def badvers(case: Case) -> list[Action]:
    """BADVERS (extended rcode 16) to a question with EDNS."""
    if not case.query.edns:
        return ok(case)
    opt = wire.opt_record(ext_rcode=1)
    return case.reply(Reply(0, case.zone.flags), counts=(0, 0, 1), tail=opt)


@fault
def answer_servfail(case: Case) -> list[Action]:
    """An answer section that says listed under rcode SERVFAIL."""
    return case.reply(replace(case.zone.listed([case.args.get("code", "127.0.0.2")]), rcode=wire.SERVFAIL))


# --- zones and resolvers that lie ---

@fault
def nxdomain(case: Case) -> list[Action]:
    """NXDOMAIN for everything, the zone itself too: what a filtering resolver does."""
    return case.reply(case.zone.denial())


@fault
def nodata(case: Case) -> list[Action]:
    return case.reply(case.zone.denial(wire.NOERROR))


@fault
def empty(case: Case) -> list[Action]:
    """The zone lives and lists nobody, not even its test entry."""
    emptied = Zone(case.zone.name, (), role=case.zone.role, negative_ttl=case.zone.negative_ttl, soa=case.zone.soa)
    emptied.records = case.zone.records
    return case.reply(emptied.truth(case.query.name, case.query.qtype))


@fault
def wildcard(case: Case) -> list[Action]:
    """Everything is listed: code=127.0.0.2."""
    if case.query.qtype != wire.A:
        return case.reply(case.zone.denial(wire.NOERROR))
    return case.reply(case.zone.listed([case.args.get("code", "127.0.0.2")]))


@fault
def outside(case: Case) -> list[Action]:
    """Everything has an address outside 127/8: a parked domain, a captive portal."""
    return wildcard(Case(case.query, case.zone, {"code": case.args.get("address", "203.0.113.99")}, case.nth))


@fault
def outside_mixed(case: Case) -> list[Action]:
    return case.reply(case.zone.listed(["127.0.0.2", case.args.get("address", "203.0.113.99")]))


@fault
def refusal(case: Case) -> list[Action]:
    """A refusal code for everything, the test entries included: code=127.255.255.254, txt="Error: open resolver"."""
    code = case.args.get("code", "127.255.255.254")
    if case.query.qtype == wire.TXT:
        text = wire.txt_rdata(case.args.get("txt", "Error: open resolver"))
        return case.reply(Reply(0, case.zone.flags, [wire.record(wire.TO_QUESTION, wire.TXT, case.zone.ttl, text)]))
    return wildcard(Case(case.query, case.zone, {"code": code}, case.nth))


@fault
def refusal_mixed(case: Case) -> list[Action]:
    """A refusal code beside an ordinary one."""
    codes = ["127.0.0.2", case.args.get("code", "127.255.255.254")]
    return case.reply(case.zone.listed(codes) if case.query.qtype == wire.A else case.zone.denial(wire.NOERROR))


@fault
def flapping(case: Case) -> list[Action]:
    """Subjects change sides with every every-th question; test entries and the random names stay true."""
    label = case.zone.label_of(case.query.name)
    steady = label in case.zone.test_labels or case.query.qtype != wire.A or not case.truth.answers
    turned = (case.nth // int(case.args.get("every", 1))) % 2 == 1
    return case.reply(case.lie() if turned and not steady else case.truth)


@fault
def ede(case: Case) -> list[Action]:
    """The truth with an Extended DNS Error: value=3 (stale), 19, 4 (forged), 15 (blocked) ..."""
    marked = case.truth
    marked.options = [wire.ede_option(int(case.args.get("value", 3)))]
    return case.reply(marked)


# --- denials from those who may not, and broken chains ---

@fault
def referral(case: Case) -> list[Action]:
    """No answer but a delegation upward: a lame server."""
    ns = wire.record(b"\0", wire.NS, 60, wire.encode_name("ns.elsewhere.test"))
    return case.reply(Reply(wire.NOERROR, case.zone.flags & ~wire.AA, authority=[ns]))


@fault
def no_flags(case: Case) -> list[Action]:
    """The truth with neither AA nor RA."""
    return [Send(case.truth.encode(case.query, clear=wire.AA | wire.RA))]


@fault
def cname_open(case: Case) -> list[Action]:
    """A CNAME whose target is not in the message."""
    alias = wire.record(wire.TO_QUESTION, wire.CNAME, 5, wire.encode_name(f"gone.{case.zone.name}"))
    return case.reply(Reply(wire.NOERROR, case.zone.flags, [alias]))


@fault
def cname_chain(case: Case) -> list[Action]:
    """length=20 CNAMEs before the true A records, in order or shuffled=True."""
    length, owner = int(case.args.get("length", 20)), wire.TO_QUESTION
    rows = []
    for step in range(length):
        target = wire.encode_name(f"c{step}.{case.zone.name}")
        rows.append(wire.record(owner, wire.CNAME, 5, target))
        owner = target
    truth = case.truth
    rows += [owner + row[2:] for row in truth.answers]
    return case.reply(replace(truth, answers=rows[::-1] if case.args.get("shuffled") else rows))


@fault
def cname_loop(case: Case) -> list[Action]:
    """Two names that point at each other, and a listing under one outside the loop."""
    first, second = (wire.encode_name(f"{x}.{case.zone.name}") for x in ("left", "right"))
    rows = [wire.record(wire.TO_QUESTION, wire.CNAME, 5, first), wire.record(first, wire.CNAME, 5, second),
            wire.record(second, wire.CNAME, 5, first),
            wire.record(wire.encode_name(f"else.{case.zone.name}"), wire.A, 5, wire.a_rdata("127.0.0.2"))]
    return case.reply(Reply(wire.NOERROR, case.zone.flags, rows))


@fault
def other_owner(case: Case) -> list[Action]:
    """A listing for a name that nobody asked about."""
    stray = wire.record(wire.encode_name(f"stray.{case.zone.name}"), wire.A, 5, wire.a_rdata("127.0.0.2"))
    return case.reply(Reply(wire.NOERROR, case.zone.flags, [stray]))
