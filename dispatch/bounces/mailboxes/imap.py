"""A folder of an IMAP server (RFC 3501). What is unread is new, what is set aside is flagged."""

from __future__ import annotations

import contextlib
import imaplib
import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

from django.utils.translation import gettext_noop

from admin_kit.words.numbers import number
from dispatch import network
from dispatch.bounces.mailboxes.base import READ_BYTES, Letter, Mailbox, MailboxError
from dispatch.providers.echoes import hidden, readable, repeats
from dispatch.providers.smtp.client import tls_context

SEARCH_AT_ONCE = 5_000
"""Messages per search: the answer is one line, and imaplib takes no line of a megabyte."""
MOST_AT_ONCE = 20_000
"""Unread messages of one reading: more than can be read in its minute."""
LONGEST_ANSWER = READ_BYTES + 256 * 1024
"""Bytes of the answer to one command."""
MOST_LINES = 1_000
"""Of the answer to one command."""
LONGEST_SECONDS = 240.0
"""How long one connection may last: less than a task of the queue may take."""
REACH = gettext_noop("The mail server %(server)s could not be reached: %(reason)s")
LOGIN = gettext_noop("The mail server %(server)s refused the login: %(reason)s")
FOLDER = gettext_noop("The mail server %(server)s has no folder “%(folder)s” to read: %(reason)s")
FAILED = gettext_noop("The mail server %(server)s failed: %(reason)s")
UNREAD = gettext_noop("The folder was opened: %(count)s messages, %(unread)s of them unread.")
T = TypeVar("T")


class _Withheld(Exception):
    """The server knows the message and does not give it out; the text is what it says."""


class _TooMuch(imaplib.IMAP4.abort):
    """The server talks more than is listened to."""


