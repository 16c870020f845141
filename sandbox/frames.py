"""Messages over a stream socket: a length, then the bytes."""

from __future__ import annotations

import select
import socket
import struct
import time

_LENGTH = struct.Struct(">Q")


class Late(Exception):
    """The other side did not take or send the message in time."""


class TooLong(Exception):
    """The other side announces a longer message than the limit."""


def send(sock: socket.socket, payload: bytes, deadline: float | None) -> None:
    """Send one message. `deadline` is in monotonic seconds, None for no deadline. Raises Late or
    OSError.
    """
    rest = memoryview(_LENGTH.pack(len(payload)) + payload)
    while rest:
        _wait(sock, select.POLLOUT, deadline)
        rest = rest[sock.send(rest, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL) :]


def receive(sock: socket.socket, at_most: int, deadline: float | None) -> bytes:
    """One message of at most so many bytes. Raises Late, TooLong, EOFError when the other side is
    gone, or OSError.
    """
    (length,) = _LENGTH.unpack(_exactly(sock, _LENGTH.size, deadline))
    if length > at_most:
        raise TooLong
    return _exactly(sock, length, deadline)


def _exactly(sock: socket.socket, size: int, deadline: float | None) -> bytes:
    received = bytearray()
    while len(received) < size:
        _wait(sock, select.POLLIN, deadline)
        chunk = sock.recv(min(size - len(received), 1 << 20), socket.MSG_DONTWAIT)
        if not chunk:
            raise EOFError
        received += chunk
    return bytes(received)


def _wait(sock: socket.socket, event: int, deadline: float | None) -> None:
    poll = select.poll()
    poll.register(sock, event)
    if deadline is None:
        poll.poll()
        return
    seconds = deadline - time.monotonic()
    if seconds <= 0 or not poll.poll(seconds * 1000):
        raise Late
