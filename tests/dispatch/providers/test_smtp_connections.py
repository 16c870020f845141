"""Connections are kept between messages, and their deaths in between go unnoticed."""

from __future__ import annotations

import email
import email.policy
import threading

import pytest

from dispatch.errors import MessageError, OutcomeUnknown, RecipientError, ServiceError
from dispatch.providers.smtp import transport as smtp
from tests.dispatch.providers.samples import a_message, at_once, patience, smtp_transport
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.usefixtures("conversation")


def test_one_connection_carries_many_messages() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        for number in range(20):
            transport.send(a_message(to_email=f"p{number}@example.org"), at_once)
        transport.close()
    assert [message.recipient for message in server.messages] == [
        f"p{number}@example.org" for number in range(20)
    ]
    assert server.connections == 1


def test_a_connection_is_replaced_after_its_share_of_messages() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port, messages_per_connection=3)
        for _ in range(7):
            transport.send(a_message(), at_once)
        transport.close()
    assert [message.connection for message in server.messages] == [1, 1, 1, 2, 2, 2, 3]
    assert server.farewells == 3


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "dot"])
def test_a_refusal_leaves_the_connection_usable(phase: str) -> None:
    with SmtpServer([f"{phase}:reply:450 4.2.1 Not now@first=1"]) as server:
        transport = smtp_transport(server.port)
        with pytest.raises((RecipientError, ServiceError)):
            transport.send(a_message(), at_once)
        transport.send(a_message(to_email="bob@example.org"), at_once)
        transport.close()
    assert [message.recipient for message in server.messages] == ["bob@example.org"]
    assert (server.connections, server.resets) == (1, 1)


@pytest.mark.parametrize("misdeed", ["close", "hang", "reply:421 4.3.2 Bye"])
@pytest.mark.parametrize("phase", ["rcpt", "data", "dot"])
def test_the_next_message_gets_a_new_connection_after_a_drop(phase: str, misdeed: str) -> None:
    with SmtpServer([f"{phase}:{misdeed}@first=1"]) as server:
        transport = smtp_transport(server.port, patience=patience(misdeed))
        with pytest.raises((ServiceError, OutcomeUnknown)):
            transport.send(a_message(), at_once)
        transport.send(a_message(to_email="bob@example.org"), at_once)
        transport.close()
    assert [message.recipient for message in server.messages] == ["bob@example.org"]
    assert server.connections == 2


def test_a_server_that_closed_the_idle_connection_is_greeted_again_before_the_slot() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        transport.send(a_message(), at_once)
        server.hang_up()
        connections_at_start: list[int] = []
        transport.send(a_message(), lambda: connections_at_start.append(server.connections))
        transport.close()
    assert connections_at_start == [2]
    assert len(server.messages) == 2


def test_a_connection_that_dies_while_waiting_for_the_slot_is_replaced_once() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        transport.send(a_message(), at_once)
        transport.send(a_message(), server.hang_up)
        transport.close()
    assert len(server.messages) == 2
    assert server.connections == 2


@pytest.mark.parametrize("misdeed", ["close", "reply:421 4.4.2 Idle for too long"])
def test_a_kept_connection_that_fails_at_mail_is_replaced_once(misdeed: str) -> None:
    with SmtpServer([f"mail:{misdeed}@after=1@first=1"]) as server:
        transport = smtp_transport(server.port)
        transport.send(a_message(), at_once)
        transport.send(a_message(), at_once)
        transport.close()
    assert len(server.messages) == 2


def test_a_server_that_keeps_failing_at_mail_is_not_tried_for_ever() -> None:
    with SmtpServer(["mail:close@after=1"]) as server:
        transport = smtp_transport(server.port)
        transport.send(a_message(), at_once)
        with pytest.raises(ServiceError):
            transport.send(a_message(), at_once)
    assert server.connections == 2


def test_a_new_connection_that_fails_at_mail_is_the_services_fault() -> None:
    with SmtpServer(["mail:close"]) as server, pytest.raises(ServiceError):
        smtp_transport(server.port).send(a_message(), at_once)
    assert server.connections == 1


def test_the_slot_is_taken_once_even_when_the_connection_is_replaced() -> None:
    starts: list[str] = []
    with SmtpServer(["mail:close@after=1@first=1"]) as server:
        transport = smtp_transport(server.port)
        transport.send(a_message(), at_once)
        transport.send(a_message(), lambda: starts.append("started"))
        transport.close()
    assert starts == ["started"]


