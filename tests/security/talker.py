"""A TCP server on loopback that says what a test tells it to, whatever it hears."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator

Saying = Callable[[], Iterable[bytes]]


@contextlib.contextmanager
def talker(*sayings: Saying) -> Iterator[int]:
    """Its port. To each connection it says the first at once, and each of the others when it hears
    something; then it hangs up.
    """
    server = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve, args=(server, sayings), daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def says(*chunks: bytes) -> Saying:
    return lambda: chunks


def _serve(server: socket.socket, sayings: tuple[Saying, ...]) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_talk, args=(connection, sayings), daemon=True).start()


def _talk(connection: socket.socket, sayings: tuple[Saying, ...]) -> None:
    with connection, contextlib.suppress(OSError):
        for number, saying in enumerate(sayings):
            if number and not connection.recv(65_536):
                return
            for chunk in saying():
                connection.sendall(chunk)
