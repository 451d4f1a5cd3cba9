# SPDX-License-Identifier: Apache-2.0
"""Asks the daemon over HTTP: well-behaved requests, and bytes as a test wants them."""
from __future__ import annotations

import http.client
import json
import re
import socket
from dataclasses import dataclass
from typing import Any

from . import ports


@dataclass(frozen=True)
class Reply:
    """An answer; headers in lower case, those that come twice with a comma."""
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def series(self) -> dict[str, float]:
        """Of /metrics: each series with its value."""
        lines = [line for line in self.body.splitlines() if line and not line.startswith("#")]
        return {name: float(number) for name, number in (line.rsplit(" ", 1) for line in lines)}


class HttpClient:
    """For one daemon, at an address and port that nobody else has."""

    def __init__(self, listen: str = "") -> None:
        """listen: what the daemon listens at, where that is not the address to ask at."""
        self.address = "127.0.0.1" if listen else ports.own_address()
        self.port = ports.free_port(self.address)
        self.setting = f"{listen or self.address}:{self.port}"
        self.host = f"{self.address}:{self.port}"

    def ask(self, path: str, method: str = "GET", host: str | None = None, **headers: str) -> Reply:
        """One request on a connection of its own; headers with _ for -."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if host != "":
                connection.putheader("Host", host or self.host)
            for name, text in headers.items():
                connection.putheader(name.replace("_", "-"), text)
            connection.endheaders()
            got = connection.getresponse()
            merged: dict[str, str] = {}
            for name, text in got.getheaders():
                name = name.lower()
                merged[name] = f"{merged[name]}, {text}" if name in merged else text
            return Reply(got.status, merged, got.read().decode())
        finally:
            connection.close()

    def metric(self, name: str) -> float | None:
        """The value of a series, by its name with its labels."""
        return self.ask("/metrics").series().get(name)

    def connect(self) -> socket.socket:
        return socket.create_connection((self.address, self.port), timeout=30)

    def raw(self, data: bytes) -> bytes:
        """Sends bytes and reads until the daemon closes."""
        with self.connect() as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it closed before it had read all
            got = b""
            try:
                while part := connection.recv(65536):
                    got += part
            except OSError:
                pass
            return got


def metric_names(text: str) -> set[str]:
    """The families of a /metrics page."""
    return set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
