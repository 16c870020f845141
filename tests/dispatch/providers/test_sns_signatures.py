"""What Amazon signs is taken, with the certificate of the topic's region, and nothing else is."""

from __future__ import annotations

import base64
import datetime as dt
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from dispatch import network
from dispatch.providers.hooks import Malformed, NotNow, WebhookRejection
from dispatch.providers.ses import certificates, sns
from dispatch.providers.ses.certificates import Certificates, root
from dispatch.providers.webhooks import webhook_url
from tests.dispatch.providers import webhook_posts
from tests.dispatch.providers.certificates import rsa_certificate
from tests.dispatch.providers.webhook_posts import PAYLOADS, post, send, service_of
from tests.http_server import Answer, HttpServer
from tracking.models import Event

TOPIC = "arn:aws:sns:eu-west-1:123456789012:campaign-events"
NAME = f"SimpleNotificationService-{'0a' * 16}.pem"
NOW = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)  # when the certificate is there
AT = f"{NOW:%Y-%m-%dT%H:%M:%S.123Z}"
NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "dc1e94d9-56c5-5e96-808d-cc7f68faa162",
    "TopicArn": TOPIC,
    "Subject": "TestSubject",
    "Message": "two\nlines, ümläuts",
    "Timestamp": AT,
}
CONFIRMATION = {
    "Type": "SubscriptionConfirmation",
    "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
    "Token": "2336412f37fb",
    "TopicArn": TOPIC,
    "Message": "You have chosen to subscribe",
    "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
    "Timestamp": AT,
}
# As Amazon's documentation puts the strings together.
OF_NOTIFICATION = (
    "Message\ntwo\nlines, ümläuts\nMessageId\ndc1e94d9-56c5-5e96-808d-cc7f68faa162\n"
    f"Subject\nTestSubject\nTimestamp\n{AT}\nTopicArn\n{TOPIC}\nType\nNotification\n"
)
OF_CONFIRMATION = (
    "Message\nYou have chosen to subscribe\nMessageId\n165545c9-2a5c-472c-8df2-7ff2be2b3b1b\n"
    "SubscribeURL\nhttps://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription\n"
    f"Timestamp\n{AT}\nToken\n2336412f37fb\nTopicArn\n{TOPIC}\nType\nSubscriptionConfirmation\n"
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key and its certificate, made by OpenSSL."""
    folder = tmp_path_factory.mktemp("sns")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out pem -days 2 -subj /CN=sns"
    subprocess.run(make.split(), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch, keys: Path) -> Iterator[HttpServer]:
    """A server in the place of Amazon's, and a process that knows no certificate yet."""
    monkeypatch.setattr(sns, "KNOWN", Certificates())
    with HttpServer() as server:
        monkeypatch.setattr(certificates, "root", lambda topic: server.url)
        server.otherwise = Answer(200, (keys / "pem").read_bytes())
        yield server


def signed(
    message: dict[str, Any], string: str, version: str, amazon: HttpServer, keys: Path
) -> dict[str, Any]:
    """With the signature that OpenSSL makes."""
    digest = {"1": "-sha1", "2": "-sha256"}[version]
    command = ["openssl", "dgst", digest, "-sign", str(keys / "key")]
    made = subprocess.run(command, input=string.encode(), check=True, capture_output=True)
    return {
        **message,
        "SignatureVersion": version,
        "Signature": base64.b64encode(made.stdout).decode(),
        "SigningCertURL": amazon.url + NAME,
    }


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    ("message", "string"),
    [
        (NOTIFICATION, OF_NOTIFICATION),
        (
            {name: value for name, value in NOTIFICATION.items() if name != "Subject"},
            OF_NOTIFICATION.replace("Subject\nTestSubject\n", ""),
        ),
        (CONFIRMATION, OF_CONFIRMATION),
        (
            {**CONFIRMATION, "Type": "UnsubscribeConfirmation"},
            OF_CONFIRMATION.replace("SubscriptionConf", "UnsubscribeConf"),
        ),
    ],
    ids=["notification", "without subject", "subscription", "unsubscribing"],
)
def test_what_openssl_signs_as_amazon_documents_it_is_taken(
    amazon: HttpServer, keys: Path, message: dict[str, Any], string: str, version: str
) -> None:
    sns.check(signed(message, string, version, amazon, keys), NOW)
    assert len(amazon.requests) == 1


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("name", ["Message", "MessageId", "Subject", "Timestamp", "Type"])
def test_what_was_changed_after_it_was_signed_is_refused(
    amazon: HttpServer, keys: Path, name: str, version: str
) -> None:
    told = signed(NOTIFICATION, OF_NOTIFICATION, version, amazon, keys)
    other = {"Timestamp": AT.replace(".123", ".124"), "Type": "UnsubscribeConfirmation"}
    told |= {name: other.get(name, told[name] + "x"), "SubscribeURL": "x", "Token": "x"}
    with pytest.raises(WebhookRejection, match="wrong signature"):
        sns.check(told, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"SignatureVersion": "3"},
        {"SignatureVersion": "1"},
        {"SignatureVersion": None},
        {"Signature": ""},
        {"Signature": "no base64!"},
        {"Signature": "\u00e4"},
        {"Timestamp": ""},
        {"Timestamp": "yesterday"},
        {"Timestamp": AT.rstrip("Z")},
    ],
)
def test_what_is_signed_in_no_way_of_amazons_is_refused(
    amazon: HttpServer, keys: Path, change: dict[str, Any]
) -> None:
    told = signed(NOTIFICATION, OF_NOTIFICATION, "2", amazon, keys)
    with pytest.raises(WebhookRejection):
        sns.check(told | change, NOW)


