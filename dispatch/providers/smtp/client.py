"""An SMTP client that knows how far the hand-over got, which `smtplib` alone does not tell."""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, NoReturn

from django.utils.translation import gettext_noop

from dispatch import network
from dispatch.message.headers import FINAL_DOT, Envelope, ascii_domain
from dispatch.providers.smtp import wire

REPLY_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
LONGEST_REPLY = 8_192  # bytes, of all its lines
MOST_LINES = 100  # of one reply
LONGEST_LINE = 4_096  # bytes; RFC 5321 has 512


class Phase(StrEnum):
    """What was under way. Only in FINAL_DOT can a lost connection hide an acceptance."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    IDLE = "idle"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    FINAL_DOT = "final-dot"
    DONE = "done"


ENVELOPE = {Phase.MAIL: "2", Phase.RCPT: "2", Phase.DATA: "3"}  # with the first digit of success


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """What `SmtpForm` cleaned. Times are in seconds."""

    host: str
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = ""
    timeout: float = 15
    reply_timeout: float = 90
    ehlo_name: str = ""
    domain: str = ""
    messages_per_connection: int = 100
    ca_certificates: str = ""

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> SmtpSettings:
        known = {field.name for field in fields(cls)}
        return cls(**{"host": "", **{key: value for key, value in values.items() if key in known}})

    def __repr__(self) -> str:
        """Without the credentials, for tracebacks and logs."""
        return f"SmtpSettings({self.host}:{self.port}, {self.security})"


@lru_cache(maxsize=64)
def tls_context(ca_certificates: str) -> ssl.SSLContext:
    """Checks certificates and host names. Cached, because loading the public authorities takes 10
    ms or more.
    """
    return ssl.create_default_context(cadata=ca_certificates or None)


class SmtpClient(smtplib.SMTP):
    """One connection. `phase` says what was under way when a method raised.

    Raises smtplib.SMTPResponseException for a refusal, after which the connection can still be used
    unless its code is 421, smtplib.SMTPNotSupportedError for something the server does not offer,
    and any other OSError when the conversation is over: dropped, timed out, or answered with
    something that is no SMTP reply.
    """

    def __init__(self, settings: SmtpSettings, *, pipelining: bool = True) -> None:
        """`pipelining` allows it where the server offers it; the attribute turns False when the
        server proves unfit for it.
        """
        super().__init__(local_hostname=_greeting_name(settings), timeout=settings.timeout)
        self.settings = settings
        self.pipelining = pipelining
        self.phase = Phase.CONNECT
        self._commands: dict[Phase, str] = {}
        self._sent_ahead = False
        self._received = b""

    def establish(self) -> None:
        """Connect, secure and authenticate as the settings say."""
        self._connect()
        self._greet()
        if self.settings.security == "starttls":
            self.phase = Phase.STARTTLS
            self._socket.settimeout(self.settings.timeout)  # for the handshake
            self.starttls(context=tls_context(self.settings.ca_certificates))
            self._socket.setblocking(False)
            self._received = b""  # what came in the clear is no part of the encrypted conversation
            self._greet()
        if self.settings.user:
            self.phase = Phase.AUTH
            self._authenticate()
        self.phase = Phase.IDLE

    def start_message(self, envelope: Envelope, size: int) -> None:
        """MAIL: nothing that the server has seen after it can be delivered.

        With pipelining RCPT and DATA leave in the same write; the same is true of them.
        """
        self.phase = Phase.MAIL
        self._commands = {
            Phase.MAIL: f"MAIL FROM:<{envelope.sender}>{self._mail_options(envelope, size)}",
            Phase.RCPT: f"RCPT TO:<{envelope.recipient}>",
            Phase.DATA: "DATA",
        }
        self._sent_ahead = self.pipelining and self.has_extn("pipelining")
        if self._sent_ahead:
            self.send("".join(f"{command}\r\n" for command in self._commands.values()))
        self._pass(Phase.MAIL)

    def finish_message(self, data: bytes) -> tuple[int, str]:
        """RCPT, DATA and the message; the code and text of the acceptance. `data` goes as it is,
        with its final dot.
        """
        self._pass(Phase.RCPT)
        self._pass(Phase.DATA)
        if self._received:  # or a reply too many would pass for the one to the final dot
            raise smtplib.SMTPServerDisconnected(gettext_noop("a reply out of turn"))
        self.phase = Phase.BODY
        self._send_message(data)
        accepted = self._reply("2")
        self.phase = Phase.DONE
        return accepted

    def reset(self) -> None:
        """RSET: forget the message that was refused. Raises OSError when the connection is no good
        any more.
        """
        self._command("RSET", "2")
        self.phase = Phase.IDLE

    def ping(self) -> None:
        """NOOP. Raises OSError when the connection is no good any more."""
        code, text = self.docmd("NOOP")
        if code == 421:
            self._refuse(code, text)

    def say_goodbye(self, patience: float) -> None:
        """QUIT, waiting at most `patience` seconds for the reply. Raises OSError."""
        self.phase = Phase.IDLE
        self.settings = replace(self.settings, timeout=patience)
        self.docmd("QUIT")

    def tls_version(self) -> str:
        """Such as "TLSv1.3"; "" on a connection in the clear."""
        return (isinstance(self.sock, ssl.SSLSocket) and self.sock.version()) or ""

    def has_news(self) -> bool:
        """Whether the server closed the connection, or spoke unasked (421), while no reply was
        due.
        """
        return self.sock is None or bool(self._received) or wire.is_readable(self.sock)

    def send(self, s: Any) -> None:
        """Raises OSError. In place of smtplib's, which hides the reason."""
        data = s.encode("utf-8") if isinstance(s, str) else s
        wire.write(self._socket, data, self._deadline())

    def getreply(self) -> tuple[int, bytes]:
        """One whole reply. The time-out bounds all of it, not each byte as smtplib's does. Raises
        OSError.
        """
        deadline = self._deadline()
        texts: list[bytes] = []
        left = LONGEST_REPLY
        while len(texts) < MOST_LINES:
            line = self._line(deadline)
            match = REPLY_LINE.fullmatch(line)
            if match is None:  # what it says is not shown
                raise smtplib.SMTPServerDisconnected(
                    gettext_noop("what answers does not speak SMTP")
                )
            code, separator, text = match.groups(b"")
            texts.append(text)
            left -= len(line)
            if left < 0:
                break
            if separator != b"-":
                return int(code), b"\n".join(texts)
        raise smtplib.SMTPServerDisconnected(
            gettext_noop("a reply of more than %(lines)s lines or %(bytes)s bytes")
            % {"lines": MOST_LINES, "bytes": LONGEST_REPLY}
        )

    def _connect(self) -> None:
        self.phase = Phase.CONNECT
        self._host = self.settings.host  # smtplib checks the certificate of STARTTLS against it
        settings = self.settings
        self.sock = network.connect(settings.host, settings.port, settings.timeout)
        # Nagle's algorithm would hold back the end of a long message for up to 40 ms.
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.settings.security == "tls":
            context = tls_context(self.settings.ca_certificates)
            self.sock = context.wrap_socket(self.sock, server_hostname=self.settings.host)
        self.sock.setblocking(False)
        code, text = self.getreply()
        if code != 220:
            self._refuse(code, text)

    def _greet(self) -> None:
        self.phase = Phase.EHLO
        code, text = self.ehlo()
        if code in (500, 502):
            code, text = self.helo()
        if code != 250:
            self._refuse(code, text)

    def _authenticate(self) -> None:
        """One attempt with one mechanism: smtplib tries them all, which locks accounts and hides
        the first refusal.
        """
        offered = self.esmtp_features.get("auth", "").upper().split()
        user, password = self.settings.user, self.settings.password
        if "PLAIN" in offered:
            self._command("AUTH PLAIN " + _base64(f"\0{user}\0{password}"), "2")
        elif "LOGIN" in offered:
            self._command("AUTH LOGIN", "3")
            self._command(_base64(user), "3")
            self._command(_base64(password), "2")
        else:
            raise smtplib.SMTPNotSupportedError(
                gettext_noop("The server offers neither AUTH PLAIN nor AUTH LOGIN.")
            )

    def _pass(self, phase: Phase) -> None:
        """One command of the envelope, or only its reply where it was sent ahead."""
        self.phase = phase
        if not self._sent_ahead:
            self.putcmd(self._commands[phase])
        try:
            self._reply(ENVELOPE[phase])
        except smtplib.SMTPResponseException as refusal:
            if self._sent_ahead and refusal.smtp_code != 421:
                self._settle(phase)
            raise

    def _settle(self, refused: Phase) -> None:
        """Settle what was sent ahead of the refusal, so that RSET can follow, or else close.

        Nothing that happens here changes what the refusal means.
        """
        try:
            settled = self._takes_the_refusal(refused)
        except OSError:
            settled = False
        if not settled:
            self.close()

    def _takes_the_refusal(self, refused: Phase) -> bool:
        """Whether the server, too, is done with the message of which it `refused` a command.

        One that wants the message for no recipient gets a lone dot, as RFC 2920 asks, and must
        refuse it. If it accepts even that, it has an empty message for no recipient; it is not
        trusted with commands ahead of their replies again. The dot is never sent for an accepted
        recipient.
        """
        awaited = list(ENVELOPE)[list(ENVELOPE).index(refused) + 1 :]
        codes = {phase: self.getreply()[0] for phase in awaited}
        data = codes.get(Phase.DATA, 500)
        if 421 in codes.values() or (codes.get(Phase.RCPT, 500) < 400 and data < 400):
            return False
        if data // 100 == 3:
            self.putcmd(".")
            data, _ = self.getreply()
            self.pipelining = data >= 400
        return data >= 400 and data != 421

    def _command(self, line: str, expected: str) -> tuple[int, str]:
        """`expected` is the first digit of success."""
        self.putcmd(line)
        return self._reply(expected)

    def _reply(self, expected: str) -> tuple[int, str]:
        code, text = self.getreply()
        if code >= 400:
            self._refuse(code, text)
        if not str(code).startswith(expected):
            raise smtplib.SMTPServerDisconnected(
                gettext_noop("unexpected reply %(code)s") % {"code": code}
            )
        return code, text.decode("utf-8", "replace")

    def _mail_options(self, envelope: Envelope, size: int) -> str:
        options = f" SIZE={size}" if self.has_extn("size") else ""
        if envelope.needs_utf8:
            options += " BODY=8BITMIME" if self.has_extn("8bitmime") else ""
            options += " SMTPUTF8"
        return options

    def _refuse(self, code: int, text: bytes) -> NoReturn:
        raise smtplib.SMTPResponseException(code, text)

    def _send_message(self, data: bytes) -> None:
        """The body and the final dot, mostly in one write. Raises OSError; as no write that fails
        has sent anything, an error before `phase` is FINAL_DOT proves that the dot never left.
        """
        rest, deadline = memoryview(data), self._deadline()
        try:
            while rest:
                rest = rest[wire.write_some(self._socket, rest, deadline) :]
                if len(rest) < len(FINAL_DOT):
                    self.phase = Phase.FINAL_DOT
        except OSError:
            # A server that closes early may have said why.
            if self.phase is Phase.BODY and self.has_news():
                code, text = self.getreply()
                if code >= 400:
                    self._refuse(code, text)
            raise

    @property
    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected(gettext_noop("not connected"))
        return self.sock

    def _deadline(self) -> float:
        return time.monotonic() + self._patience()

    def _patience(self) -> float:
        whole_message = self.phase in (Phase.BODY, Phase.FINAL_DOT)
        return self.settings.reply_timeout if whole_message else self.settings.timeout

    def _line(self, deadline: float) -> bytes:
        while (end := self._received.find(b"\n")) < 0:
            self._receive(deadline)
        line, self._received = self._received[:end], self._received[end + 1 :]
        return line.rstrip(b"\r")

    def _receive(self, deadline: float) -> None:
        chunk = wire.read(self._socket, deadline)
        if not chunk:
            raise smtplib.SMTPServerDisconnected(gettext_noop("the server closed the connection"))
        self._received += chunk
        if b"\n" not in chunk and len(self._received) > LONGEST_LINE:
            raise smtplib.SMTPServerDisconnected(
                gettext_noop("a line of more than %(bytes)s bytes") % {"bytes": LONGEST_LINE}
            )


def _greeting_name(settings: SmtpSettings) -> str:
    name = settings.ehlo_name or settings.domain or socket.getfqdn()
    return name if name.isascii() else ascii_domain(name)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
