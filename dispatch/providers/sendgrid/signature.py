"""SendGrid signs the time and the body with a key of its own, of which staff enter the public
half.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.utils.translation import gettext_noop

from dispatch.providers.hooks import Post, WebhookRejection, check_fresh

FRESH_FOR = dt.timedelta(hours=25)
"""SendGrid tries for 24 hours to deliver an event."""


def public_key(encoded: str) -> ec.EllipticCurvePublicKey:
    """Raises ValueError."""
    try:
        key = load_der_public_key(base64.b64decode(encoded, validate=True))
    except (binascii.Error, UnsupportedAlgorithm) as error:
        raise ValueError(gettext_noop("not a public key")) from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError(gettext_noop("not a key of an elliptic curve"))
    return key


def check_signature(post: Post) -> None:
    """Raises WebhookRejection."""
    encoded = post.secret("verification_key")
    timestamp = post.header("X-Twilio-Email-Event-Webhook-Timestamp")
    signature = post.header("X-Twilio-Email-Event-Webhook-Signature")
    try:
        public_key(encoded).verify(
            base64.b64decode(signature, validate=True),
            timestamp.encode() + post.request.body,
            ec.ECDSA(hashes.SHA256()),
        )
    except (InvalidSignature, ValueError) as error:
        raise WebhookRejection(gettext_noop("wrong signature")) from error
    check_fresh(timestamp, post.now, FRESH_FOR)
