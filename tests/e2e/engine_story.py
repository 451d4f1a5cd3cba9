# SPDX-License-Identifier: Apache-2.0
"""The stage of the stories about the DNS engine: many addresses on a few zones, asked each second by the real daemon of
servers that note when each question arrived. What is judged is what these servers saw."""
from __future__ import annotations

import ipaddress
import time
from typing import Any, Callable

from tests.e2e.story import Story, own_zone
from tests.support.daemon import Rblwatch
from tests.support.dns_log import Asked
from tests.support.dns_zone import ADDRESS_LABEL
from tests.support.fault_dns import FaultDns

NETWORK = "198.18.0.0"  # of benchmarks (RFC 2544)


def addresses(bits: int = 25) -> list[str]:
    return [str(address) for address in ipaddress.ip_network(f"{NETWORK}/{bits}")]


HERE = addresses()
LISTED = HERE[::8]


def zones(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [own_zone(name.partition(".")[0], name, **more) for name in names]


def question(address: str, zone: str = "bl.test") -> str:
    return ".".join(reversed(address.split("."))) + "." + zone


def gaps(rows: list[Asked]) -> list[float]:
    """The times between one question and the next."""
    at = sorted(row.at for row in rows)
    return [later - sooner for sooner, later in zip(at, at[1:])]


class EngineStory(Story):
    def server(self, *zones: str, **options: Any) -> FaultDns:
        """A server that passes for a resolver and for the zones' own."""
        dns: FaultDns = self.keep(FaultDns(role="both", **options))
        for name in zones or ("bl.test",):
            dns.zone(name)
        return dns

    def watching(self, *servers: FaultDns, zones: list[dict[str, Any]] | None = None, bits: int = 25,
                 env: dict[str, str] | None = None, **sections: Any) -> Rblwatch:
        """A daemon that asks these resolvers for all of the network each second; zones are tested at the start only,
        and again when their answers look odd."""
        return self.install(self.watching_config(*servers, zones=zones, bits=bits, **sections), env=env).start()

    def watching_config(self, *servers: FaultDns, zones: list[dict[str, Any]] | None = None, bits: int = 25,
                        **sections: Any) -> dict[str, Any]:
        config = self.config(None, zone=zones or [own_zone()], target=[{"range": f"{NETWORK}/{bits}"}],
                             daemon={"log_level": "info"}, schedule={"health_interval": "1h"})
        config["resolver"] |= {"servers": [dns.server for dns in servers], "timeout": "1s", "attempts": 3}
        for name, values in sections.items():
            config[name] |= values
        return config

    def asked_all(self, dns: FaultDns, *zones: str) -> None:
        """Waits until every pair of the zones was asked for once."""
        for zone in zones or dns.zones:
            self.eventually(lambda: dns.log.count(name=question(NETWORK, zone)), f"the first sweep of {zone}")

    def pairs(self, dns: FaultDns, zone: str = "bl.test", since: float = 0.0) -> list[Asked]:
        """The questions for what is watched, without those of the zone's tests."""
        return [row for row in dns.log.rows(zone=zone, since=since) if ADDRESS_LABEL.fullmatch(row.name[:-len(zone) - 1])]

    def time_for(self, more: int, count: Callable[[], int], timeout: float = 40.0) -> float:
        """How long it takes until the count has grown by so much."""
        goal, began = count() + more, time.monotonic()
        self.eventually(lambda: count() >= goal, f"{more} more", timeout)
        return time.monotonic() - began

    def besieged(self, mode: str, *, zone: str = "bl.test", listed: list[str] = LISTED, cookies: bool = False,
                 address: str = "127.0.0.1", **args: Any) -> FaultDns:
        """A zone that lists some of the network, under a fault from the first question for a pair on."""
        dns = self.server(zone, cookies=cookies, address=address)
        for subject in listed:
            dns.zones[zone].list(subject)
        dns.zones[zone].set_mode(mode, spare_tests=True, **args)
        return dns

    def assertTrueVerdicts(self, watch: Rblwatch, listed: list[str] = LISTED, subjects: int = len(HERE)) -> None:
        """Exactly these are listed, all others clear; and it was never otherwise."""
        status = watch.wait_status(lambda s: s["summary"]["unknown"] == 0 and s["summary"]["listed"] == len(listed),
                                   f"{len(listed)} listed and none unknown", 60)
        self.assertEqual({row["subject"] for row in status["listings"]}, set(listed))
        self.assertEqual(status["summary"]["subjects"], subjects)
        self.assertEqual({event["type"] for event in watch.events()}, {"listed"})

    def assertNoOtherVote(self, dns: FaultDns, zone: str = "bl.test", listed: list[str] = LISTED) -> None:
        """A vote for a listing asks for its reason, whatever becomes of it."""
        reasons = {row.name for row in dns.log.rows(zone=zone, qtype="TXT")}
        self.assertEqual(reasons - {question(one, zone) for one in listed}, set())
        self.assertGreater(len(reasons), 0)
