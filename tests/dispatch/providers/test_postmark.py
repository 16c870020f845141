from __future__ import annotations

from dispatch.errors import RecipientError
from dispatch.providers.base import Transport
from tests.dispatch.providers.cases import MESSAGE, ProviderCase, message_with
from tests.dispatch.providers.samples import at_once
from tests.http_server import Answer, HttpServer


def error(code: int, message: str) -> Answer:
    return Answer(422, {"ErrorCode": code, "Message": message})


class TestPostmark(ProviderCase):
    name = "postmark"
    settings = {"server_token": "0a1b-token", "message_stream": "broadcast"}
    send_path = "/email"
    files_at = ("Attachments", "Name", "Content")
    accepted = Answer(
        200,
        {
            "To": "ann@example.org",
            "SubmittedAt": "2026-11-25T12:00:00.0000000Z",
            "MessageID": "b7bc2f4a-e38e-4336-af7d-e6c392c2f817",
            "ErrorCode": 0,
            "Message": "OK",
        },
    )
    accepted_id = "b7bc2f4a-e38e-4336-af7d-e6c392c2f817"
    throttled = Answer(429, {"ErrorCode": 429, "Message": "Rate limit exceeded"})
    unauthorized = Answer(
        401, {"ErrorCode": 10, "Message": "The Server Token you provided was not valid."}
    )
    sender_refused = error(400, "The 'From' address is not a Sender Signature on your account.")
    recipient_refused = error(406, "Found inactive addresses: ann@example.org.")
    message_refused = error(300, "Zero recipients specified or the HTML body is too long.")
    account = Answer(200, {"ID": 1, "Name": "Campaigns", "DeliveryType": "Live"})
    account_says = "answered for the server “Campaigns”"

    def test_tracking_is_ours_and_the_subtask_comes_back(
        self, transport: Transport, server: HttpServer
    ) -> None:
        transport.send(MESSAGE, at_once)
        body = server.requests[0].json
        assert (body["TrackOpens"], body["TrackLinks"]) == (False, "None")
        assert body["Metadata"] == {"subtask": "4711"}
        assert body["MessageStream"] == "broadcast"
        assert body["From"] == "Example News <hello@news.example.com>"
        assert {each["Name"]: each["Value"] for each in body["Headers"]} == MESSAGE.headers

    def test_an_address_that_is_invalid_is_a_hard_bounce(
        self, transport: Transport, server: HttpServer
    ) -> None:
        server.answers.append(error(300, "Invalid 'To' address: 'ann@example.org'."))
        assert self.failure_of(RecipientError, transport).hard_bounce

    def test_a_recipient_that_is_inactive_after_all_was_refused(
        self, transport: Transport, server: HttpServer
    ) -> None:
        told = "Message OK, but will not deliver to these inactive addresses: ann@example.org. "
        inactive = {**self.accepted.body, "Message": told + "Inactive recipients are ones that …"}
        server.answers.append(Answer(200, inactive))
        assert self.failure_of(RecipientError, transport).permanent

    def test_an_acceptance_may_spell_the_address_in_another_way(
        self, transport: Transport, server: HttpServer
    ) -> None:
        server.answers.append(Answer(200, {**self.accepted.body, "To": "ann@xn--exmple-cua.org"}))
        sent = transport.send(message_with(to_email="ann@exämple.org"), at_once)
        assert sent.provider_message_id == self.accepted_id
