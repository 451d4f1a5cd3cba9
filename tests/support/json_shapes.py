# SPDX-License-Identifier: Apache-2.0
"""The JSON documents that rblwatch promises, key by key, and check(), which holds a document to its shape.

Every key named here must be there, with a value of its kind; further keys are allowed. A shape is a dict
(an object with these keys), a list of one shape, a set of allowed words, or a function that judges a value.
"""
from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Callable

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")


def text(value: Any) -> bool:
    return isinstance(value, str)


def number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def time(value: Any) -> bool:
    return isinstance(value, str) and bool(TIME.match(value)) and datetime.fromisoformat(value.replace("Z", "+00:00")) is not None


def anything(_: Any) -> bool:
    return True


class Maybe:
    """null, or the shape."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape


class Mapped:
    """An object with any keys out of names, each value of the shape."""

    def __init__(self, names: set[str], shape: Any) -> None:
        self.names, self.shape = names, shape


KIND = {"ipv4", "ipv6", "domain"}
SEVERITY = {"low", "medium", "high"}
PURPOSE = {"block", "allow", "info"}
ZONE_STATE = {"blind", "quarantined", "untested", "seeing"}
RESOLVER_STATE = {"blind", "seeing", "untested"}
CAUSE = {"refused", "stale", "rewritten", "servfail", "refused_rcode", "other_rcode", "lame", "malformed", "network", "timeout",
         "not_asked", "unsupported", "lists_everything", "test_entry_missing"}
EVENT_TYPE = {"listed", "changed", "delisted", "overdue", "retired", "zone_blind", "zone_seeing", "zone_quarantined",
              "zone_released", "resolver_blind", "resolver_seeing", "target_unresolved", "target_resolved", "channel_failed",
              "storage_failed"}

LISTING = {
    "target": text, "targets": [text], "tags": [text], "subject": text, "kind": KIND, "zone": text, "dns": text,
    "operator": Maybe(text), "severity": SEVERITY, "purpose": PURPOSE,
    "state": {"listed", "pending", "delisted", "retired"}, "pending_to": Maybe({"listed", "changed", "delisted"}),
    "codes": [text], "meanings": [text], "reason": Maybe(text), "listed_at": Maybe(time), "last_seen": Maybe(time),
    "delisted_at": Maybe(time), "duration_s": Maybe(number), "first_seen": flag,
    "doubt": Maybe({"cause": CAUSE, "since": Maybe(time)}), "acked": flag, "muted_by": Maybe(text), "contained": flag,
    "held": flag, "lookup_url": Maybe(text), "delist_url": Maybe(text), "delist_steps": [text],
    "delist_requested_at": Maybe(time), "overdue": flag,
}

KIND_STATE = {"state": ZONE_STATE, "cause": Maybe(CAUSE), "since": Maybe(time), "last_test": Maybe(time)}
ZONE = {
    "id": text, "dns": text, "operator": Maybe(text), "severity": SEVERITY, "purpose": PURPOSE, **KIND_STATE,
    "last_sweep": Maybe(time), "kinds": Mapped(KIND, KIND_STATE), "subjects": count, "listed": count, "unknown": count,
}

_HEAD = {"schema": {"rblwatch/1"}, "generated_at": time}
_SUMMARY = {name: count for name in (
    "targets", "subjects", "pairs", "zones", "zones_seeing", "zones_blind", "zones_quarantined", "zones_untested", "listed",
    "allow_lost", "info", "pending", "unknown", "unsupported")}

STATUS = {
    **_HEAD,
    "daemon": Maybe({"running": flag, "version": text, "started_at": Maybe(time), "last_sweep": Maybe(time)}),
    "summary": _SUMMARY, "listings": [LISTING], "zones": [ZONE],
    "resolvers": [{"server": text, "state": RESOLVER_STATE, "cause": Maybe(CAUSE), "since": Maybe(time), "rtt_ms": Maybe(number)}],
    "unknowns": [{"zone": text, "kind": KIND, "cause": CAUSE, "since": Maybe(time), "pairs": count, "subjects": [text]}],
}

_EVIDENCE = {"question": text, "server": Maybe(text), "transport": Maybe({"udp", "tcp"}), "rcode": Maybe(text),
             "ttl_s": Maybe(number), "asked_at": Maybe(time)}
EVENT = {
    "id": count, "type": EVENT_TYPE, "at": time, "severity": SEVERITY,
    "target": Maybe({"name": text, "value": text, "tags": [text]}), "targets": [text], "subject": Maybe(text),
    "kind": Maybe(KIND),
    "zone": Maybe({"id": text, "dns": text, "operator": Maybe(text), "severity": SEVERITY, "purpose": PURPOSE}),
    "resolver": Maybe({"servers": [text]}), "channel": Maybe(text), "codes": [text], "added": [text], "removed": [text],
    "meanings": [text], "reason": Maybe(text), "first_seen": flag, "listed_at": Maybe(time), "delisted_at": Maybe(time),
    "duration_s": Maybe(number), "cause": Maybe(text), "since": Maybe(time), "affected_subjects": Maybe(count), "text": text,
    "lookup_url": Maybe(text), "delist_url": Maybe(text), "delist_steps": [text], "evidence": Maybe(_EVIDENCE),
    "timeline": [{"type": EVENT_TYPE, "at": time, "zone": Maybe(text), "codes": [text]}],
}

MESSAGE = {"schema": {"rblwatch/1"}, "delivery": text, "created_at": time, "summary": text,
           "coverage": {"zones": count, "seeing": count, "blind": [text], "quarantined": [text]},
           "in_doubt": [{"subject": text, "zone": text, "codes": [text], "listed_at": time, "last_seen": Maybe(time),
                         "doubt": {"cause": CAUSE, "since": time}}], "events": [EVENT]}

_ANSWER = {
    "zone": text, "dns": text, "verdict": {"listed", "clear", "unknown"}, "cause": Maybe(CAUSE), "kept": flag,
    "question": text, "qtype": Maybe(text), "server": Maybe(text), "transport": Maybe({"udp", "tcp"}), "rcode": Maybe(text),
    "a": [anything], "txt": [anything], "ttl_s": Maybe(number), "ede": [anything], "asked_at": Maybe(time),
    "took_ms": Maybe(number),
    "votes": [{"verdict": text, "codes": [text], "asked_at": Maybe(time), "independent": flag}],
    "test": Maybe({"state": ZONE_STATE, "at": Maybe(time), "cause": Maybe(CAUSE)}), "dig": text,
}

DOCUMENTS: dict[str, dict[str, Any]] = {
    "status": STATUS,
    "check": STATUS,
    "history": {**_HEAD, "listings": [LISTING], "more": flag},
    "events": {**_HEAD, "events": [EVENT], "more": flag},
    "why": {**_HEAD, "subject": text, "target": Maybe(text), "answers": [_ANSWER]},
    "zones": {**_HEAD, "zones": [{**ZONE, "kinds_supported": [KIND], "codes": anything, "refusals": [text], "test": anything,
                                  "links": anything, "contained_in": [text], "limit_per_day": Maybe(count), "status": Maybe(text),
                                  "lookups": Maybe(count), "latency_ms": Maybe({"p50": Maybe(number), "p99": Maybe(number)})}]},
    "targets": {**_HEAD, "targets": [{"name": text, "type": {"address", "range", "host", "domain"}, "value": text, "tags": [text],
                                      "subjects": count, "listed": count, "unknown": count, "addresses": [text],
                                      "state": {"clear", "listed", "unknown", "unresolved"}, "listed_in_doubt": count,
                                      "last_seen": Maybe(time)}]},
    "alerts": {**_HEAD, "deliveries": [{"id": text, "channel": text, "state": {"waiting", "delivered", "failed", "dropped"},
                                        "created_at": time, "attempts": count, "last_attempt_at": Maybe(time),
                                        "next_attempt_at": Maybe(time), "response": Maybe(text), "events": [count],
                                        "about": Maybe(text)}]},
    "plan": {**_HEAD,
             "zones": [{"id": text, "operator": Maybe(text), "questions_per_day": count, "limit_per_day": Maybe(count),
                        "share": Maybe(number), "qps": Maybe(number), "sweep_s": Maybe(number)}],
             "operators": [{"operator": text, "questions_per_day": count, "limit_per_day": Maybe(count), "share": Maybe(number)}],
             "warnings": [text]},
    "doctor": {**_HEAD, "checks": [{"name": text, "state": {"ok", "warn", "fail"}, "text": text, "fix": Maybe(text)}]},
    "config check": {**_HEAD, **{name: [{"file": Maybe(text), "line": Maybe(count), "column": Maybe(count), "key": Maybe(text),
                                         "text": text, "allowed": Maybe(anything)}] for name in ("errors", "warnings")}},
    "message": MESSAGE,
}


def problems(document: Any, shape: Any, path: str = "$") -> list[str]:
    """What is wrong with the document, each with its place; [] when it fits."""
    if isinstance(shape, Maybe):
        return [] if document is None else problems(document, shape.shape, path)
    if isinstance(shape, Mapped):
        return _mapped(document, shape, path)
    if isinstance(shape, dict):
        if not isinstance(document, dict):
            return [f"{path}: no object but {document!r}"]
        missing = [f"{path}: the key {key!r} is missing" for key in shape if key not in document]
        return missing + [fault for key in shape if key in document
                          for fault in problems(document[key], shape[key], f"{path}.{key}")]
    if isinstance(shape, list):
        if not isinstance(document, list):
            return [f"{path}: no array but {document!r}"]
        return [fault for i, item in enumerate(document) for fault in problems(item, shape[0], f"{path}[{i}]")]
    if isinstance(shape, (set, frozenset)):
        return [] if isinstance(document, str) and document in shape else [f"{path}: {document!r} is none of {sorted(shape)}"]
    judge: Callable[[Any], bool] = shape
    return [] if judge(document) else [f"{path}: {document!r} is no {judge.__name__}"]


def _mapped(document: Any, shape: Mapped, path: str) -> list[str]:
    if not isinstance(document, dict):
        return [f"{path}: no object but {document!r}"]
    faults = [f"{path}: the key {key!r} is none of {sorted(shape.names)}" for key in document if key not in shape.names]
    return faults + [fault for key, value in document.items() for fault in problems(value, shape.shape, f"{path}.{key}")]


def check(document: Any, name: str) -> Any:
    """The document, when it has the shape of that name; AssertionError with every fault otherwise."""
    faults = problems(document, DOCUMENTS[name])
    if faults:
        raise AssertionError(f"the {name} document: " + "; ".join(faults[:12]))
    return document
