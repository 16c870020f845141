"""The benchmarks' SMTP server: what it counts is what was sent."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.rig.programs import Failure
from bench.rig.sink import Sink
from campaigns.rendering.content import Rendered
from campaigns.rendering.precompiled import Pieces
from dispatch.message.message import Message
from dispatch.providers.smtp.client import SmtpSettings
from dispatch.providers.smtp.transport import SmtpTransport

ENVELOPE = b"MAIL FROM:<news@example.com>\r\nRCPT TO:<%b>\r\nDATA\r\n"
BODY = b"Subject: Hello\r\n\r\nHello\r\n.\r\n"


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    with Sink(tmp_path) as running:
        yield running


def test_it_counts_what_a_plain_client_sends(sink: Sink) -> None:
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        for number in range(3):
            client.sendmail("news@example.com", f"person{number}@example.com", "Subject: Hello\n")

    found = sink.check_each_once(3)
    assert (found.accepted, found.distinct) == (3, 3)
    assert 0 < found.first_mail <= found.last_accepted


def test_it_counts_what_this_project_sends_with_pipelining(sink: Sink) -> None:
    transport = SmtpTransport(SmtpSettings("127.0.0.1", sink.port, security="none"))
    for number in range(3):
        transport.open()
        transport.send(message_to(number), lambda: None)
    transport.close()

    sink.check_each_once(3)


def test_commands_and_bodies_may_come_together_or_in_pieces(sink: Sink) -> None:
    conversation = b"EHLO example.com\r\n" + b"".join(
        ENVELOPE % recipient + BODY for recipient in (b"a@example.com", b"b@example.com")
    )
    with socket.create_connection(("127.0.0.1", sink.port)) as together:
        together.sendall(conversation.replace(b"a@", b"c@").replace(b"b@", b"d@"))
        sink.wait_for(2, [])
    with socket.create_connection(("127.0.0.1", sink.port)) as pieces:
        pieces.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(conversation), 7):
            pieces.sendall(conversation[at : at + 7])
        sink.wait_for(4, [])

    sink.check_each_once(4)


def test_a_message_sent_twice_is_noticed(sink: Sink) -> None:
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        for _ in range(2):
            client.sendmail("news@example.com", "person@example.com", "Subject: Hello\n")

    with pytest.raises(Failure, match="accepted 2 for 1 recipients"):
        sink.check_each_once(2)


def test_it_begins_anew_when_told_to_forget(sink: Sink) -> None:
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.sendmail("news@example.com", "person@example.com", "Subject: Hello\n")

    sink.forget()

    found = sink.stats()
    assert (found.accepted, found.distinct, found.first_mail) == (0, 0, 0)


def message_to(number: int) -> Message:
    return Message(
        message_id=f"<{number}@example.com>",
        from_email="news@example.com",
        from_name="News",
        to_email=f"person{number}@example.com",
        rendered=Rendered("Hello", Pieces.of("<p>Hello</p>"), Pieces.of("Hello")),
    )
