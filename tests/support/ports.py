# SPDX-License-Identifier: Apache-2.0
"""Addresses and ports for the parts of a test, so that many tests run at once on one machine.

A server of our own binds port 0 and tells what it got. For a foreign program, which has to be told its
port, each test process has a loopback address to itself: what the system calls free there stays free
as far as other tests go, and who starts the program tries another port when it was taken after all.
"""
from __future__ import annotations

import os
import socket


def own_address() -> str:
    """The loopback address of this process: 127.x.y.z out of its pid, never 127.0.*.*."""
    pid = os.getpid()
    return f"127.{1 + (pid >> 16) % 200}.{(pid >> 8) & 255}.{pid & 255 or 1}"


def bind_pair(address: str, port: int = 0) -> tuple[socket.socket, socket.socket]:
    """A UDP and a listening TCP socket on the same port; port 0 lets the system choose."""
    for _ in range(50):
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            tcp.bind((address, port))
            udp.bind((address, tcp.getsockname()[1]))
            tcp.listen(128)
            return udp, tcp
        except OSError:
            tcp.close()
            udp.close()
            if port:
                raise
    raise OSError(f"no port of {address} is free for both UDP and TCP")


def free_port(address: str | None = None) -> int:
    """A port that was free for UDP and TCP a moment ago."""
    udp, tcp = bind_pair(address or own_address())
    with udp, tcp:
        return udp.getsockname()[1]
