"""The SMTP server's maximum: clients that only write prepared bytes, pipelined."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import zip_longest
from statistics import median

import django
from django.conf import settings

from bench import letter, report
from bench.context import Bench
from bench.report import Table
from bench.rig import crew
from bench.rig.laps import SMTP

CONNECTIONS = 4
SENDER = b"MAIL FROM:<news@bench.example.com>\r\n"


def run(bench: Bench) -> None:
    laps = [
        crew.lap_of("bench.measures.ceiling", 2, 2 * bench.options.messages, bench.directory)
        for _ in bench.repeats()
    ]
    rate = median(lap.per_second for lap in laps)
    cost = median(lap.cpu[SMTP] / lap.messages * 1e6 for lap in laps)
    bench.keep("ceiling", per_second=[lap.per_second for lap in laps], cpu_microseconds=cost)
    table = Table("The SMTP server's own ceiling", ["", "messages/s", "its CPU, µs a message"])
    table.add("two raw pipelined clients", report.count(rate), report.count(cost))
    bench.tables.append(table)


def conversation(numbers: Sequence[int], body: bytes) -> Iterator[bytes]:
    """What may be written at once: the body of the last message and the envelope of the next."""
    ending = b""
    for number in numbers:
        recipient = letter.address(number).encode()
        yield ending + SENDER + b"RCPT TO:<" + recipient + b">\r\nDATA\r\n"
        ending = body
    yield ending


def converse(connections: Sequence[socket.socket], numbers: Sequence[int], body: bytes) -> None:
    """Share the messages out to the connections and keep all of them busy."""
    shares = [numbers[n :: len(connections)] for n in range(len(connections))]
    for parts in zip_longest(*(conversation(share, body) for share in shares)):
        busy = [(connections[n], part) for n, part in enumerate(parts) if part]
        for connection, part in busy:
            connection.sendall(part)
        for connection, part in busy:
            await_reply(connection, b"354 " if part.endswith(b"DATA\r\n") else b"250 ")


def await_reply(connection: socket.socket, code: bytes) -> None:
    """Read until the reply with this code."""
    received = b""
    while code not in received or not received.endswith(b"\n"):
        received += connection.recv(4096)


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await_reply(connection, b"220 ")
    return connection


def main(port: int, first: int, count: int) -> None:
    settings.configure()
    django.setup()
    message = letter.message(letter.address(first), letter.variables(first)).message()
    body = message.as_bytes().replace(b"\n", b"\r\n") + b"\r\n.\r\n"
    connections = [connect(port) for _ in range(CONNECTIONS)]
    crew.when_told(partial(converse, connections, range(first, first + count), body))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
