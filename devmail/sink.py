"""A local SMTP server for development that accepts and stores every message."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from devmail.mailbox import Mailbox

HOST = "127.0.0.1"
MAX_MESSAGE_BYTES = 32 * 1024 * 1024
QUIET_SECONDS = 1.0
"""How long a stopping server must be without clients before it ends: a cluster that stops at the
same moment may have marked a message as sending and be about to connect."""

STOP_SECONDS = 4.0
"""The longest a stopping server waits for that."""


class Sink:
    """The server and its current connections."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._connections: set[SMTP] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> None:
        """Raises OSError when it cannot listen there."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._new_connection, host=HOST, port=port)

    async def stop(self) -> None:
        """End when no client is connected any more, or after STOP_SECONDS."""
        assert self._server is not None
        busy_at = began = time.monotonic()
        while (now := time.monotonic()) < min(busy_at + QUIET_SECONDS, began + STOP_SECONDS):
            if self._connections:
                busy_at = now
            await asyncio.sleep(0.05)
        self._server.close()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd with a complete message."""
        raw = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            self._mailbox.add(envelope.mail_from or "", recipient, raw)
        return "250 2.0.0 Kept in the local mailbox"

    def _new_connection(self) -> SMTP:
        return _Connection(
            self,
            self._connections,
            hostname="localhost",
            ident="EDM Dispatch local mail",
            data_size_limit=MAX_MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            # Any user and password will do.
            authenticator=lambda *_: AuthResult(success=True),
            auth_require_tls=False,
        )


class _Connection(SMTP):
    def __init__(self, handler: Sink, connections: set[SMTP], **kwargs: Any) -> None:
        super().__init__(handler, **kwargs)
        self._all = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._all.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._all.discard(self)
        super().connection_lost(error)
