from __future__ import annotations

import pytest

from dispatch.errors import MessageError, OutcomeUnknown, RecipientError
from dispatch.providers.base import Transport
from tests.dispatch.providers.cases import (
    MESSAGE,
    IdempotencyHeaderCase,
    ProviderCase,
    message_with,
)
from tests.dispatch.providers.samples import at_once
from tests.http_server import Answer, HttpServer


def error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"errors": [{"message": message, "code": code}]})


def results(accepted: int, rejected: int) -> Answer:
    counts = {"total_accepted_recipients": accepted, "total_rejected_recipients": rejected}
    return Answer(200, {"results": {**counts, "id": "11668787484950529"}})


class TestSparkPost(IdempotencyHeaderCase, ProviderCase):
    name = "sparkpost"
    settings = {"region": "us", "api_key": "0a1b2c3d4e"}
    send_path = "/api/v1/transmissions/"
    files_at = ("content", "attachments", "name", "data")
    accepted = results(1, 0)
    accepted_id = "11668787484950529"
    throttled = error(420, "1901", "Exceed Sending Limit (daily)")
    unauthorized = Answer(401, {"errors": [{"message": "Unauthorized."}]})
    sender_refused = error(400, "7001", "Invalid domain: Unconfigured Sending Domain")
    recipient_refused = error(400, "5002", "At least one valid recipient is required")
    message_refused = error(422, "1300", "Message generation rejected")
    account = Answer(200, {"results": {"status": "active", "company_name": "Example"}})
    account_says = "the account is active"

    def test_tracking_is_ours_and_the_subtask_comes_back(
        self, transport: Transport, server: HttpServer
    ) -> None:
        transport.send(MESSAGE, at_once)
        body = server.requests[0].json
        assert body["options"] == {"open_tracking": False, "click_tracking": False}
        assert body["metadata"] == {"subtask": "4711"}

    @pytest.mark.parametrize("code", ["1600", "1601"])
    def test_a_key_in_use_does_not_say_what_became_of_it(
        self, transport: Transport, server: HttpServer, code: str
    ) -> None:
        server.answers.append(error(409, code, "The key is in use"))
        assert isinstance(self.failure(transport), OutcomeUnknown)

    def test_a_recipient_rejected_in_an_acceptance_was_refused(
        self, transport: Transport, server: HttpServer
    ) -> None:
        server.answers.append(results(0, 1))
        assert self.failure_of(RecipientError, transport).permanent

    def test_an_acceptance_of_nobody_in_particular_leaves_the_outcome_unknown(
        self, transport: Transport, server: HttpServer
    ) -> None:
        server.answers.append(results(0, 0))
        assert "neither yes nor no" in self.failure(transport).reply

    def test_what_it_would_take_for_a_template_stays_as_it_is(
        self, transport: Transport, server: HttpServer
    ) -> None:
        transport.send(message_with(html="<p>{{name}}</p>"), at_once)
        assert server.requests[0].json["content"]["html"] == "<p>&#123;&#123;name}}</p>"
        refused = self.failure(transport, message_with(subject="Dear {{name}}"))
        assert isinstance(refused, MessageError)

    def test_a_key_that_may_not_read_the_account_passes_the_connection_test(
        self, server: HttpServer
    ) -> None:
        server.answers.append(Answer(403, {"errors": [{"message": "Forbidden."}]}))
        assert "may not read the account" in self.described(server)