@pytest.mark.parametrize("value", [None, 7, ["x"], {}])
def test_a_field_that_is_no_text_is_malformed(amazon: HttpServer, value: Any) -> None:
    told = {**NOTIFICATION, "SignatureVersion": "2", "Signature": "", "Message": value}
    with pytest.raises(Malformed):
        sns.check({**told, "SigningCertURL": amazon.url + NAME}, NOW)


@pytest.mark.parametrize("hours", [-2, 2])
def test_an_old_message_that_is_played_back_is_refused(
    amazon: HttpServer, keys: Path, hours: int
) -> None:
    told = signed(NOTIFICATION, OF_NOTIFICATION, "2", amazon, keys)
    with pytest.raises(WebhookRejection, match="stale"):
        sns.check(told, NOW + dt.timedelta(hours=hours))
    assert not amazon.requests


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        (TOPIC, "https://sns.eu-west-1.amazonaws.com/"),
        ("arn:aws-cn:sns:cn-north-1:1234567890123"[:-1] + ":t", "https://sns.cn-north-1.amazonaws.com.cn/"),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:t", "https://sns.us-gov-west-1.amazonaws.com/"),
    ],
)  # fmt: skip
def test_a_certificate_is_that_of_the_topics_region(topic: str, expected: str) -> None:
    assert root(topic) == expected


@pytest.mark.parametrize(
    "address",
    [
        f"http://sns.eu-west-1.amazonaws.com/{NAME}",
        f"https://sns.us-east-1.amazonaws.com/{NAME}",
        f"https://sns.eu-west-1.amazonaws.com.evil.example/{NAME}",
        f"https://sns.eu-west-1.amazonaws.com@evil.example/{NAME}",
        f"https://sns.eu-west-1.amazonaws.com:8443/{NAME}",
        f"https://sns.eu-west-1.amazonaws.com//{NAME}",
        f"https://sns.eu-west-1.amazonaws.com/x/../{NAME}",
        f"https://sns.eu-west-1.amazonaws.com/{NAME}?x",
        f"https://sns.eu-west-1.amazonaws.com/{NAME}\n",
        f"https://bucket.s3.eu-west-1.amazonaws.com/{NAME}",
        "https://sns.eu-west-1.amazonaws.com/?Action=GetCertificate",
        f"//sns.eu-west-1.amazonaws.com/{NAME}",
        "",
    ],
)
def test_no_certificate_is_fetched_from_elsewhere(address: str) -> None:
    with pytest.raises(WebhookRejection, match="not one of the topic's region"):
        Certificates().key(address, TOPIC, NOW)


