from __future__ import annotations

import pytest

from dispatch.errors import OutcomeUnknown, ServiceError
from dispatch.providers.base import Transport
from tests.dispatch.providers.cases import MESSAGE, IdempotencyHeaderCase, ProviderCase
from tests.dispatch.providers.samples import at_once
from tests.http_server import Answer, HttpServer


def error(status: int, name: str, message: str) -> Answer:
    return Answer(status, {"statusCode": status, "name": name, "message": message})


class TestResend(IdempotencyHeaderCase, ProviderCase):
    name = "resend"
    settings = {"api_key": "re_123_abc"}
    send_path = "/emails"
    files_at = ("attachments", "filename", "content")
    accepted = Answer(200, {"id": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"})
    accepted_id = "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"
    throttled = error(429, "rate_limit_exceeded", "Too many requests")
    unauthorized = error(403, "invalid_api_key", "API key is invalid")
    sender_refused = error(403, "validation_error", "The news.example.com domain is not verified.")
    recipient_refused = error(422, "validation_error", "Invalid `to` field.")
    message_refused = error(422, "validation_error", "The html is too large.")
    account = Answer(200, {"data": [{"name": "news.example.com", "status": "verified"}]})
    account_says = "news.example.com is ready"

    @pytest.mark.parametrize(
        "name", ["concurrent_idempotent_requests", "invalid_idempotent_request"]
    )
    def test_a_key_in_use_does_not_say_what_became_of_it(
        self, transport: Transport, server: HttpServer, name: str
    ) -> None:
        server.answers.append(error(409, name, "The key is in use"))
        assert isinstance(self.failure(transport), OutcomeUnknown)

    def test_the_subtask_comes_back(self, transport: Transport, server: HttpServer) -> None:
        transport.send(MESSAGE, at_once)
        assert server.requests[0].json["headers"]["X-Metadata"] == '{"subtask": "4711"}'

    def test_a_key_that_may_only_send_passes_the_connection_test(self, server: HttpServer) -> None:
        server.answers.append(error(401, "restricted_api_key", "This key may only send emails"))
        assert "it may send, and nothing else" in self.described(server)

    def test_the_connection_test_says_that_the_domain_is_not_verified(
        self, server: HttpServer
    ) -> None:
        server.answers.append(Answer(200, {"data": []}))
        with pytest.raises(ServiceError, match="news.example.com is missing there"):
            self.described(server)
