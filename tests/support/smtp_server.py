# SPDX-License-Identifier: Apache-2.0
"""A real SMTP server (aiosmtpd) that keeps its mails and fails where the test wants it to.

    with SmtpServer() as smtp:
        smtp.fail("rcpt", "450 4.2.1 later", times=1)
        mail = smtp.wait(1)[0]

Stages for fail(): connect, ehlo, mail, rcpt, data (before 354), dot (after the final dot); instead of a
reply, "drop" closes the connection there. After "dot" with drop the mail is not kept.
"""
from __future__ import annotations

import asyncio
import email
import email.policy
import logging
import ssl
import threading
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

from .process import wait_for

DROP = "drop"
logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # what clients do wrong here is the tests' affair


@dataclass
class Mail:
    at: float  # time.monotonic()
    sender: str
    recipients: list[str]
    raw: bytes
    tls: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)  # type: ignore[return-value]

    def part(self, kind: str) -> str:
        """The decoded body of the first part of this type: "text/plain", "text/html"."""
        for part in self.message.walk():
            if part.get_content_type() == kind:
                return str(part.get_content())
        raise AssertionError(f"the mail has no part {kind}")


@dataclass
class _Failure:
    reply: str
    times: int


@dataclass
class Journal:
    """What went over the wire, for tests of what must not: (tls, command) in order."""
    commands: list[tuple[bool, str]] = field(default_factory=list)

    def in_clear(self) -> list[str]:
        return [command for tls, command in self.commands if not tls]


class _Session(SMTP):
    """aiosmtpd's protocol with our failures in its way."""

    def __init__(self, owner: "SmtpServer", **options: Any) -> None:
        super().__init__(owner, **options)
        self._owner = owner

    async def _stage(self, stage: str) -> bool:
        """True when the stage has failed and its reply is out."""
        self._owner.journal.commands.append((self._tls_on(), stage))
        reply = self._owner.failure(stage)
        if reply == DROP:
            if self.transport is not None:
                self.transport.abort()
            return True
        if reply:
            await self.push(reply)
        return bool(reply)

    def _tls_on(self) -> bool:
        return self.transport is not None and self.transport.get_extra_info("ssl_object") is not None

    async def _handle_client(self) -> None:
        if self.session.ssl is None and await self._stage("connect"):  # not again after STARTTLS
            if self.transport is not None:
                self.transport.close()
            return
        await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._stage("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname: str) -> None:
        if not await self._stage("ehlo"):
            await super().smtp_HELO(hostname)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._stage("auth"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str) -> None:
        if not await self._stage("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str) -> None:
        if not await self._stage("rcpt"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not await self._stage("data"):
            await super().smtp_DATA(arg)


class SmtpServer:
    """tls: a context for STARTTLS, or with implicit=True for smtps; users: name -> password for AUTH."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, implicit: bool = False, require_starttls: bool = False,
                 users: dict[str, str] | None = None, address: str = "127.0.0.1") -> None:
        self.journal = Journal()
        self.address = address
        self._mails: list[Mail] = []
        self._failures: dict[str, _Failure] = {}
        self._lock = threading.Lock()
        self._tls, self._implicit, self._users = tls, implicit, users
        self._require_starttls = require_starttls
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.AbstractServer | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="smtp-server")
        self._thread.start()
        self.port = 0
        self.start_again()

    # --- what tests use ---

    def url(self) -> str:
        return f"{'smtps' if self._implicit else 'smtp'}://{self.address}:{self.port}"

    def fail(self, stage: str, reply: str, times: int = 1_000_000) -> None:
        """From now on the stage answers so, this many times; "" ends it."""
        with self._lock:
            self._failures[stage] = _Failure(reply, times if reply else 0)

    def mails(self) -> list[Mail]:
        with self._lock:
            return list(self._mails)

    def wait(self, count: int = 1, timeout: float = 20.0) -> list[Mail]:
        wait_for(lambda: len(self.mails()) >= count, timeout, f"{count} mails (there are {len(self.mails())})")
        return self.mails()

    def stop_listening(self) -> None:
        self._on_loop(self._close())

    def start_again(self) -> None:
        """Listens (again), on the same port once there was one."""
        self._on_loop(self._open())

    def stop(self) -> None:
        self.stop_listening()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def __enter__(self) -> "SmtpServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- the loop's side ---

    def failure(self, stage: str) -> str:
        with self._lock:
            entry = self._failures.get(stage)
            if entry is None or entry.times <= 0:
                return ""
            entry.times -= 1
            return entry.reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """aiosmtpd's hook for a mail that has come in whole."""
        reply = self.failure("dot")
        if reply == DROP:
            server.transport.abort()
            return "451 dropped"
        if reply:
            return reply
        user = session.auth_data.login.decode() if session.auth_data else None
        tls = server.transport.get_extra_info("ssl_object") is not None
        mail = Mail(time.monotonic(), envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content, tls, user)
        with self._lock:
            self._mails.append(mail)
        return "250 2.0.0 kept"

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        known = self._users or {}
        good = known.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good, handled=False, auth_data=data if good else None)

    def _session(self) -> _Session:
        return _Session(self, hostname="mail.test", loop=self._loop, authenticator=self._authenticate,
                        tls_context=None if self._implicit else self._tls, auth_required=bool(self._users),
                        auth_require_tls=self._tls is not None and not self._implicit,
                        require_starttls=self._require_starttls)

    async def _open(self) -> None:
        context = self._tls if self._implicit else None
        self._server = await self._loop.create_server(self._session, self.address, self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def _on_loop(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)
