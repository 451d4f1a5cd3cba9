# SPDX-License-Identifier: Apache-2.0
"""The fault-injecting DNS server: UDP and TCP on one port of loopback, in threads of the test's process.

    with FaultDns() as dns:
        zone = dns.zone("bl.test", kinds=("ipv4",))
        zone.list("192.0.2.10", "127.0.0.2", txt="why")
        zone.set_mode("servfail")                       # see dns_faults and dns_packets for the modes
        dns.log.wait(1, zone="bl.test")

FaultDns(cookies=True) gives and checks DNS cookies (RFC 7873). As a program (python3 -m
tests.support.fault_dns) it takes the commands of dns_control on stdin.
Honest answers come out of a cache of ready-made replies: some 20 000 questions a second on one core.
"""
from __future__ import annotations

import hashlib
import heapq
import os
import select
import socket
import struct
import threading
import time
from typing import Any, Callable, Iterable, NamedTuple

from . import dns_packets, dns_wire as wire, ports
from .dns_faults import MODES, Action, After, Case, Close, Raw, Send, SendFrom
from .dns_log import Asked, QuestionLog
from .dns_zone import Query, Zone

assert dns_packets  # imported for the modes that it enters into MODES

CACHED = 300_000
BURST = 64
RECEIVE_BUFFER = 4 << 20  # or what the system allows: a server that is slow for a moment loses nothing
SO_TIMESTAMPNS = 35
TCP_ESTABLISHED = 1
_never = threading.Event()
Ready = tuple[str, str, bytes, bytes]  # name, zone, flags and counts, what follows the question


class Came(NamedTuple):
    """A message as it arrived."""
    data: bytes
    transport: str
    source: tuple[str, int]
    at: float


class Later(threading.Thread):
    """Calls functions at their time; one thread for all delayed replies."""

    def __init__(self) -> None:
        super().__init__(daemon=True, name="fault-dns-later")
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._wake = threading.Condition()
        self._serial = 0
        self._over = False

    def call(self, seconds: float, function: Callable[[], None]) -> None:
        with self._wake:
            self._serial += 1
            heapq.heappush(self._due, (time.monotonic() + seconds, self._serial, function))
            self._wake.notify()

    def stop(self) -> None:
        with self._wake:
            self._over = True
            self._wake.notify()
        self.join()

    def run(self) -> None:
        while True:
            with self._wake:
                while not self._over and (not self._due or self._due[0][0] > time.monotonic()):
                    self._wake.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._over:
                    return
                function = heapq.heappop(self._due)[2]
            function()


class Listener:
    """A socket with the thread that waits on it. stop() returns when the port is really closed."""

    def __init__(self, sock: socket.socket, on_readable: Callable[[socket.socket], None]) -> None:
        self._sock, self._on_readable = sock, on_readable
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True, name="fault-dns")
        sock.setblocking(False)
        self._thread.start()

    def stop(self) -> None:
        self._wake.send(b"x")
        self._thread.join(5)
        for sock in (self._sock, self._wake, self._woken):
            sock.close()

    def _run(self) -> None:
        while True:
            readable, _, _ = select.select([self._sock, self._woken], [], [])
            if self._woken in readable:
                return
            try:
                self._on_readable(self._sock)
            except (BlockingIOError, ConnectionError):
                continue


