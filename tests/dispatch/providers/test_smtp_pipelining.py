"""MAIL, RCPT and DATA in one write (RFC 2920), and what a refusal leaves to be settled."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from dispatch.errors import DeliveryError, RecipientError, ServiceError
from dispatch.providers.smtp.transport import SmtpTransport
from tests.dispatch.providers.samples import a_message, at_once, patience, smtp_transport
from tests.smtp_server import SmtpServer

REFUSED = "rcpt:reply:550 5.1.1 No such user@to=bad*"
WANTED_ALL_THE_SAME = "stray-data:reply:354 Go ahead"
BAD = a_message(to_email="bad@example.org")


def refusal(transport: SmtpTransport) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        transport.send(BAD, at_once)
    return caught.value


def first_commands(*offers: str) -> bytes:
    """What a server that offers `offers` reads before it has answered MAIL."""
    heard: list[bytes] = []

    def listen() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"220 hi\r\n")
            connection.recv(1000)
            lines = "".join(f"250-{offer}\r\n" for offer in ("hi", *offers))
            connection.sendall(f"{lines}250 HELP\r\n".encode())
            heard.append(connection.recv(1000))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen)
        thread.start()
        with pytest.raises(ServiceError):
            smtp_transport(listener.getsockname()[1]).send(a_message(), at_once)
        thread.join()
    return heard[0]


def test_the_envelope_travels_in_one_write_where_the_server_offers_it() -> None:
    assert first_commands("PIPELINING").split(b"\r\n") == [
        b"MAIL FROM:<hello@news.example.com>",
        b"RCPT TO:<ann@example.org>",
        b"DATA",
        b"",
    ]


def test_mail_travels_alone_where_the_server_does_not_offer_it() -> None:
    assert first_commands() == b"MAIL FROM:<hello@news.example.com>\r\n"


def test_a_refused_recipient_whose_data_is_refused_too_needs_no_dot() -> None:
    with SmtpServer([REFUSED]) as server:
        transport = smtp_transport(server.port)
        error = refusal(transport)
        transport.send(a_message(), at_once)
        transport.close()
    assert isinstance(error, RecipientError)
    assert error.hard_bounce
    assert server.stray_bodies == []
    assert (len(server.messages), server.connections, server.resets) == (1, 1, 1)


def test_a_server_that_wants_a_message_for_nobody_gets_an_empty_one() -> None:
    with SmtpServer([REFUSED, WANTED_ALL_THE_SAME]) as server:
        transport = smtp_transport(server.port)
        error = refusal(transport)
        transport.send(a_message(), at_once)
        transport.close()
    assert (type(error), error.code) == (RecipientError, 550)
    assert server.stray_bodies == [b""]
    assert [message.recipient for message in server.messages] == ["ann@example.org"]
    assert (server.connections, server.resets) == (1, 1)


def test_a_message_accepted_for_nobody_is_still_a_refusal_and_ends_the_pipelining() -> None:
    with SmtpServer([REFUSED, WANTED_ALL_THE_SAME, "stray-dot:reply:250 Ok"]) as server:
        transport = smtp_transport(server.port)
        errors = [refusal(transport) for _ in range(3)]
        transport.send(a_message(), at_once)
        transport.close()
    assert [(type(error), error.code) for error in errors] == [(RecipientError, 550)] * 3
    assert server.stray_bodies == [b""]
    assert [message.recipient for message in server.messages] == ["ann@example.org"]
    assert server.connections == 2


def test_no_dot_is_sent_for_a_recipient_accepted_from_a_refused_sender() -> None:
    behaviours = [
        "mail:reply:451 4.3.0 Try again@first=1", "stray-rcpt:reply:250 Ok", WANTED_ALL_THE_SAME
    ]  # fmt: skip
    with SmtpServer(behaviours) as server:
        transport = smtp_transport(server.port)
        error = refusal(transport)
        transport.send(a_message(), at_once)
        transport.close()
    assert (type(error), error.code) == (ServiceError, 451)
    assert server.stray_bodies == []
    assert [message.recipient for message in server.messages] == ["ann@example.org"]
    assert server.connections == 2


def test_a_refused_sender_whose_other_commands_are_refused_keeps_the_connection() -> None:
    with SmtpServer(["mail:reply:451 4.3.0 Try again@first=1"]) as server:
        transport = smtp_transport(server.port)
        error = refusal(transport)
        transport.send(a_message(), at_once)
        transport.close()
    assert (type(error), error.code) == (ServiceError, 451)
    assert (len(server.messages), server.connections, server.resets) == (1, 1, 1)


@pytest.mark.parametrize(
    "misdeed", ["close", "hang", "garbage", "partial", "reply:421 4.3.2 Bye", "reply:250 Ok"]
)
@pytest.mark.parametrize("phase", ["stray-data", "stray-dot"])
def test_what_follows_a_refusal_does_not_change_it(phase: str, misdeed: str) -> None:
    behaviours = [REFUSED, f"{phase}:{misdeed}", WANTED_ALL_THE_SAME]
    with SmtpServer(behaviours) as server:
        transport = smtp_transport(server.port, patience=patience(misdeed))
        error = refusal(transport)
        transport.send(a_message(), at_once)
        transport.close()
    assert (type(error), error.code) == (RecipientError, 550)
    assert [message.recipient for message in server.messages] == ["ann@example.org"]
    assert server.connections == 2


@pytest.mark.usefixtures("conversation")
def test_no_message_waits_for_a_delayed_acknowledgement() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        began = time.monotonic()
        for _ in range(50):
            transport.send(a_message(), at_once)
        elapsed = time.monotonic() - began
        transport.close()
    assert elapsed < 50 * 0.03
