"""Recipients beyond ASCII (RFC 6531)."""

from __future__ import annotations

import pytest

from dispatch.errors import RecipientError
from tests.dispatch.providers.samples import a_message, at_once, smtp_transport
from tests.smtp_server import SmtpServer
from tests.smtp_session import Received

RECIPIENT = "用户@xn--fsqu00a.test"


def handed_over(recipient: str, *without: str) -> Received:
    with SmtpServer(without=without) as server:
        transport = smtp_transport(server.port)
        transport.send(a_message(to_email=recipient), at_once)
        transport.close()
    (received,) = server.messages
    return received


def test_a_recipient_beyond_ascii_is_reached_through_a_server_that_offers_it() -> None:
    received = handed_over("用户@例子.test")
    assert received.recipient == RECIPIENT
    assert received.mail_options.split()[1:] == ["BODY=8BITMIME", "SMTPUTF8"]
    assert f"\r\nTo: Ann <{RECIPIENT}>\r\n".encode() in received.data


def test_8bitmime_is_asked_for_only_where_it_is_offered() -> None:
    received = handed_over(RECIPIENT, "8BITMIME")
    assert received.mail_options.split()[1:] == ["SMTPUTF8"]


@pytest.mark.parametrize("recipient", ["ann@example.org", "ann@bücher.example"])
def test_a_message_that_does_not_need_it_travels_without(recipient: str) -> None:
    received = handed_over(recipient)
    assert "UTF8" not in received.mail_options
    assert "8BITMIME" not in received.mail_options
    assert received.data.isascii()


def test_a_server_that_does_not_offer_it_is_told_nothing_about_the_message() -> None:
    starts: list[str] = []
    with SmtpServer(without=["SMTPUTF8"]) as server:
        transport = smtp_transport(server.port)
        with pytest.raises(RecipientError, match="cannot take internationalised") as caught:
            transport.send(a_message(to_email=RECIPIENT), lambda: starts.append("started"))
        transport.send(a_message(), at_once)
        transport.close()
    assert (caught.value.permanent, caught.value.hard_bounce) == (True, False)
    assert starts == []
    assert [message.recipient for message in server.messages] == ["ann@example.org"]
    assert server.connections == 1


def test_a_replacement_server_that_does_not_offer_it_refuses_the_recipient() -> None:
    with SmtpServer() as server:
        transport = smtp_transport(server.port)
        transport.send(a_message(), at_once)

        def restart_without() -> None:
            server.extensions.remove("SMTPUTF8")
            server.hang_up()

        with pytest.raises(RecipientError, match="cannot take internationalised"):
            transport.send(a_message(to_email=RECIPIENT), restart_without)
        transport.close()
    assert len(server.messages) == 1