class FaultDns:
    """The server. role: the default of its zones. Zones may be added and changed while it runs."""

    def __init__(self, role: str = "authoritative", address: str = "127.0.0.1", port: int = 0,
                 cookies: bool = False) -> None:
        self.role = role
        self.cookies = cookies
        self._secret = os.urandom(16)
        self.log = QuestionLog()
        self.zones: dict[str, Zone] = {}
        self.address = address
        udp, tcp = ports.bind_pair(address, port)
        self.port: int = udp.getsockname()[1]
        self._ready: dict[tuple[bytes, bool], Ready] = {}
        self._nth: dict[tuple[str, int], int] = {}
        self._later = Later()
        self._connections: set[socket.socket] = set()
        self._strangers: dict[str, socket.socket] = {}
        self._held: dict[socket.SocketKind, socket.socket] = {}  # while the port is closed
        self._lock = threading.Lock()
        self._later.start()
        self._udp: Listener | None = self._listen(udp)
        self._tcp: Listener | None = Listener(tcp, self._accept)

    # --- what tests use ---

    @property
    def connections(self) -> list[socket.socket]:
        """TCP, of clients; they may have closed some."""
        with self._lock:
            return list(self._connections)

    @property
    def server(self) -> str:
        """As the configuration writes it: "127.0.0.1:5353", "[::1]:5353"."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def at(self) -> tuple[str, int]:
        return self.address, self.port

    def zone(self, name: str, kinds: Iterable[str] = ("ipv4",), **options: Any) -> Zone:
        """A new zone with its test entries; options are those of Zone."""
        options.setdefault("role", self.role)
        zone = Zone(name, kinds, changed=self._changed, **options)
        self.zones = {**self.zones, zone.name: zone}
        self._changed()
        return zone

    def hosts(self, name: str = "") -> Zone:
        """A zone without test entries, for ordinary records (hosts, MX, SPF): the root by default."""
        return self.zone(name, ())

    def drop_zone(self, name: str) -> None:
        self.zones = {key: zone for key, zone in self.zones.items() if key != name}
        self._changed()

    def set_mode(self, mode: str, **args: Any) -> None:
        """The same fault for every zone: a broken resolver."""
        for zone in self.zones.values():
            zone.set_mode(mode, **args)

    def close_ports(self, udp: bool = True, tcp: bool = True) -> None:
        """From now on the port is closed: ICMP unreachable, connection refused. No client can draw it meanwhile."""
        if udp and self._udp:
            held = self._held[socket.SOCK_DGRAM] = self._bound(socket.SOCK_DGRAM)
            held.connect(held.getsockname())  # hears nobody else
            self._udp.stop()
            self._udp = None
        if tcp and self._tcp:
            self._tcp.stop()
            self._tcp = None
            self._held[socket.SOCK_STREAM] = self._bound(socket.SOCK_STREAM)

    def open_ports(self) -> None:
        """Listens again, on the same port."""
        if not self._udp:
            self._udp = self._listen(self._bound(socket.SOCK_DGRAM))
            self._held.pop(socket.SOCK_DGRAM).close()
        if not self._tcp:
            tcp = self._bound(socket.SOCK_STREAM)
            tcp.listen(128)
            self._tcp = Listener(tcp, self._accept)
            self._held.pop(socket.SOCK_STREAM).close()

    def stop(self) -> None:
        self.close_ports()
        for connection in self.connections:
            _shut(connection)
        self._later.stop()
        for sock in (*self._strangers.values(), *self._held.values()):
            sock.close()

    def __enter__(self) -> "FaultDns":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _bound(self, kind: socket.SocketKind) -> socket.socket:
        return ports.bound(kind, self.address, self.port)

    # --- finding the answer ---

    def _changed(self) -> None:
        self._ready = {}
        self._nth = {}
        refused = any(mode.name == "tc_refused" for zone in self.zones.values() for mode in zone.modes.values())
        if refused:
            self.close_ports(udp=False)
        elif self._udp:
            self.open_ports()

    def _zone_of(self, name: str) -> Zone | None:
        rest = name
        while True:
            if rest in self.zones:
                return self.zones[rest]
            if not rest:
                return None
            rest = rest.partition(".")[2]

    def _handle(self, came: Came) -> list[Action]:
        """The actions for one message; [] for what is no question."""
        data = came.data
        end = data.find(b"\0", 12) + 5
        if len(data) < 17 or end < 17 or end > len(data) or data[2] & 0x80:
            return []
        question = data[12:end]
        edns = data[10:12] != b"\0\0"
        room, cookie = wire.question_edns(data, end)
        qtype = int.from_bytes(question[-4:-2], "big")
        asked = Asked(came.at, "", question[:-4], qtype, "", came.transport, came.source,
                      int.from_bytes(data[:2], "big"), edns, bool(data[2] & 1), room, cookie)
        ready = self._ready.get((question.lower(), edns))
        if ready is None or (self.cookies and cookie):
            return self._slow(came, question, asked)
        self.log.add(asked._replace(name=ready[0], zone=ready[1]))
        return [Send(_ready_message(ready, data, question, came.transport))]

    def _slow(self, came: Came, question: bytes, asked: Asked) -> list[Action]:
        name, qtype = wire.decode_name(came.data, 12)[0].lower(), asked.qtype
        zone = self._zone_of(name)
        self.log.add(asked._replace(name=name, zone=zone.name if zone else ""))
        cookie = self._cookie_for(asked) if self.cookies else b""
        query = Query(asked.id, name, qtype, question, asked.edns, asked.rd, came.transport, cookie,
                      bool(cookie) and asked.cookie == cookie)
        if zone is None:
            nobody = Zone("", (), role="neither", soa=False).denial(wire.REFUSED)
            return [Send(nobody.encode(query))]
        mode = zone.mode_of(name)
        if mode.name == "ok":
            if cookie:
                return [Send(zone.truth(name, qtype).encode(query))]
            ready = self._remember((question.lower(), asked.edns), zone, query)
            return [Send(_ready_message(ready, came.data, question, came.transport))]
        nth = self._nth[name, qtype] = self._nth.get((name, qtype), -1) + 1
        return MODES[mode.name](Case(query, zone, mode.args, nth))

    def _cookie_for(self, asked: Asked) -> bytes:
        """The client's cookie with ours for its address behind it; nothing for who sent none."""
        if len(asked.cookie) < 8:
            return b""
        ours = hashlib.blake2b(asked.cookie[:8] + asked.source[0].encode(), key=self._secret, digest_size=8)
        return asked.cookie[:8] + ours.digest()

    def _remember(self, key: tuple[bytes, bool], zone: Zone, query: Query) -> Ready:
        kept = self._ready  # a change meanwhile puts a new dict in its place, and this entry is lost with the old
        flags, counts, tail = zone.truth(query.name, query.qtype).parts(query.edns)
        ready = (query.name, zone.name, struct.pack(">HHHHH", flags, 1, *counts), tail)
        if len(kept) < CACHED:
            kept[key] = ready
        return ready

    # --- UDP ---

    def _listen(self, udp: socket.socket) -> Listener:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        udp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        return Listener(udp, self._read_datagrams)

    def _read_datagrams(self, sock: socket.socket) -> None:
        ahead = time.monotonic() - time.time()
        for _ in range(BURST):
            data, extra, _, source = sock.recvmsg(4096, 64)
            seconds, nanoseconds = struct.unpack("qq", extra[0][2])
            for action in self._handle(Came(data, "udp", source[:2], seconds + nanoseconds / 1e9 + ahead)):
                self._udp_action(sock, source[:2], action)

    def _udp_action(self, sock: socket.socket, source: tuple[str, int], action: Action) -> None:
        if isinstance(action, Send):
            sock.sendto(action.data, source)
        elif isinstance(action, After):
            self._later.call(action.seconds, lambda: _quietly(lambda: sock.sendto(action.data, source)))
        elif isinstance(action, SendFrom):
            self._stranger(action.where).sendto(action.data, source)

    def _stranger(self, where: str) -> socket.socket:
        """A socket with another port, or another address, than the server's."""
        if where not in self._strangers:
            address, port = (self.address, 0) if where == "port" else (_other(self.address), self.port)
            self._strangers[where] = ports.bound(socket.SOCK_DGRAM, address, port, foreign=True)
        return self._strangers[where]

    # --- TCP ---

    def _accept(self, sock: socket.socket) -> None:
        connection, source = sock.accept()
        connection.settimeout(30)
        with self._lock:
            self._connections.add(connection)
        threading.Thread(target=self._tcp_serve, args=(connection, source[:2]), daemon=True).start()

    def _tcp_serve(self, connection: socket.socket, source: tuple[str, int]) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            turn = threading.Lock()  # delayed replies come from another thread
            while True:
                size = int.from_bytes(wire.read_exactly(connection, 2), "big")
                data = wire.read_exactly(connection, size)
                for action in self._handle(Came(data, "tcp", source, time.monotonic())):
                    if not self._tcp_action(connection, turn, action):
                        return
        except (OSError, wire.WireError):
            return
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _tcp_action(self, connection: socket.socket, turn: threading.Lock, action: Action) -> bool:
        """False when the connection is over."""
        if isinstance(action, (Send, SendFrom)):
            _send_framed(connection, turn, action.data)
        elif isinstance(action, After):
            self._later.call(action.seconds, lambda: _quietly(lambda: _send_framed(connection, turn, action.data)))
        elif isinstance(action, Raw):
            pieces = [action.data] if action.gap is None else [action.data[i:i + 1] for i in range(len(action.data))]
            for piece in pieces:
                connection.sendall(piece)
                _never.wait(action.gap or 0)
        elif isinstance(action, Close):
            if action.reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        return True


