# SPDX-License-Identifier: Apache-2.0
"""Addresses and ports for the parts of a test, so that many tests run at once on one machine.

A server of our own binds port 0 and tells what it got. For a foreign program, which has to be told its
port, each test process has a loopback address to itself: what the system calls free there stays free
as far as other tests go, and who starts the program tries another port when it was taken after all.
"""
from __future__ import annotations

import os
import socket

IP_FREEBIND = 15  # of Linux


def own_address() -> str:
    """The loopback address of this process: 127.x.y.z out of its pid, never 127.0.*.*."""
    pid = os.getpid()
    return f"127.{1 + (pid >> 16) % 200}.{(pid >> 8) & 255}.{pid & 255 or 1}"


def family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def bound(kind: socket.SocketKind, address: str, port: int = 0, foreign: bool = False) -> socket.socket:
    """A socket of that kind; port 0 lets the system choose. foreign: the address need not be one of this machine."""
    sock = socket.socket(family(address), kind)
    try:
        if kind == socket.SOCK_STREAM or port:  # of UDP it would choose one that another holds
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, foreign)
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock


def have_ipv6() -> bool:
    """Whether this machine has ::1."""
    try:
        bound(socket.SOCK_DGRAM, "::1").close()
    except OSError:
        return False
    return True


def bind_pair(address: str, port: int = 0) -> tuple[socket.socket, socket.socket]:
    """A UDP and a listening TCP socket on the same port; port 0 lets the system choose."""
    for _ in range(50):
        tcp = bound(socket.SOCK_STREAM, address, port)
        try:
            tcp.listen(128)
            return bound(socket.SOCK_DGRAM, address, tcp.getsockname()[1]), tcp
        except OSError:
            tcp.close()
            if port:
                raise
    raise OSError(f"no port of {address} is free for both UDP and TCP")


def free_port(address: str | None = None) -> int:
    """A port that was free for UDP and TCP a moment ago."""
    udp, tcp = bind_pair(address or own_address())
    with udp, tcp:
        return udp.getsockname()[1]
