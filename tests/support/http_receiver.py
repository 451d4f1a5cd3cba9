# SPDX-License-Identifier: Apache-2.0
"""An HTTP server for alerts: keeps each request, and answers as the test wrote it down.

    with HttpReceiver() as sink:
        sink.script("/ops", Answer(500), Answer(429, {"Retry-After": "1"}), Answer(200))
        ... url = sink.url("/ops") ...
        first = sink.wait("/ops", 1)[0]

The last answer of a script stays in force; without one every request gets 200. It speaks just enough
HTTP/1.1 by hand, so that it can also answer what no server should.
"""
from __future__ import annotations

import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from .process import Timeout, wait_for

MAX_REQUEST = 16 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """kind: normal; hang (reads, says nothing); reset (reads, then RST); close (reads, then FIN); drip (the body
    byte by byte, every gap seconds); huge (a body of size bytes without end); headers (headers without end)."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    kind: str = "normal"
    gap: float = 1.0
    size: int = 1 << 30


@dataclass(frozen=True)
class Request:
    at: float  # time.monotonic()
    wall: float
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def webhook_id(self) -> str:
        return self.headers.get("webhook-id", "")


class HttpReceiver:
    """Listens on loopback, on a port that the system gives; a thread for each connection."""

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        self._requests: list[Request] = []
        self._scripts: dict[str, list[Answer]] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._connections: set[socket.socket] = set()
        self.address = address
        self._listen(port)

    def _listen(self, port: int) -> None:
        self._sock = socket.create_server((self.address, port), backlog=128)
        self._sock.settimeout(0.05)
        self.port: int = self._sock.getsockname()[1]
        self._over.clear()
        self._thread = threading.Thread(target=self._accept, daemon=True, name="http-receiver")
        self._thread.start()

    # --- what tests use ---

    def url(self, path: str = "/") -> str:
        return f"http://{self.address}:{self.port}{path}"

    def script(self, path: str, *answers: Answer) -> None:
        """The answers of the next requests for path, one each; the last one stays."""
        with self._lock:
            self._scripts[path] = list(answers)

    def requests(self, path: str | None = None) -> list[Request]:
        with self._lock:
            return [r for r in self._requests if path is None or r.path == path]

    def wait(self, path: str | None = None, count: int = 1, timeout: float = 15.0) -> list[Request]:
        """All requests for path, as soon as there are count of them."""
        wait_for(lambda: len(self.requests(path)) >= count, timeout,
                 f"{count} requests for {path} (there are {len(self.requests(path))})")
        return self.requests(path)

    def events(self, path: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
        """The events of all webhook messages so far, each delivery taken once, of one type if given."""
        seen: dict[str, Request] = {r.webhook_id or str(i): r for i, r in enumerate(self.requests(path))}
        found = [event for r in seen.values() for event in r.json.get("events", [])]
        return [event for event in found if kind is None or event["type"] == kind]

    def wait_events(self, kind: str, count: int = 1, path: str | None = None,
                    timeout: float = 20.0) -> list[dict[str, Any]]:
        try:
            wait_for(lambda: len(self.events(path, kind)) >= count, timeout, "events")
        except Timeout:
            told = [(e["type"], e.get("subject")) for e in self.events(path)]
            raise Timeout(f"{timeout:g} s passed without {count} × {kind}; told were {told}") from None
        return self.events(path, kind)

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()

    def stop(self) -> None:
        """Closes the port: connections are refused from now on."""
        self._over.set()
        self._thread.join(5)
        self._sock.close()
        with self._lock:
            left = list(self._connections)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it ended by itself meanwhile

    def start_again(self) -> None:
        """After stop, on the same port."""
        self._listen(self.port)

    def __enter__(self) -> "HttpReceiver":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- serving ---

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._sock.accept()
            except OSError:
                continue
            connection.settimeout(30)
            with self._lock:
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as stream:
                while request := _read_request(stream):
                    answer = self._note(request)
                    if not self._answer(connection, answer):
                        return
        except (OSError, ValueError):
            return
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _note(self, request: Request) -> Answer:
        with self._lock:
            self._requests.append(request)
            script = self._scripts.get(request.path)
            if not script:
                return Answer()
            return script.pop(0) if len(script) > 1 else script[0]

    def _answer(self, connection: socket.socket, answer: Answer) -> bool:
        """False when the connection is over."""
        if answer.kind == "hang":
            self._over.wait(60)
            return False
        if answer.kind in ("reset", "close"):
            if answer.kind == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        head = f"HTTP/1.1 {answer.status} Scripted\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        if answer.kind == "headers":
            return self._flood(connection, head.encode(), b"X-More: " + b"x" * 1000 + b"\r\n", answer.size)
        if answer.kind == "huge":
            return self._flood(connection, f"{head}Content-Length: {answer.size}\r\n\r\n".encode(), b"x" * 65536, answer.size)
        connection.sendall(f"{head}Content-Length: {len(answer.body)}\r\n\r\n".encode())
        if answer.kind == "drip":
            for i in range(len(answer.body)):
                connection.sendall(answer.body[i:i + 1])
                if self._over.wait(answer.gap):
                    return False
            return True
        connection.sendall(answer.body)
        return True

    def _flood(self, connection: socket.socket, head: bytes, piece: bytes, size: int) -> bool:
        connection.sendall(head)
        sent = 0
        while sent < size and not self._over.is_set():
            connection.sendall(piece)
            sent += len(piece)
        return False


def _read_request(stream: Any) -> Request | None:
    """None when the client has closed."""
    line = stream.readline(65536).decode("latin-1")
    if not line.strip():
        return None
    method, path, _ = line.split(" ", 2)
    headers: dict[str, str] = {}
    while (row := stream.readline(65536).decode("latin-1").rstrip("\r\n")):
        name, _, value = row.partition(":")
        headers[name.strip().lower()] = value.strip()
    size = int(headers.get("content-length", "0"))
    if size > MAX_REQUEST:
        raise ValueError("a request larger than any alert")
    body = stream.read(size)
    return Request(time.monotonic(), time.time(), method, path, headers, body)
