from __future__ import annotations

import base64
import datetime as dt
import email
import email.message
import email.policy

import pytest
import requests

from dispatch.errors import ServiceError
from dispatch.providers.base import Transport
from dispatch.providers.ses.signature import SignatureV4
from tests.dispatch.providers.cases import MESSAGE, ProviderCase
from tests.dispatch.providers.samples import at_once
from tests.http_server import Answer, HttpServer, Request
from tests.texts import part_of

# The example pair of keys of AWS's documentation and test suite.
KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def error(status: int, kind: str, message: str) -> Answer:
    return Answer(status, {"message": message}, {"x-amzn-ErrorType": kind})


def mail_in(request: Request) -> email.message.EmailMessage:
    raw = base64.b64decode(request.json["Content"]["Raw"]["Data"])
    return email.message_from_bytes(raw, policy=email.policy.default)


class TestSes(ProviderCase):
    name = "ses"
    settings = {
        "region": "eu-west-1",
        "access_key_id": KEY_ID,
        "secret_access_key": SECRET,
        "configuration_set": "campaigns",
    }

    def files_in(self, request: Request) -> list[tuple[str, bytes]]:
        parts = mail_in(request).iter_attachments()
        contents = ((str(part.get_filename()), part.get_payload(decode=True)) for part in parts)
        return [(name, data) for name, data in contents if isinstance(data, bytes)]

    send_path = "/v2/email/outbound-emails"
    accepted = Answer(200, {"MessageId": "0102018f-0a1b-000000"})
    accepted_id = "0102018f-0a1b-000000"
    throttled = error(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
    unauthorized = error(
        403, "UnrecognizedClientException", "The security token in the request is invalid."
    )
    sender_refused = error(400, "MessageRejected", "Email address is not verified.")
    recipient_refused = error(400, "BadRequestException", "Illegal address")
    message_refused = error(400, "MessageRejected", "The message contains a virus.")
    account = Answer(
        200,
        {
            "SendingEnabled": True,
            "ProductionAccessEnabled": False,
            "SendQuota": {"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 7.0},
        },
    )
    account_says = "7 of 200 messages in 24 hours, 1 a second. Still in the sandbox."

    def sent(self, request: Request) -> str:
        return "\n".join(f"{name}: {value}" for name, value in mail_in(request).items())

    def test_the_message_is_the_same_mime_as_over_smtp(
        self, transport: Transport, server: HttpServer
    ) -> None:
        transport.send(MESSAGE, at_once)
        mail = mail_in(server.requests[0])
        assert mail["To"] == "Ann <ann@example.org>"
        assert mail["X-Metadata"] == '{"subtask": "4711"}'
        assert part_of(mail, "html").strip() == MESSAGE.html
        body = server.requests[0].json
        assert body["Destination"] == {"ToAddresses": ["ann@example.org"]}
        assert body["ConfigurationSetName"] == "campaigns"

    def test_a_paused_account_fails_the_connection_test(self, server: HttpServer) -> None:
        server.answers.append(Answer(200, {**self.account.body, "SendingEnabled": False}))
        with pytest.raises(ServiceError, match="paused sending"):
            self.described(server)

    def test_each_message_is_signed(self, transport: Transport, server: HttpServer) -> None:
        transport.send(MESSAGE, at_once)
        signature = server.requests[0].headers["authorization"]
        today = f"{dt.datetime.now(dt.UTC):%Y%m%d}"
        assert f"Credential={KEY_ID}/{today}/eu-west-1/ses/aws4_request" in signature
        assert "SignedHeaders=content-type;host;x-amz-date" in signature


# From AWS's published test suite of Signature Version 4.
MOMENT = dt.datetime(2015, 8, 30, 12, 36, tzinfo=dt.UTC)
PUBLISHED = [
    (
        requests.Request("GET", "https://example.amazonaws.com/"),
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    (
        requests.Request("GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1"),
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    (
        requests.Request(
            "POST",
            "https://example.amazonaws.com/",
            data="Param1=value1",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        ),
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ),
]


@pytest.mark.parametrize("request_, expected", PUBLISHED)
def test_signatures_are_those_that_aws_publishes(request_: requests.Request, expected: str) -> None:
    signature = SignatureV4(KEY_ID, SECRET, "us-east-1", "service")
    signed = signature.sign(request_.prepare(), MOMENT)
    assert str(signed.headers["Authorization"]).endswith(f"Signature={expected}")


def test_the_secret_is_in_no_traceback() -> None:
    assert SECRET not in repr(SignatureV4(KEY_ID, SECRET, "us-east-1", "ses"))
