# SPDX-License-Identifier: Apache-2.0
"""The fault-injecting DNS server as a program: commands on stdin, one answer line each.

    zone NAME [KIND…] [ttl=1] [role=authoritative]      list ZONE SUBJECT [CODE…] [txt=TEXT]
    delist ZONE SUBJECT                                 record NAME TYPE VALUE
    mode ZONE|* MODE [KEY=VALUE…] [subject=SUBJECT]     count [ZONE]
    close · open · quit

The first line that it prints is "listening ADDRESS:PORT". Arguments with blanks are quoted as in a shell.
"""
from __future__ import annotations

import shlex
import sys
from typing import Any

from .dns_faults import MODES
from .fault_dns import FaultDns


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _split(words: list[str]) -> tuple[list[str], dict[str, Any]]:
    plain = [word for word in words if "=" not in word]
    return plain, {key: _value(value) for key, _, value in (w.partition("=") for w in words if "=" in w)}


def run(dns: FaultDns, line: str) -> str:
    """Carries out one command; the answer is "ok", "ok VALUE" or "error TEXT"."""
    try:
        command, *words = shlex.split(line)
        plain, keys = _split(words)
        if command == "zone":
            dns.zone(plain[0], plain[1:] or ("ipv4",), **keys)
        elif command == "list":
            dns.zones[plain[0]].list(plain[1], plain[2:] or "127.0.0.2", txt=keys.get("txt"))
        elif command == "delist":
            dns.zones[plain[0]].delist(plain[1])
        elif command == "record":
            (dns.zones.get("") or dns.hosts()).add(plain[0], plain[1], " ".join(plain[2:]))
        elif command == "mode":
            return _mode(dns, plain, keys)
        elif command == "count":
            return f"ok {dns.log.count(plain[0] if plain else None)}"
        elif command == "close":
            dns.close_ports()
        elif command == "open":
            dns.open_ports()
        else:
            return f"error no command {command}"
        return "ok"
    except (KeyError, IndexError, ValueError, TypeError) as error:
        return f"error {error!r}"


def _mode(dns: FaultDns, plain: list[str], keys: dict[str, Any]) -> str:
    if plain[1] not in MODES:
        return f"error no mode {plain[1]}; there are {' '.join(sorted(MODES))}"
    for zone in dns.zones.values() if plain[0] == "*" else [dns.zones[plain[0]]]:
        zone.set_mode(plain[1], **keys)
    return "ok"


def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with FaultDns(address=address, port=port) as dns:
        print(f"listening {dns.server}", flush=True)
        for line in sys.stdin:
            if line.strip() == "quit":
                break
            if line.strip():
                print(run(dns, line), flush=True)