def test_a_long_idle_connection_is_asked_whether_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "IDLE_CHECK_AFTER", 0.0)
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        transport.send(a_message(), at_once)
        transport.send(a_message(), at_once)
        transport.close()
    assert server.pings >= 1
    assert server.connections == 1


@pytest.mark.parametrize("misdeed", ["close", "hang", "reply:421 Bye"])
def test_a_connection_that_does_not_answer_when_asked_is_replaced(
    misdeed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "IDLE_CHECK_AFTER", 0.0)
    with SmtpServer([f"noop:{misdeed}@after=1"]) as server:
        transport = smtp_transport(server.port, patience=patience(misdeed))
        for _ in range(3):
            transport.send(a_message(), at_once)
        transport.close()
    assert len(server.messages) == 3
    assert server.connections >= 2


def test_a_server_that_says_goodbye_to_an_idle_connection_is_greeted_again() -> None:
    with SmtpServer(idle_seconds=0.05, idle_reply=b"421 4.4.2 Idle for too long") as server:
        transport = smtp_transport(server.port)
        transport.send(a_message(), at_once)
        gone = threading.Event()
        while server.open_sessions:
            gone.wait(0.01)
        transport.send(a_message(), at_once)
        transport.close()
    assert len(server.messages) == 2


def test_what_starting_raises_is_passed_on_and_nothing_was_handed_over() -> None:
    class SlotLost(Exception):
        pass

    def refuse() -> None:
        raise SlotLost

    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        with pytest.raises(SlotLost):
            transport.send(a_message(), refuse)
        transport.send(a_message(to_email="bob@example.org"), at_once)
        transport.close()
    assert [message.recipient for message in server.messages] == ["bob@example.org"]
    assert server.connections == 1


def test_a_message_that_cannot_be_encoded_takes_no_slot() -> None:
    starts: list[str] = []
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        with pytest.raises(MessageError):
            transport.send(a_message(subject="a\r\nBcc: x@example.net"), lambda: starts.append("x"))
        transport.close()
    assert starts == []
    assert server.connections == 0


def test_closing_twice_or_without_opening_does_no_harm() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        transport.close()
        transport.open()
        transport.close()
        transport.close()
    assert server.farewells == 1


def test_closing_never_raises_when_the_server_is_gone() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        transport.open()
    transport.close()


def test_opening_an_open_connection_keeps_it() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        transport.open()
        transport.open()
        transport.close()
    assert server.connections == 1


def test_the_server_is_greeted_with_the_name_that_was_set() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port, ehlo_name="mail.example.com", domain="example.com")
        transport.open()
        transport.close()
    assert server.greetings == ["mail.example.com"]


def test_the_server_is_greeted_with_the_domain_of_the_service_when_no_name_was_set() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port, domain="bücher.example")
        transport.open()
        transport.close()
    assert server.greetings == ["xn--bcher-kva.example"]


def test_an_old_server_that_knows_no_ehlo_is_greeted_with_helo() -> None:
    with SmtpServer(["ehlo:reply:502 5.5.1 What?@first=1"]) as server:
        transport = smtp_transport(server.port)
        transport.send(a_message(), at_once)
        transport.close()
    assert len(server.messages) == 1


def test_the_reply_names_the_message_as_the_server_does() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        accepted = transport.send(a_message(), at_once)
        transport.close()
    assert accepted.provider_message_id == "00000001"
    assert accepted.reply == "2.0.0 Ok: queued as 00000001"


def test_a_megabyte_arrives_as_it_was_sent_with_its_leading_dots() -> None:
    text = "".join(f".line {number}\n..\n.\n" for number in range(60_000))
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        transport.send(a_message(text=text, html=""), at_once)
        transport.close()
    lines = server.messages[0].data.split(b"\r\n")
    received = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    message = email.message_from_bytes(received, policy=email.policy.default)
    assert message.get_content().replace("\r\n", "\n") == text


def test_envelope_and_record_hold_what_was_handed_over() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        transport.send(a_message(to_email="ann@bücher.example"), at_once)
        transport.close()
    received = server.messages[0]
    assert received.sender == "hello@news.example.com"
    assert received.recipient == "ann@xn--bcher-kva.example"
    assert received.message_id == "<4711.a1b2c3@news.example.com>"
    assert received.mail_monotonic <= received.dot_monotonic
