"""Whether a message of Amazon SNS is signed by Amazon: versions 1 (SHA-1) and 2 (SHA-256)."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_noop

from dispatch.providers.hooks import Malformed, WebhookRejection
from dispatch.providers.ses.certificates import KNOWN

OLDEST = dt.timedelta(minutes=65)
"""SNS repeats what was not taken for an hour at the longest; the rest is for clocks."""
LONGEST_SIGNATURE = 2_000  # characters
DIGESTS: Mapping[str, HashAlgorithm] = {
    "1": SHA1(),  # noqa: S303  # what topics sign with unless they are set to 2
    "2": SHA256(),
}
_OF_CONFIRMATIONS = (
    "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
)  # fmt: skip
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _OF_CONFIRMATIONS,
    "UnsubscribeConfirmation": _OF_CONFIRMATIONS,
}
"""Which fields are signed, in this order. A notification may have no subject."""


def check(message: Mapping[str, Any], now: dt.datetime) -> None:
    """Raises WebhookRejection for what Amazon did not sign or signed long ago, Malformed for what
    is no message of SNS, and NotNow when the certificate cannot be fetched at present.
    """
    digest = DIGESTS.get(str(message["SignatureVersion"]))
    if digest is None:
        raise WebhookRejection(gettext_noop("a version of signatures that is not known"))
    _check_fresh(str(message["Timestamp"]), now)
    signed, signature = string_to_sign(message), _signature(str(message["Signature"]))
    key = KNOWN.key(str(message["SigningCertURL"]), str(message["TopicArn"]), now)
    try:
        key.verify(signature, signed, PKCS1v15(), digest)
    except (InvalidSignature, UnsupportedAlgorithm) as error:
        raise WebhookRejection(gettext_noop("wrong signature")) from error


def string_to_sign(message: Mapping[str, Any]) -> bytes:
    """Each field that is signed and its value, a line each. Raises Malformed."""
    return "".join(f"{name}\n{value}\n" for name, value in _signed(message)).encode()


def _signed(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in SIGNED.get(message["Type"], ()):
        value = message.get(name)
        if name == "Subject" and value is None:
            continue
        if not isinstance(value, str):
            raise Malformed(gettext_noop("%(name)s is no text") % {"name": name})
        yield name, value


def _signature(written: str) -> bytes:
    try:
        return base64.b64decode(written[: LONGEST_SIGNATURE + 1].encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WebhookRejection(gettext_noop("wrong signature")) from error


def _check_fresh(timestamp: str, now: dt.datetime) -> None:
    at = parse_datetime(timestamp)
    if at is None or at.tzinfo is None:
        raise WebhookRejection(gettext_noop("no timestamp"))
    if not abs(now - at) <= OLDEST:
        raise WebhookRejection(gettext_noop("stale timestamp"))
