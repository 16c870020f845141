"""Every phase of the conversation times every way in which it can go wrong."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from dispatch.errors import (
    DeliveryError,
    MessageError,
    OutcomeUnknown,
    RecipientError,
    ServiceError,
)
from dispatch.providers.smtp.client import SmtpSettings
from dispatch.providers.smtp.transport import SmtpTransport
from tests.dispatch.providers.samples import a_message, at_once, patience, smtp_transport
from tests.smtp_server import SmtpServer

LOGIN: dict[str, Any] = {"user": "mailer", "password": "opensesame"}
SILENCES = ["close", "hang", "garbage", "partial"]
BEFORE_THE_DOT = ["connect", "ehlo", "auth", "mail", "rcpt", "data"]


pytestmark = pytest.mark.usefixtures("conversation")


def failure(*behaviours: str, size: int = 0) -> tuple[DeliveryError, SmtpServer]:
    """What handing over one message raises, and the server it was handed to."""
    with SmtpServer(behaviours, **LOGIN) as server:
        transport = smtp_transport(server.port, patience=patience(*behaviours), **LOGIN)
        with pytest.raises(DeliveryError) as caught:
            transport.send(a_message(text="x" * 70 + "\n" * size), at_once)
        transport.close()
    return caught.value, server


@pytest.mark.parametrize("silence", SILENCES)
@pytest.mark.parametrize("phase", BEFORE_THE_DOT)
def test_a_conversation_lost_before_the_message_was_complete_blames_the_service(
    phase: str, silence: str
) -> None:
    error, server = failure(f"{phase}:{silence}")
    assert isinstance(error, ServiceError)
    assert not error.needs_person
    assert not server.messages


@pytest.mark.parametrize("silence", SILENCES)
def test_a_conversation_lost_after_the_final_dot_leaves_the_outcome_unknown(silence: str) -> None:
    error, server = failure(f"dot:{silence}")
    assert isinstance(error, OutcomeUnknown)
    assert not server.messages


@pytest.mark.parametrize("silence", ["close-stored", "hang-stored", "garbage-stored"])
def test_the_outcome_is_unknown_when_the_server_kept_the_message_without_saying_so(
    silence: str,
) -> None:
    error, server = failure(f"dot:{silence}")
    assert isinstance(error, OutcomeUnknown)
    assert len(server.messages) == 1


@pytest.mark.parametrize("reply", ["354 go on", "334 what"])
def test_a_reply_that_makes_no_sense_after_the_final_dot_leaves_the_outcome_unknown(
    reply: str,
) -> None:
    error, _ = failure(f"dot:reply:{reply}")
    assert isinstance(error, OutcomeUnknown)


def test_a_reply_too_many_is_not_taken_for_the_acceptance() -> None:
    error, server = failure("data:reply:354 Go ahead\r\n250 2.0.0 Ok")
    assert isinstance(error, ServiceError)
    assert not server.messages


def test_a_connection_closed_while_the_body_travels_is_definitely_not_accepted() -> None:
    error, server = failure("body:close", size=5_000_000)
    assert isinstance(error, ServiceError)
    assert not server.messages


def test_a_server_that_stops_reading_the_body_is_definitely_not_accepting_it() -> None:
    # A small body would fit in the kernel's buffers and the dot follow it: then nobody can tell.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        transport = smtp_transport(listener.getsockname()[1], patience=0.3)
        script = b"220 hi\r\n250 hi\r\n250 ok\r\n250 ok\r\n354 go\r\n"

        def accept_and_speak() -> None:
            connection, _ = listener.accept()
            connection.sendall(script)
            accepted.append(connection)

        accepted: list[socket.socket] = []
        thread = threading.Thread(target=accept_and_speak)
        thread.start()
        with pytest.raises(ServiceError):
            transport.send(a_message(text="x\n" * 5_000_000), at_once)
        thread.join()
        accepted[0].close()


@pytest.mark.parametrize("phase", [*BEFORE_THE_DOT, "dot"])
def test_421_blames_the_service_for_a_while_in_any_phase(phase: str) -> None:
    error, server = failure(f"{phase}:reply:421 4.3.2 Shutting down")
    assert isinstance(error, ServiceError)
    assert (error.code, error.enhanced, error.needs_person) == (421, "4.3.2", False)
    assert not server.messages


@pytest.mark.parametrize(
    ("phase", "reply", "expected"),
    [
        ("connect", "554 5.7.1 Your address is blocked", ServiceError),
        ("ehlo", "550 5.7.1 Go away", ServiceError),
        ("mail", "550 5.1.0 Sender rejected", ServiceError),
        ("rcpt", "550 5.1.1 No such user", RecipientError),
        ("rcpt", "450 4.2.0 Try again later", RecipientError),
        ("data", "554 5.6.0 Bad content", MessageError),
        ("dot", "554 5.7.1 Looks like spam", MessageError),
        ("dot", "552 5.3.4 Too big", MessageError),
        ("dot", "451 4.3.0 Try again", RecipientError),
        ("dot", "550 5.1.1 No such user", RecipientError),
    ],
)
def test_a_refusal_is_sorted_by_phase_and_reply(
    phase: str, reply: str, expected: type[DeliveryError]
) -> None:
    error, server = failure(f"{phase}:reply:{reply}")
    assert type(error) is expected
    assert error.code == int(reply[:3])
    assert error.reply == reply.split(" ", 2)[2]
    assert not server.messages


def test_refused_connections_blame_the_service() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ServiceError) as caught:
        smtp_transport(port).open()
    assert not caught.value.needs_person
    assert "refused" in caught.value.reply.lower()


def test_a_host_name_that_is_none_needs_a_person() -> None:
    transport = SmtpTransport(SmtpSettings(host="a..b"))
    with pytest.raises(ServiceError) as caught:
        transport.open()
    assert caught.value.needs_person


def test_a_slow_server_is_waited_for() -> None:
    with SmtpServer(["rcpt:delay:0.1", "dot:delay:0.1"]) as server:
        transport = smtp_transport(server.port)
        assert transport.send(a_message(), at_once).code == 250
        transport.close()


def test_a_dripping_reply_cannot_hold_the_connection_beyond_its_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                while not stop.wait(0.05):
                    connection.sendall(b"2")

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(ServiceError, match="timed out"):
            smtp_transport(listener.getsockname()[1], patience=0.3).open()
        stop.set()
        thread.join()


def test_an_endless_reply_is_given_up() -> None:
    lines = "250-and on\r\n" * 10_000
    error, _ = failure(f"rcpt:reply:{lines}250 done")
    assert isinstance(error, ServiceError)


def test_no_reply_ever_shows_the_password() -> None:
    error, _ = failure("auth:reply:535 5.7.8 Cannot take AG1haWxlcgBvcGVuc2VzYW1l")
    assert "AG1haWxlcgBvcGVuc2VzYW1l" not in str(error)
    assert isinstance(error, ServiceError)
    assert error.needs_person
