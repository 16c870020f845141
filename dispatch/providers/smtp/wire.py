"""Bytes in and out of a socket that does not block: as few calls of the system as it takes, and
every wait up to a deadline (monotonic seconds).
"""

from __future__ import annotations

import select
import socket
import ssl
import time

from django.utils.translation import gettext_noop

RECEIVE_SIZE = 8_192  # bytes


def write_some(sock: socket.socket, data: bytes | memoryview, deadline: float) -> int:
    """Send the first of these bytes, as many as there is room for at once: how many that were.

    Raises OSError: then not one of them left. A system call that fails has taken nothing, and of a
    TLS record that was not taken whole the other side can read nothing.
    """
    while True:
        try:
            return sock.send(data)
        except (BlockingIOError, ssl.SSLWantWriteError):
            _wait(sock, select.POLLOUT, deadline)
        except ssl.SSLWantReadError:
            _wait(sock, select.POLLIN, deadline)


def write(sock: socket.socket, data: bytes, deadline: float) -> None:
    """Send all of it. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[write_some(sock, rest, deadline) :]


def read(sock: socket.socket, deadline: float) -> bytes:
    """What has come or comes next, b"" when the other side has closed. Raises OSError."""
    while True:
        if not _has_decrypted(sock):
            _wait(sock, select.POLLIN, deadline)
        try:
            return sock.recv(RECEIVE_SIZE)
        except (BlockingIOError, ssl.SSLWantReadError):
            continue
        except ssl.SSLWantWriteError:
            _wait(sock, select.POLLOUT, deadline)


def is_readable(sock: socket.socket) -> bool:
    """Whether something has come, or the other side has closed."""
    return _has_decrypted(sock) or _is_ready(sock, select.POLLIN, 0)


def _has_decrypted(sock: socket.socket) -> bool:
    return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0


def _wait(sock: socket.socket, event: int, deadline: float) -> None:
    remaining = deadline - time.monotonic()
    if remaining <= 0 or not _is_ready(sock, event, remaining):
        raise TimeoutError(gettext_noop("timed out"))


def _is_ready(sock: socket.socket, event: int, seconds: float) -> bool:
    poll = select.poll()  # select.select() cannot take descriptors of 1024 and above
    poll.register(sock, event)
    return bool(poll.poll(seconds * 1000))
