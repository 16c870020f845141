from __future__ import annotations

import pytest

from dispatch.errors import MessageError, OutcomeUnknown, ServiceError
from dispatch.providers.base import Transport
from tests.dispatch.providers.cases import MESSAGE, ProviderCase, message_with
from tests.dispatch.providers.samples import at_once
from tests.http_server import Answer, HttpServer


def error(status: int, code: int, message: str) -> Answer:
    return Answer(status, {"code": code, "message": message})


class TestEngageLab(ProviderCase):
    name = "engagelab"
    settings = {"region": "singapore", "api_user": "campaigns", "api_key": "el-key-0a1b"}
    send_path = "/v1/mail/send"
    files_at = ("body", "attachments", "filename", "content")
    accepted = Answer(
        200,
        {
            "email_ids": [
                "1447054895514_15555555_32350_1350.sc-10_10_126_221-inbound0$ann@example.org"
            ],
            "request_id": "",
        },
    )
    accepted_id = "1447054895514_15555555_32350_1350.sc-10_10_126_221-inbound0$ann@example.org"
    throttled = error(429, 30999, "Too many requests")
    unauthorized = error(401, 30000, "Authentication failed")
    sender_refused = error(400, 30801, "from is empty")
    message_refused = error(400, 30862, "headers contains a forbidden key")
    account = Answer(200, {"account_quota": 100000, "daily_quota": 5000, "daily_quota_used": 12})
    account_says = "12 of 5,000 messages used today, 100,000 in the account"

    # It documents no refusal of a recipient: it accepts, and tells by an event.
    test_a_refused_recipient_is_final = None  # type: ignore[assignment]

    def test_the_whole_request(self, transport: Transport, server: HttpServer) -> None:
        transport.send(MESSAGE, at_once)
        (request,) = server.requests
        assert request.json == {
            "from": '"Example News" <hello@news.example.com>',
            "to": ["ann@example.org"],
            "body": {
                "subject": "Spring sale",
                "content": {"html": "<p>Hello Ann</p>", "text": "Hello Ann"},
                "reply_to": ["answers@example.com"],
                "headers": MESSAGE.headers,
                "settings": {
                    "send_mode": 0,
                    "return_email_id": True,
                    "sandbox": False,
                    "open_tracking": False,
                    "click_tracking": False,
                    "unsubscribe_tracking": False,
                },
            },
            "custom_args": {"subtask": "4711"},
            "request_id": MESSAGE.idempotency_key,
        }
        assert request.headers["authorization"].startswith("Basic ")

    def test_both_data_centres_can_be_chosen(self) -> None:
        roots = [self.provider.root({"region": region}) for region in ("singapore", "turkey")]
        assert roots == ["https://email.api.engagelab.cc/", "https://emailapi-tr.engagelab.com/"]

    @pytest.mark.parametrize(
        "changes, why",
        [
            ({"subject": "x" * 257}, "subject has 257 characters"),
            ({"headers": {"X-Long": "x" * 1024}}, "headers have 10"),
            ({"headers": {"Return-Path": "<a@example.com>"}}, "header Return-Path"),
            ({"headers": {"X-SMTPAPI": "{}"}}, "header X-SMTPAPI"),
            ({"subject": "100 %name% off"}, "subject contains '%name%'"),
            ({"text": "Dear {{name}}"}, "text part contains '{{'"),
        ],
    )
    def test_what_it_would_refuse_or_change_is_refused_before(
        self,
        transport: Transport,
        server: HttpServer,
        changes: dict[str, dict[str, str] | str],
        why: str,
    ) -> None:
        refused = self.failure(transport, message_with(**changes))
        assert isinstance(refused, MessageError) and why in refused.reply
        assert not server.requests

    def test_what_it_would_fill_in_stays_as_it_is(
        self, transport: Transport, server: HttpServer
    ) -> None:
        html = '<a href="https://example.com/%E4%BD%A0">50%</a> %name% {{name}}'
        text = "https://example.com/%E4%BD%A0 50% or 60%"
        transport.send(message_with(html=html, text=text), at_once)
        content = server.requests[0].json["body"]["content"]
        assert content["text"] == text
        assert content["html"] == (
            '<a href="https://example.com/&#37;E4&#37;BD%A0">50%</a> &#37;name&#37; &#123;&#123;name}}'
        )

    @pytest.mark.parametrize(
        "code, kind", [(30000, ServiceError), (30862, MessageError), (31999, OutcomeUnknown)]
    )
    def test_an_error_that_looks_like_success_is_judged_by_its_code(
        self,
        transport: Transport,
        server: HttpServer,
        code: int,
        kind: type[MessageError] | type[OutcomeUnknown] | type[ServiceError],
    ) -> None:
        server.answers.append(error(200, code, "no"))
        assert isinstance(self.failure(transport), kind)
