"""One connection to the test SMTP server."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from tests.smtp_behaviours import Behaviour

if TYPE_CHECKING:
    from tests.smtp_server import SmtpServer


@dataclass
class Received:
    """An accepted message. `mail_*` is when MAIL came, `dot_*` when the final dot did; wall and
    monotonic seconds.
    """

    recipient: str
    sender: str
    message_id: str
    mail_at: float
    mail_monotonic: float
    dot_at: float
    dot_monotonic: float
    connection: int
    peer: str
    mail_options: str = ""
    data: bytes = field(repr=False, default=b"")

    def line(self) -> bytes:
        values = {key: value for key, value in vars(self).items() if key != "data"}
        return json.dumps(values, separators=(",", ":")).encode() + b"\n"


class Session(asyncio.Protocol):
    """One connection. Commands that arrive together (PIPELINING) are answered in order."""

    def __init__(self, server: SmtpServer) -> None:
        self.server = server
        self.number = next(server.numbers)
        self.buffer = bytearray()
        self.replies = bytearray()
        self.waiting = False  # hanging, delaying or changing to TLS: nothing more is read
        self.in_body = False
        self.body_began = False
        self.scanned = 0
        self.refused = False  # MAIL or RCPT was: what follows up to the next MAIL is stray
        self.login: list[str] | None = None
        self.secured = False
        self.sender = self.recipient = self.mail_options = ""
        self.mail_at = self.mail_monotonic = 0.0
        self.idle: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        self.server.open_sessions.add(self)
        self.perform("connect", b"220 test.example.com ESMTP")
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.open_sessions.discard(self)
        self.waiting = True
        if self.idle:
            self.idle.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.work()

    def work(self) -> None:
        while not self.waiting and (self.read_body() if self.in_body else self.read_line()):
            pass
        self.flush()
        self.watch_idleness()

    def flush(self) -> None:
        if self.replies:
            self.transport.write(bytes(self.replies))
            self.replies.clear()

    def watch_idleness(self) -> None:
        if self.idle:
            self.idle.cancel()
        if self.server.idle_seconds:
            loop = asyncio.get_running_loop()
            self.idle = loop.call_later(self.server.idle_seconds, self.give_up_idle)

    def give_up_idle(self) -> None:
        if self.server.idle_reply:
            self.transport.write(self.server.idle_reply + b"\r\n")
        self.transport.close()

    def read_line(self) -> bool:
        end = self.buffer.find(b"\n")
        if end < 0:
            return False
        line = bytes(self.buffer[:end]).rstrip(b"\r").decode("utf-8", "replace")
        del self.buffer[: end + 1]
        if self.login is not None:
            self.continue_login(line)
            return True
        verb, _, rest = line.partition(" ")
        handler = COMMANDS.get(verb.upper())
        if handler is None:
            self.reply(b"500 5.5.2 What?")
        else:
            handler(self, rest)
        return True

    def read_body(self) -> bool:
        if not self.body_began and self.buffer:
            self.body_began = True
            if not self.is_stray():
                self.perform("body", b"")
            if self.waiting:
                return False
        end = 0 if self.buffer.startswith(b".\r\n") and not self.scanned else -1
        if end < 0:
            end = self.buffer.find(b"\r\n.\r\n", max(0, self.scanned - 4))
            if end < 0:
                self.scanned = len(self.buffer)
                return False
            end += 2
        data = bytes(self.buffer[:end])
        del self.buffer[: end + 3]
        self.in_body = False
        self.finish(data)
        return True

    def finish(self, data: bytes) -> None:
        if self.is_stray():
            self.server.stray_bodies.append(data)
            self.perform("stray-dot", b"554 5.5.1 No valid recipients")
            return
        now, monotonic = time.time(), time.monotonic()
        received = Received(
            self.recipient, self.sender, _message_id(data), self.mail_at, self.mail_monotonic,
            now, monotonic, self.number, self.peer,
            self.mail_options, data,
        )  # fmt: skip
        self.perform("dot", b"250 2.0.0 Ok: queued as %08X" % self.server.serial(), received)
        self.sender = self.recipient = ""

    def perform(self, phase: str, normal: bytes, received: Received | None = None) -> None:
        """Answer `phase` as the behaviours want; without one for it, keep `received` and say
        `normal`.
        """
        behaviour = self.server.behaviour(phase, self.recipient)
        if behaviour is None:
            self.accept(normal, received)
            return
        action, _, stored = behaviour.action.partition("-")
        if stored and received:
            self.server.keep(received)
        if action == "delay":
            self.waiting = True
            asyncio.get_running_loop().call_later(
                float(behaviour.argument), self.resume, normal, received
            )
        else:
            MISDEEDS[action](self, behaviour, normal)

    def accept(self, normal: bytes, received: Received | None) -> None:
        if received:
            self.server.keep(received)
        self.reply(normal)

    def resume(self, normal: bytes, received: Received | None) -> None:
        if self.transport.is_closing():
            return
        self.waiting = False
        self.accept(normal, received)
        self.work()

    def reply(self, line: bytes) -> None:
        if line:
            self.replies += line + b"\r\n"
        if line.startswith(b"354"):
            self.in_body, self.body_began, self.scanned = True, False, 0
        if line.startswith((b"421", b"221")):
            self.hang_up()

    def hang_up(self) -> None:
        self.waiting = True
        self.flush()
        self.transport.close()

    def misreply(self, behaviour: Behaviour, normal: bytes) -> None:
        if behaviour.phase in ("mail", "rcpt") and behaviour.argument[:1] in "45":
            self.refused = True
        self.reply(behaviour.argument.encode())

    def garble(self, behaviour: Behaviour, normal: bytes) -> None:
        self.reply(b"\x00\xff** what is SMTP? **")

    def say_half(self, behaviour: Behaviour, normal: bytes) -> None:
        self.replies += normal[: len(normal) // 2]
        self.hang_up()

    def close(self, behaviour: Behaviour, normal: bytes) -> None:
        self.hang_up()

    def hang(self, behaviour: Behaviour, normal: bytes) -> None:
        self.waiting = True

    def ehlo(self, rest: str) -> None:
        offers = ["test.example.com", *self.server.offers(self.secured)]
        lines = [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]
        self.server.greetings.append(rest)
        self.perform("ehlo", "\r\n".join(lines).encode())

    def helo(self, rest: str) -> None:
        self.perform("ehlo", b"250 test.example.com")

    def starttls(self, rest: str) -> None:
        self.perform("starttls", b"220 2.0.0 Go ahead")
        if self.replies.startswith(b"220") and self.server.tls:
            self.waiting = True
            self.flush()
            self.server.keep_task(asyncio.ensure_future(self.upgrade(self.server.tls)))

    async def upgrade(self, context: ssl.SSLContext) -> None:
        with contextlib.suppress(OSError):  # the client did not like the certificate
            upgraded = await asyncio.get_running_loop().start_tls(
                self.transport, self, context, server_side=True
            )
            if upgraded is not None:
                self.transport, self.secured, self.waiting = upgraded, True, False
                self.work()

    def auth(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        self.login = []
        if mechanism.upper() == "PLAIN":
            self.login = None
            _, user, password = base64.b64decode(initial).decode().split("\0")
            self.check_login(user, password)
        else:
            self.reply(b"334 VXNlcm5hbWU6")

    def continue_login(self, line: str) -> None:
        assert self.login is not None
        self.login.append(base64.b64decode(line).decode())
        if len(self.login) == 1:
            self.reply(b"334 UGFzc3dvcmQ6")
            return
        user, password = self.login
        self.login = None
        self.check_login(user, password)

    def check_login(self, user: str, password: str) -> None:
        right = (user, password) == (self.server.user, self.server.password)
        refusal = b"535 5.7.8 Error: authentication failed"
        self.perform("auth", b"235 2.7.0 Welcome" if right else refusal)

    def mail(self, rest: str) -> None:
        self.mail_at, self.mail_monotonic = time.time(), time.monotonic()
        self.sender, self.recipient, self.refused = _path(rest), "", False
        self.mail_options = rest.partition(">")[2].strip()
        if self.wants_utf8() and "SMTPUTF8" not in self.server.extensions:
            self.refused = True
            self.reply(b"555 5.5.4 Unsupported option: SMTPUTF8")
            return
        self.perform("mail", b"250 2.1.0 Ok")

    def wants_utf8(self) -> bool:
        return "SMTPUTF8" in self.mail_options.split()

    def rcpt(self, rest: str) -> None:
        if self.refused or not self.sender:
            self.perform("stray-rcpt", b"503 5.5.1 Need MAIL")
            return
        self.recipient = _path(rest)
        if not self.recipient.isascii() and not self.wants_utf8():
            self.refused = True
            self.reply(b"553 5.6.7 Address needs SMTPUTF8")
            return
        self.perform("rcpt", b"250 2.1.5 Ok")

    def is_stray(self) -> bool:
        return self.refused or not self.recipient

    def data(self, rest: str) -> None:
        if self.is_stray():
            self.perform("stray-data", b"554 5.5.1 No valid recipients")
        else:
            self.perform("data", b"354 Go ahead")

    def rset(self, rest: str) -> None:
        self.sender, self.recipient, self.refused = "", "", False
        self.server.resets += 1
        self.perform("rset", b"250 2.0.0 Ok")

    def noop(self, rest: str) -> None:
        self.server.pings += 1
        self.perform("noop", b"250 2.0.0 Ok")

    def quit(self, rest: str) -> None:
        self.server.farewells += 1
        self.perform("quit", b"221 2.0.0 Bye")


COMMANDS = {
    "EHLO": Session.ehlo, "HELO": Session.helo, "STARTTLS": Session.starttls, "AUTH": Session.auth,
    "MAIL": Session.mail, "RCPT": Session.rcpt, "DATA": Session.data, "RSET": Session.rset,
    "NOOP": Session.noop, "QUIT": Session.quit,
}  # fmt: skip
MISDEEDS = {
    "reply": Session.misreply, "garbage": Session.garble, "partial": Session.say_half,
    "close": Session.close, "hang": Session.hang,
}  # fmt: skip


def _path(rest: str) -> str:
    return rest[rest.find("<") + 1 : rest.find(">")]


def _message_id(data: bytes) -> str:
    lowered = data[:8192].lower()
    start = 0 if lowered.startswith(b"message-id:") else lowered.find(b"\nmessage-id:") + 1
    if start == 0 and not lowered.startswith(b"message-id:"):
        return ""
    return data[start + 11 : data.find(b"\r\n", start)].decode("latin-1").strip()
