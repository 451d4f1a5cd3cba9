# SPDX-License-Identifier: Apache-2.0
"""What a DNS server of the tests was asked: a log that tests can read, count and wait on."""
from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import Iterable, Iterator, NamedTuple

from . import dns_wire as wire
from .process import Timeout

KEPT = 200_000


class Asked(NamedTuple):
    """One question. name is in lower case, raw_name as it came (0x20)."""
    at: float  # time.monotonic() of its arrival in the kernel (UDP), so that a busy machine does not blur it
    name: str
    raw_name: bytes
    qtype: int
    zone: str
    transport: str
    source: tuple[str, int]
    id: int
    edns: bool
    rd: bool
    room: int = 0  # octets that its sender takes in a datagram (EDNS)
    cookie: bytes = b""  # RFC 7873: the client's, and the server's behind it when it has one

    @property
    def type_name(self) -> str:
        return wire.TYPE_NAMES.get(self.qtype, str(self.qtype))


def busiest(times: Iterable[float], span: float = 1.0) -> int:
    """The most of them that fall into any sliding span."""
    within: deque[float] = deque()
    most = 0
    for at in sorted(times):
        within.append(at)
        while within[0] <= at - span:
            within.popleft()
        most = max(most, len(within))
    return most


def without_resends(rows: Iterable[Asked]) -> list[Asked]:
    """The first of each packet: one that got no answer in time comes again from the same port under the same id."""
    first = {}
    for row in rows:
        first.setdefault((row.source, row.id, row.name), row)
    return list(first.values())


class QuestionLog:
    """Keeps the last questions and counts all of them; safe from any thread."""

    def __init__(self) -> None:
        self._rows: deque[Asked] = deque(maxlen=KEPT)
        self._per_zone: Counter[str] = Counter()
        self._total = 0
        self._grown = threading.Condition()
        self._watchers = 0

    def add(self, row: Asked) -> None:
        self._rows.append(row)
        self._per_zone[row.zone] += 1
        self._total += 1
        if self._watchers:
            with self._grown:
                self._grown.notify_all()

    @property
    def total(self) -> int:
        return self._total

    def rows(self, zone: str | None = None, name: str | None = None, qtype: str | None = None,
             since: float = 0.0) -> list[Asked]:
        """The questions that fit, oldest first; since is a time.monotonic()."""
        return list(self._matching(zone, name, qtype, since))

    def count(self, zone: str | None = None, name: str | None = None, qtype: str | None = None,
              since: float = 0.0) -> int:
        if name is None and qtype is None and not since:
            return self._total if zone is None else self._per_zone[zone]
        return sum(1 for _ in self._matching(zone, name, qtype, since))

    def _matching(self, zone: str | None, name: str | None, qtype: str | None, since: float) -> Iterator[Asked]:
        number = wire.TYPES[qtype] if qtype else None
        for row in self._rows.copy():
            if ((zone is None or row.zone == zone) and (name is None or row.name == name)
                    and (number is None or row.qtype == number) and row.at >= since):
                yield row

    def wait(self, more: int = 1, timeout: float = 10.0, **which: str | None) -> list[Asked]:
        """Waits for so many further questions that fit, and returns them."""
        start, deadline = time.monotonic(), time.monotonic() + timeout
        with self._grown:
            self._watchers += 1
            try:
                while len(found := self.rows(since=start, **which)) < more:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise Timeout(f"{timeout:g} s passed with {len(found)} of {more} questions {which}")
                    self._grown.wait(min(left, 0.25))
                return found
            finally:
                self._watchers -= 1

    def clear(self) -> None:
        self._rows.clear()
        self._per_zone.clear()
        self._total = 0
