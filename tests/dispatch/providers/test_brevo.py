from __future__ import annotations

import uuid

from dispatch.errors import MessageError, OutcomeUnknown, ServiceError
from dispatch.message.message import Message
from dispatch.providers.base import Transport
from tests.dispatch.providers.cases import MESSAGE, ProviderCase, message_with
from tests.dispatch.providers.samples import at_once
from tests.http_server import Answer, HttpServer


def error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"code": code, "message": message})


class TestBrevo(ProviderCase):
    name = "brevo"
    settings = {"api_key": "xkeysib-0a1b2c"}
    send_path = "/v3/smtp/email"
    files_at = ("attachment", "name", "content")
    accepted = Answer(201, {"messageId": "<202611251200.1@smtp-relay.mailin.fr>"})
    accepted_id = "<202611251200.1@smtp-relay.mailin.fr>"
    throttled = error(429, "too_many_requests", "Too many requests")
    unauthorized = error(401, "unauthorized", "Key not found")
    sender_refused = error(
        400, "invalid_parameter", "Sending has been rejected because the sender is not valid."
    )
    recipient_refused = error(400, "invalid_parameter", "email is not valid in to")
    message_refused = error(400, "invalid_parameter", "htmlContent is too long")
    account = Answer(
        200,
        {
            "email": "staff@example.com",
            "plan": [{"type": "payAsYouGo", "credits": 8755, "creditsType": "sendLimit"}],
        },
    )
    account_says = "8,755 credits"

    def key_of(self, transport: Transport, server: HttpServer, message: Message) -> str:
        transport.send(message, at_once)
        return str(server.requests[-1].json["headers"]["idempotencyKey"])

    def test_the_same_key_becomes_the_same_uuid(
        self, transport: Transport, server: HttpServer
    ) -> None:
        first, again = (self.key_of(transport, server, MESSAGE) for _ in range(2))
        other = self.key_of(transport, server, message_with(idempotency_key="4712-1"))
        assert uuid.UUID(first) == uuid.UUID(again) != uuid.UUID(other)

    def test_a_key_that_it_has_had_does_not_say_what_became_of_it(
        self, transport: Transport, server: HttpServer
    ) -> None:
        server.answers.append(error(400, "duplicate_parameter", "idempotencyKey already used"))
        assert isinstance(self.failure(transport), OutcomeUnknown)

    def test_the_subtask_comes_back(self, transport: Transport, server: HttpServer) -> None:
        transport.send(MESSAGE, at_once)
        assert server.requests[0].json["headers"]["X-Mailin-custom"] == '{"subtask": "4711"}'

    def test_what_it_would_take_for_a_template_stays_as_it_is(
        self, transport: Transport, server: HttpServer
    ) -> None:
        transport.send(message_with(html="<p>{{ params.x }}</p>"), at_once)
        html = server.requests[0].json["htmlContent"]
        assert html == "<p>&#123;&#123; params.x }}</p>"
        assert isinstance(self.failure(transport, message_with(text="{{ x }}")), MessageError)

    def test_a_header_that_it_would_spoil_is_refused(self, transport: Transport) -> None:
        message = message_with(headers={"X-Campaign": "Frühling"})
        assert isinstance(self.failure(transport, message), MessageError)

    def test_no_more_credits_need_a_person(self, transport: Transport, server: HttpServer) -> None:
        server.answers.append(error(402, "not_enough_credits", "Not enough credits"))
        assert self.failure_of(ServiceError, transport).needs_person
