"""A small SMTP server, fast enough not to be the bottleneck.

One process and one loop over non-blocking sockets. It offers PIPELINING and answers commands that
arrive together with one write; of a message it keeps only the recipient and the size. Two extra
commands are for the benchmarks: XSTATS reports the messages accepted since XRESET, as JSON.

Run as `python -m bench.rig.smtp_server`; it prints its port.
"""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Callable

RECEIVE_SIZE = 262_144
END_OF_BODY = b"\r\n.\r\n"
GREETING = b"220 bench.example.com ESMTP\r\n"
EXTENSIONS = (
    b"250-bench.example.com\r\n250-PIPELINING\r\n250-SIZE 20000000\r\n250-8BITMIME\r\n"
    b"250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8\r\n"
)
OK = b"250 2.0.0 Ok\r\n"
UNKNOWN = b"500 5.5.2 What?\r\n"


class Session:
    """One connection: what of it has arrived and is not dealt with."""

    __slots__ = ("socket", "buffer", "in_body", "recipient")

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.buffer = b""
        self.in_body = False
        self.recipient = b""


class Server:
    """Accepts all messages on the loopback address."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._commands: dict[bytes, Callable[[Session, bytes], bytes]] = {
            b"MAIL": self._mail,
            b"RCPT": self._rcpt,
            b"DATA": self._data,
            b"EHLO": lambda session, line: EXTENSIONS,
            b"HELO": lambda session, line: OK,
            b"RSET": lambda session, line: OK,
            b"NOOP": lambda session, line: OK,
            b"QUIT": lambda session, line: b"221 2.0.0 Bye\r\n",
            b"XSTA": self._stats,
            b"XRES": self._reset,
        }
        self._forget()

    def serve(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        print(f"listening on port {listener.getsockname()[1]}", flush=True)
        self._selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._welcome(listener)
                else:
                    self._receive(key.data)

    def _forget(self) -> None:
        self.accepted = self.bytes = 0
        self.recipients: set[bytes] = set()
        self.first_mail = self.last_accepted = 0.0

    def _welcome(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.send(GREETING)
        self._selector.register(connection, selectors.EVENT_READ, Session(connection))

    def _receive(self, session: Session) -> None:
        try:
            data = session.socket.recv(RECEIVE_SIZE)
            replies = self._work(session, data) if data else b""
            if replies:
                session.socket.send(replies)
        except OSError:  # it went away
            data = b""
        if not data:
            self._selector.unregister(session.socket)
            session.socket.close()

    def _work(self, session: Session, data: bytes) -> bytes:
        """The replies to all that is complete, in order."""
        buffer = session.buffer + data
        replies = b""
        at = 0
        while True:
            if session.in_body:
                end = buffer.find(END_OF_BODY, at)  # no message here is empty
                if end < 0:
                    break
                replies += self._accept(session, end - at)
                at = end + len(END_OF_BODY)
            else:
                end = buffer.find(b"\n", at)
                if end < 0:
                    break
                line = buffer[at:end]
                at = end + 1
                replies += self._commands.get(line[:4].upper(), _unknown)(session, line)
        session.buffer = buffer[at:]
        return replies

    def _accept(self, session: Session, size: int) -> bytes:
        session.in_body = False
        self.accepted += 1
        self.bytes += size
        self.recipients.add(session.recipient)
        self.last_accepted = time.monotonic()
        return b"250 2.0.0 Ok: queued as %X\r\n" % self.accepted

    def _mail(self, session: Session, line: bytes) -> bytes:
        if not self.first_mail:
            self.first_mail = time.monotonic()
        return OK

    def _rcpt(self, session: Session, line: bytes) -> bytes:
        session.recipient = line[line.find(b"<") + 1 : line.find(b">")]
        return OK

    def _data(self, session: Session, line: bytes) -> bytes:
        session.in_body = True
        return b"354 Go ahead\r\n"

    def _stats(self, session: Session, line: bytes) -> bytes:
        told = {
            "accepted": self.accepted,
            "distinct": len(self.recipients),
            "bytes": self.bytes,
            "first_mail": self.first_mail,
            "last_accepted": self.last_accepted,
        }
        return b"250 " + json.dumps(told).encode() + b"\r\n"

    def _reset(self, session: Session, line: bytes) -> bytes:
        self._forget()
        return OK


def _unknown(session: Session, line: bytes) -> bytes:
    return UNKNOWN


if __name__ == "__main__":
    Server().serve()
