from __future__ import annotations

from dispatch.providers.base import Transport
from tests.dispatch.providers.cases import MESSAGE, ProviderCase, message_with
from tests.dispatch.providers.samples import at_once
from tests.http_server import Answer, HttpServer


def error(status: int, code: str, message: str, related: str) -> Answer:
    told = {"ErrorCode": code, "StatusCode": status, "ErrorMessage": message}
    failed = {"Status": "error", "Errors": [{**told, "ErrorRelatedTo": [related]}]}
    return Answer(status, {"Messages": [failed]})


class TestMailjet(ProviderCase):
    name = "mailjet"
    settings = {"region": "eu", "api_key": "mj-api-key", "secret_key": "mj-secret-key"}
    send_path = "/v3.1/send"
    files_at = ("Globals", "Attachments", "Filename", "Base64Content")
    accepted = Answer(
        200,
        {
            "Messages": [
                {
                    "Status": "success",
                    "CustomID": "",
                    "To": [
                        {
                            "Email": "ann@example.org",
                            "MessageUUID": "cb927469-36fd-4c02-bce4-0d199929a207",
                            "MessageID": 70650219165027410,
                            "MessageHref": "https://api.mailjet.com/v3/message/70650219165027410",
                        }
                    ],
                    "Cc": [],
                    "Bcc": [],
                }
            ]
        },
    )
    headers_refused = frozenset({"List-Id"})
    accepted_id = "70650219165027410"
    throttled = Answer(429, {"ErrorMessage": "Too many requests", "StatusCode": 429})
    unauthorized = Answer(
        401, {"ErrorMessage": "API key authentication/authorization failure.", "StatusCode": 401}
    )
    sender_refused = error(403, "send-0008", '"hello@news.example.com" is not validated', "From")
    recipient_refused = error(400, "mj-0013", '"ann@" is an invalid email address.', "To[0].Email")
    message_refused = error(400, "send-0003", "The message is larger than allowed.", "HTMLPart")
    account = Answer(
        200, {"Count": 1, "Data": [{"Email": "*@news.example.com", "Status": "Active"}]}
    )
    account_says = "Active senders: *@news.example.com"

    def test_tracking_is_ours_and_the_subtask_comes_back(
        self, transport: Transport, server: HttpServer
    ) -> None:
        transport.send(MESSAGE, at_once)
        common = server.requests[0].json["Globals"]
        assert (common["TrackOpens"], common["TrackClicks"]) == ("disabled", "disabled")
        assert common["EventPayload"] == '{"subtask": "4711"}'

    def test_an_acceptance_may_spell_the_address_in_another_way(
        self, transport: Transport, server: HttpServer
    ) -> None:
        sent = transport.send(message_with(to_email="Ann@EXAMPLE.org"), at_once)
        assert sent.provider_message_id == self.accepted_id
