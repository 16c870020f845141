"""What has left, and what has not: however few bytes the system takes at a time."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dispatch.errors import DeliveryError, OutcomeUnknown, ServiceError
from dispatch.message.headers import as_data
from dispatch.providers.smtp import wire
from tests.dispatch.providers.certificates import Certificate, self_signed
from tests.dispatch.providers.samples import a_message, at_once, smtp_transport
from tests.smtp_server import SmtpServer

MESSAGE = a_message(text=".one\n..two\n.\n" * 9, html="<p>=é.\r\n.</p>\n")
Write = Callable[[socket.socket, "bytes | memoryview", float], int]


def slow(real: Write, at_a_time: int) -> Write:
    return lambda sock, data, deadline: real(sock, data[:at_a_time], deadline)


def breaking(real: Write, after: int) -> Write:
    """Lets `after` bytes of a message leave, then breaks the connection."""
    left = after

    def write_some(sock: socket.socket, data: bytes | memoryview, deadline: float) -> int:
        nonlocal left
        if len(data) < 200 and left == after:  # the envelope
            return real(sock, data, deadline)
        if left == 0:
            raise ConnectionResetError("reset by the test")
        sent = real(sock, data[:left], deadline)
        left -= sent
        return sent

    return write_some


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return self_signed("localhost", folder)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection; the first does not block."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield ours, theirs


@pytest.mark.parametrize("at_a_time", [1, 2, 3, 7, 1000])
def test_a_message_arrives_in_however_many_writes(
    at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "write_some", slow(wire.write_some, at_a_time))
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        transport.send(MESSAGE, at_once)
        transport.send(MESSAGE, at_once)
        transport.close()
    bodies = {message.data.partition(b"MIME-Version")[2] for message in server.messages}
    expected = as_data(MESSAGE).removesuffix(b".\r\n").partition(b"MIME-Version")[2]
    assert bodies == {expected}
    assert len(server.messages) == 2


@pytest.mark.parametrize(
    ("short_of", "expected"),
    [
        (500, ServiceError),
        (4, ServiceError),
        (3, ServiceError),
        (2, OutcomeUnknown),
        (1, OutcomeUnknown),
    ],
)
def test_only_a_message_whose_dot_has_begun_to_leave_may_have_been_accepted(
    short_of: int, expected: type[DeliveryError], monkeypatch: pytest.MonkeyPatch
) -> None:
    after = len(as_data(MESSAGE)) - short_of
    monkeypatch.setattr(wire, "write_some", breaking(wire.write_some, after))
    with SmtpServer() as server, pytest.raises(DeliveryError) as caught:
        smtp_transport(server.port).send(MESSAGE, at_once)
    assert type(caught.value) is expected
    assert not server.messages


def test_a_write_waits_until_there_is_room(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    sent = 0
    with pytest.raises(TimeoutError):
        while True:
            sent += wire.write_some(ours, b"x" * 100_000, deadline=0.0)
    received = 0
    while received < sent:
        received += len(theirs.recv(1_000_000))
    assert wire.write_some(ours, b"x", deadline=0.0) == 1


def test_nothing_to_read_is_waited_for_no_longer_than_to_the_deadline(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    assert not wire.is_readable(ours)
    with pytest.raises(TimeoutError):
        wire.read(ours, deadline=0.0)
    theirs.close()
    assert wire.is_readable(ours)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_megabyte_arrives_over_tls(certificate: Certificate, security: str) -> None:
    text = "".join(f".line {number}\n" for number in range(80_000))
    server = SmtpServer(tls=certificate.context, implicit_tls=security == "tls")
    with server:
        transport = smtp_transport(server.port, security=security, ca_certificates=certificate.pem)
        for _ in range(2):
            transport.send(a_message(text=text), at_once)
        transport.close()
    assert [message.data.count(b"line") for message in server.messages] == [80_000] * 2
