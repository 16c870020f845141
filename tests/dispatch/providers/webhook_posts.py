"""Posting what providers post, signed as each of them signs."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from django.test import Client

from dispatch.models import EmailService
from dispatch.providers.ses.certificates import KNOWN
from dispatch.providers.webhooks import webhook_url
from tests.dispatch.providers.certificates import rsa_certificate
from tests.factories import EmailServiceFactory
from tests.responses import ClientResponse

DATA = Path(__file__).parents[2] / "data" / "webhooks"
PAYLOADS: dict[str, list[dict[str, Any]]] = {
    path.stem: json.loads(path.read_text()) for path in sorted(DATA.glob("*.json"))
}
SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())
SNS_CERTIFICATE = f"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-{'0a' * 16}.pem"
SNS_KEY = rsa.generate_private_key(65537, 2048)
KNOWN.keep(SNS_CERTIFICATE, rsa_certificate(SNS_KEY))


CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED_BY_SNS = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": CONFIRMATION,
    "UnsubscribeConfirmation": CONFIRMATION,
}
"""By Amazon's documentation, in the order in which they are signed."""


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    """As SendGrid shows it."""
    der, info = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(key.public_key().public_bytes(der, info)).decode()


RESEND_SECRET = base64.b64encode(b"0123456789abcdef01234567").decode()
TOPIC = "arn:aws:sns:eu-west-1:123456789012:campaign-events"
PASSWORD = {"webhook_password": "hook-password"}
SECRETS: dict[str, dict[str, str]] = {
    "brevo": PASSWORD,
    "engagelab": {"webhook_app_key": "app-key-0a1b"},
    "mailgun": {"webhook_signing_key": "signing-key-0a1b"},
    "mailjet": PASSWORD,
    "postmark": PASSWORD,
    "resend": {"signing_secret": f"whsec_{RESEND_SECRET}"},
    "sendgrid": {"verification_key": _public(SENDGRID_KEY)},
    "ses": {**PASSWORD, "topic_arn": TOPIC},
    "sparkpost": PASSWORD,
}
OTHER_SECRETS = {
    "webhook_password": "another",
    "webhook_app_key": "another",
    "webhook_signing_key": "another",
    "signing_secret": "whsec_YW5vdGhlcg==",
    "verification_key": _public(ec.generate_private_key(ec.SECP256R1())),
    "topic_arn": "arn:aws:sns:eu-west-1:123456789012:another",
}
Headers = dict[str, str]
Signer = Callable[[bytes, int], tuple[bytes, Headers]]


def service_of(provider: str, **settings: str) -> EmailService:
    """A service with all the secrets that its provider's webhooks may have."""
    return EmailServiceFactory(provider=provider, settings={**SECRETS[provider], **settings})


def signed(provider: str, body: Any, age: int = 0) -> tuple[bytes, Headers]:
    """As the provider posts it; `age` in seconds of the signature."""
    return SIGNERS[provider](_bytes(body), int(time.time()) - age)


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def post(service: EmailService, body: Any, age: int = 0, sign: bool = True) -> ClientResponse:
    data, headers = signed(service.provider, body, age) if sign else (_bytes(body), {})
    return send(webhook_url(service), data, headers)


def send(url: str, data: bytes, headers: Headers | None = None) -> ClientResponse:
    path = "/hooks/" + url.partition("/hooks/")[2]
    return Client().post(path, data, content_type="application/json", headers=headers or {})


def over_http(method: str, url: str, data: bytes = b"", headers: Headers | None = None) -> int:
    """The status that a running server answers with; what it says is read to the end."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    try:
        path = address.path + (f"?{address.query}" if address.query else "")
        connection.request(
            method, path, data, {"Content-Type": "application/json", **(headers or {})}
        )
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def _password(data: bytes, at: int) -> tuple[bytes, Headers]:
    encoded = base64.b64encode(b"webhook:hook-password").decode()
    return data, {"Authorization": f"Basic {encoded}"}


def _engagelab(data: bytes, at: int) -> tuple[bytes, Headers]:
    digest = hmac.new(b"app-key-0a1b", str(at).encode(), hashlib.sha256).hexdigest()
    return data, engagelab_headers(at, digest)


def engagelab_headers(at: int, signature: str) -> Headers:
    return {
        "X-WebHook-Timestamp": str(at),
        "X-WebHook-AppKey": "email",
        "X-WebHook-Signature": signature,
    }


def _mailgun(data: bytes, at: int) -> tuple[bytes, Headers]:
    try:
        body = json.loads(data)
        token = body["signature"]["token"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return data, {}
    signed = hmac.new(
        b"signing-key-0a1b", f"{at}{token}".encode("utf-8", "surrogatepass"), hashlib.sha256
    ).hexdigest()
    body["signature"] |= {"timestamp": str(at), "signature": signed}
    return json.dumps(body).encode(), {}


def _resend(data: bytes, at: int) -> tuple[bytes, Headers]:
    event = "msg_" + hashlib.sha256(data).hexdigest()[:24]
    key = base64.b64decode(RESEND_SECRET)
    digest = hmac.new(key, f"{event}.{at}.".encode() + data, hashlib.sha256).digest()
    return data, {
        "svix-id": event,
        "svix-timestamp": str(at),
        "svix-signature": f"v1,bm9uc2Vuc2U= v1,{base64.b64encode(digest).decode()}",
    }


def _sendgrid(data: bytes, at: int) -> tuple[bytes, Headers]:
    signature = SENDGRID_KEY.sign(str(at).encode() + data, ec.ECDSA(hashes.SHA256()))
    return data, {
        "X-Twilio-Email-Event-Webhook-Timestamp": str(at),
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
    }


def _ses(data: bytes, at: int) -> tuple[bytes, Headers]:
    _, headers = _password(data, at)
    try:
        body = json.loads(data)
        return json.dumps(sns_signed(body, at)).encode(), headers
    except (ValueError, TypeError, KeyError, RecursionError):
        return data, headers


def sns_signed(body: dict[str, Any], at: int, version: str = "2") -> dict[str, Any]:
    """As Amazon signs a message of SNS, with the tests' own certificate."""
    told = {**body, "Timestamp": f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%dT%H:%M:%S.000Z}"}
    lines = [f"{name}\n{told[name]}\n" for name in SIGNED_BY_SNS[told["Type"]] if name in told]
    digest = hashes.SHA256() if version == "2" else hashes.SHA1()
    signature = SNS_KEY.sign("".join(lines).encode(), padding.PKCS1v15(), digest)
    return {
        **told,
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": SNS_CERTIFICATE,
    }


SIGNERS: dict[str, Signer] = {
    "brevo": _password,
    "engagelab": _engagelab,
    "mailgun": _mailgun,
    "mailjet": _password,
    "postmark": _password,
    "resend": _resend,
    "sendgrid": _sendgrid,
    "ses": _ses,
    "sparkpost": _password,
}
TIMED = ("engagelab", "mailgun", "resend", "sendgrid", "ses")
"""Those that sign the time."""