class _Imap(imaplib.IMAP4):
    """Connects only where this installation may, and listens to so much of each answer."""

    _bytes_left, _lines_left = LONGEST_ANSWER, MOST_LINES

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return network.connect(self.host, self.port, timeout or LONGEST_SECONDS)

    def open(self, *args: Any, **kwargs: Any) -> None:
        super().open(*args, **kwargs)
        self._end = threading.Timer(LONGEST_SECONDS, _cut, [self])
        self._end.daemon = True
        self._end.start()

    def shutdown(self) -> None:
        self._end.cancel()
        super().shutdown()

    def _command(self, name: str, *args: Any) -> bytes:
        self._bytes_left, self._lines_left = LONGEST_ANSWER, MOST_LINES
        tag: bytes = super()._command(name, *args)  # type: ignore[misc]
        return tag

    def read(self, size: int) -> bytes:
        self._hear(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._lines_left -= 1
        self._hear(len(line))
        return line

    def _hear(self, size: int) -> None:
        self._bytes_left -= size
        if self._bytes_left < 0 or self._lines_left < 0:
            raise _TooMuch


class _ImapOverTls(_Imap):
    def __init__(self, host: str, port: int, context: ssl.SSLContext, timeout: float) -> None:
        self._context = context
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self._context.wrap_socket(super()._create_socket(timeout), server_hostname=self.host)


class ImapMailbox(Mailbox):
    """One connection with the folder selected."""

    def __init__(self, imap: imaplib.IMAP4, messages: int, settings: Mapping[str, Any]) -> None:
        self._imap = imap
        self._messages = messages
        self._settings = settings

    @classmethod
    def connect(cls, settings: Mapping[str, Any]) -> ImapMailbox:
        imap = _tried(settings, REACH, lambda: _connect(settings))
        try:
            _tried(settings, LOGIN, lambda: _log_in(imap, settings))
            folder = str(settings.get("folder") or "INBOX")
            messages = _tried(
                settings,
                FOLDER,
                lambda: _select(imap, folder),
            )
        except MailboxError:
            _leave(imap)
            raise
        return cls(imap, messages, settings)

    def new(self) -> Iterator[Letter]:
        withheld = []
        # All before the first, as deleting would shift the numbers that are searched.
        for uid in list(itertools.islice(self._unread(), MOST_AT_ONCE)):
            try:
                letter = self._fetch(uid)
            except _Withheld as reason:
                withheld.append(str(reason))
                continue
            if letter is not None:
                yield letter
        if withheld:
            raise MailboxError(
                gettext_noop(
                    "The mail server does not give out %(count)s of the messages; look "
                    "at them there. It says: %(reason)s"
                )
                % {"count": number(len(withheld)), "reason": withheld[0]}
            )

    def _unread(self) -> Iterator[str]:
        for first in range(1, self._messages + 1, SEARCH_AT_ONCE):
            last = min(first + SEARCH_AT_ONCE - 1, self._messages)
            for uid in self._search(f"{first}:{last}", "UNSEEN"):
                if uid.isdigit():
                    yield uid.decode("ascii")

    def _fetch(self, uid: str) -> Letter | None:
        """None when it is gone. An empty one may come without a literal. Raises _Withheld."""
        part_of = f"(BODY.PEEK[]<0.{READ_BYTES}>)"
        answer = _tried(self._settings, FAILED, lambda: self._imap.uid("FETCH", uid, part_of))
        if answer[0] == "NO":
            said = _said(answer[1][0] if answer[1] else b"")
            raise _Withheld(hidden(said, [str(self._settings.get("password") or "")]))
        parts = _tried(self._settings, FAILED, lambda: _checked(answer))
        for part in parts:
            if isinstance(part, tuple):
                return Letter(uid, part[1][:READ_BYTES])
        return Letter(uid, b"") if any(parts) else None

    def done(self, names: Collection[str]) -> None:
        is_deleted = bool(self._settings.get("delete"))
        self._flag(names, r"(\Seen \Deleted)" if is_deleted else r"(\Seen)")
        if is_deleted and names:
            _tried(self._settings, FAILED, lambda: _checked(self._imap.expunge()))

    def set_aside(self, names: Collection[str]) -> None:
        self._flag(names, r"(\Seen \Flagged)")

    def _flag(self, names: Collection[str], flags: str) -> None:
        if names:
            self._do("STORE", ",".join(names), "+FLAGS.SILENT", flags)

    def describe(self) -> str:
        found = self._search("UNSEEN") if self._messages < SEARCH_AT_ONCE else None
        if found is not None:
            return UNREAD % {"count": number(self._messages), "unread": number(len(found))}
        text = gettext_noop("The folder was opened: %(count)s messages.")
        return text % {"count": number(self._messages)}

    def close(self) -> None:
        _leave(self._imap)

    def _search(self, *criteria: str) -> list[bytes]:
        answer = self._do("SEARCH", *criteria)
        return _tried(self._settings, FAILED, lambda: _line(answer)).split()

    def _do(self, command: str, *arguments: str) -> list[Any]:
        return _tried(self._settings, FAILED, lambda: _checked(self._imap.uid(command, *arguments)))


def _connect(settings: Mapping[str, Any]) -> imaplib.IMAP4:
    host, port = str(settings["host"]), int(settings["port"])
    timeout, security = float(settings["timeout"]), settings.get("security")
    context = tls_context(str(settings.get("ca_certificates") or ""))
    if security == "tls":
        return _ImapOverTls(host, port, context, timeout)
    imap = _Imap(host, port, timeout=timeout)
    if security == "starttls":
        try:
            imap.starttls(context)
        except (imaplib.IMAP4.error, OSError):
            _leave(imap)
            raise
    return imap


def _log_in(imap: imaplib.IMAP4, settings: Mapping[str, Any]) -> None:
    user, password = str(settings["user"]), str(settings.get("password") or "")
    if "AUTH=PLAIN" in imap.capabilities:  # takes any characters
        secret = f"\0{user}\0{password}".encode()
        imap.authenticate("PLAIN", lambda challenge: secret)
    else:
        imap.login(user, password)


def _select(imap: imaplib.IMAP4, folder: str) -> int:
    return _number(_line(_checked(imap.select(f'"{folder}"'))))


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(data[0] if data else status)
    return [item if item is not None else b"" for item in data] or [b""]


def _line(answer: list[Any]) -> bytes:
    """The line of an answer of one line. Raises abort for one with literals, which has several."""
    if not isinstance(answer[0], bytes):
        raise imaplib.IMAP4.abort("no line")
    return answer[0]


def _number(text: bytes) -> int:
    """Of 32 bits, as numbers of IMAP are. Raises abort."""
    if not text.isdigit() or len(text) > 10:
        raise imaplib.IMAP4.abort("no number")
    return int(text)


def _cut(imap: imaplib.IMAP4) -> None:
    """End a conversation that a server draws out; the thread that waits gets an error."""
    with contextlib.suppress(OSError):
        imap.sock.shutdown(socket.SHUT_RDWR)


def _leave(imap: imaplib.IMAP4) -> None:
    with contextlib.suppress(imaplib.IMAP4.error, OSError):
        imap.logout()
    with contextlib.suppress(OSError):
        imap.shutdown()


def _tried(settings: Mapping[str, Any], what: str, step: Callable[[], T]) -> T:
    """What `step` returns. Raises MailboxError, in words."""
    try:
        return step()
    except (imaplib.IMAP4.error, OSError, UnicodeError, ValueError, KeyError) as error:
        server = f"{settings.get('host')}:{settings.get('port')}"
        why = _why(error, settings, what)
        raise MailboxError(
            what % {"server": server, "folder": settings.get("folder") or "INBOX", "reason": why}
        ) from error


def _why(error: Exception, settings: Mapping[str, Any], what: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return gettext_noop("its certificate is not to be trusted (%(why)s).") % {
            "why": error.verify_message
        }
    if isinstance(error, ssl.SSLError):
        return gettext_noop("it does not speak TLS there. Check the port and the security.")
    if isinstance(error, TimeoutError):
        return gettext_noop("it did not answer in time.")
    if isinstance(error, _TooMuch) or isinstance(error.__context__, _TooMuch):
        return gettext_noop("it answers with more than %(lines)s lines or %(bytes)s bytes.") % {
            "lines": MOST_LINES,
            "bytes": LONGEST_ANSWER,
        }
    if isinstance(error, imaplib.IMAP4.abort) or (
        isinstance(error, imaplib.IMAP4.error) and what == REACH
    ):
        return gettext_noop("what answers does not speak IMAP, or breaks off.")
    first = error.args[0] if error.args else ""
    said = _said(first if isinstance(first, bytes) else str(error))
    if repeats(said, str(settings.get("password") or "")):
        return gettext_noop("its reply repeats the password and is not shown.")
    return said or type(error).__name__


def _said(reply: bytes | str) -> str:
    return readable(reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply)
