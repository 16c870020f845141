from __future__ import annotations

import pytest

from dispatch.errors import RecipientError, ServiceError
from dispatch.providers.base import Transport
from tests.dispatch.providers.cases import MESSAGE, ProviderCase
from tests.dispatch.providers.samples import at_once
from tests.http_server import Answer, HttpServer


def error(status: int, message: str, field: str | None = None) -> Answer:
    return Answer(status, {"errors": [{"message": message, "field": field, "help": None}]})


class TestSendGrid(ProviderCase):
    name = "sendgrid"
    settings = {"region": "global", "api_key": "SG.abc.def"}
    send_path = "/v3/mail/send"
    files_at = ("attachments", "filename", "content")
    accepted = Answer(202, b"")
    accepted_id = "2d4b1c3e-0f8a-4c57-9d3e-5a6b7c8d9e0f"
    throttled = error(429, "too many requests")
    unauthorized = error(401, "The provided authorization grant is invalid, expired, or revoked")
    sender_refused = error(
        403, "The from address does not match a verified Sender Identity", "from"
    )
    recipient_refused = error(
        400, "Does not contain a valid address.", "personalizations.0.to.0.email"
    )
    message_refused = error(413, "The size of the message is too large")
    account = Answer(200, {"scopes": ["mail.send", "alerts.read"]})
    account_says = "the key may send mail"

    @pytest.fixture(autouse=True)
    def _known_id(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """SendGrid tells no id: django-anymail makes one up and sends it along."""
        monkeypatch.setattr("anymail.backends.sendgrid.uuid.uuid4", lambda: self.accepted_id)

    # Its acceptance is the status alone: there is nothing to read.
    test_an_unreadable_acceptance_leaves_the_outcome_unknown = None  # type: ignore[assignment]

    def test_tracking_is_ours_and_the_subtask_comes_back(
        self, transport: Transport, server: HttpServer
    ) -> None:
        transport.send(MESSAGE, at_once)
        body = server.requests[0].json
        assert body["custom_args"] == {"subtask": "4711"}
        assert body["personalizations"][0]["custom_args"] == {"anymail_id": self.accepted_id}
        names = ("open_tracking", "click_tracking", "subscription_tracking", "ganalytics")
        assert body["tracking_settings"] == {name: {"enable": False} for name in names}

    def test_an_address_that_is_invalid_is_a_hard_bounce(
        self, transport: Transport, server: HttpServer
    ) -> None:
        server.answers.append(self.recipient_refused)
        assert self.failure_of(RecipientError, transport).hard_bounce

    def test_the_connection_test_says_that_the_key_may_not_send(self, server: HttpServer) -> None:
        server.answers.append(Answer(200, {"scopes": ["alerts.read"]}))
        with pytest.raises(ServiceError, match="the key may not send"):
            self.described(server)