def test_a_certificate_is_fetched_once(amazon: HttpServer) -> None:
    known = Certificates()
    for _ in range(3):
        known.key(amazon.url + NAME, TOPIC, NOW)
    (request,) = amazon.requests
    assert (request.method, request.path) == ("GET", f"/{NAME}")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(503), NotNow),
        (Answer(429), NotNow),
        (Answer(misdeed="cut"), NotNow),
        (Answer(misdeed="garbage"), NotNow),
        (Answer(404), WebhookRejection),
        (Answer(302, b"", {"Location": "/elsewhere.pem"}), WebhookRejection),
        (Answer(200, b"no certificate"), WebhookRejection),
        (Answer(200, b""), WebhookRejection),
    ],
    ids=lambda each: str(getattr(each, "status", "")),
)
def test_what_cannot_be_fetched_is_not_asked_for_again_at_once(
    amazon: HttpServer, answer: Answer, problem: type[Exception]
) -> None:
    amazon.otherwise = answer
    known = Certificates()
    for _ in range(3):
        with pytest.raises(problem):
            known.key(amazon.url + NAME, TOPIC, NOW)
    assert len(amazon.requests) == 1


def test_what_could_not_be_reached_is_asked_for_again_before_sns_repeats(
    amazon: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    amazon.answers.append(Answer(503))
    known = Certificates()
    with pytest.raises(NotNow):
        known.key(amazon.url + NAME, TOPIC, NOW)
    start = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: start + 19)
    assert known.key(amazon.url + NAME, TOPIC, NOW).key_size == 2048


def test_certificates_that_are_made_up_cost_few_fetches(amazon: HttpServer) -> None:
    amazon.otherwise = Answer(404)
    known, problems = Certificates(), []
    for number in range(200):
        name = f"SimpleNotificationService-{number:032x}.pem"
        with pytest.raises((NotNow, WebhookRejection)) as raised:
            known.key(amazon.url + name, TOPIC, NOW)
        problems.append(raised.type)
    assert len(amazon.requests) == certificates.MOST_FETCHES
    assert problems[-1] is NotNow
    assert len(known._failed) <= certificates.MOST_KEPT


@pytest.mark.parametrize(
    "make",
    [
        lambda: rsa_certificate(rsa.generate_private_key(65537, 2048), days=-1),
        lambda: rsa_certificate(rsa.generate_private_key(65537, 1024)),
    ],
    ids=["expired", "short key"],
)
def test_a_certificate_that_is_not_good_is_refused(amazon: HttpServer, make: Any) -> None:
    certificate: x509.Certificate = make()
    amazon.otherwise = Answer(200, certificate.public_bytes(Encoding.PEM))
    with pytest.raises(WebhookRejection):
        Certificates().key(amazon.url + NAME, TOPIC, NOW)


@pytest.mark.django_db
def test_a_post_that_cannot_be_judged_at_present_is_told_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When Amazon's certificate cannot be fetched."""
    monkeypatch.setattr(sns, "KNOWN", Certificates())
    monkeypatch.setattr(network, "connect", Mock(side_effect=OSError("no way there")))
    assert post(service_of("ses"), PAYLOADS["ses"][0]["body"]).status_code == 503
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_a_post_that_was_changed_is_refused_with_the_right_password() -> None:
    data, headers = webhook_posts.signed("ses", PAYLOADS["ses"][0]["body"])
    url = webhook_url(service_of("ses"))
    assert send(url, data.replace(b"4711", b"4712"), headers).status_code == 401
    assert send(url, data, headers).status_code == 200