def open_connections(*servers: FaultDns) -> list[int]:
    """How many clients keep open to each at one moment: those that were there before it and still are after it."""
    there = [dns.connections for dns in servers]
    return [sum(_is_open(connection) for connection in connections) for connections in there]


def _is_open(connection: socket.socket) -> bool:
    """As the kernel sees it now, however late its thread will."""
    try:
        return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_ESTABLISHED
    except OSError:
        return False


def _ready_message(ready: Ready, data: bytes, question: bytes, transport: str) -> bytes:
    """The reply to data; cut down to TC where its datagram has no room for it."""
    _, _, middle, tail = ready
    high, low = middle[0] | data[2] & 1, middle[1]
    whole = data[:2] + bytes((high, low)) + middle[2:] + question + tail
    if transport == "udp" and len(whole) > 512 and len(whole) > _room(data, 12 + len(question)):
        return data[:2] + bytes((high | 2, low)) + b"\0\1\0\0\0\0\0\0" + question
    return whole


def _room(data: bytes, end: int) -> int:
    """The size of datagram that the sender of a question takes (RFC 6891 section 6.2.3)."""
    if data[end:end + 3] != b"\0\0\x29":
        return 512
    return max(512, int.from_bytes(data[end + 3:end + 5], "big"))


def _send_framed(connection: socket.socket, turn: threading.Lock, message: bytes) -> None:
    with turn:
        connection.sendall(struct.pack(">H", len(message)) + message)


def _other(address: str) -> str:
    """Another address of loopback. IPv6 has but one: then one of documentation, which the kernel lets us send from."""
    if ":" in address:
        return "2001:db8::1"
    head, _, last = address.rpartition(".")
    return f"{head}.{int(last) % 254 + 1}"


def _quietly(function: Callable[[], object]) -> None:
    try:
        function()
    except (OSError, ValueError):
        pass  # the port was closed meanwhile: then nothing is sent, as with a server that died


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it ended by itself meanwhile


if __name__ == "__main__":
    from .dns_control import main

    main()
