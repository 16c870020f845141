"""Resend signs its webhooks as Svix does: id, time and body, with a shared secret."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac

from django.utils.translation import gettext_noop

from dispatch.providers.hooks import Post, WebhookRejection, check_fresh

FRESH_FOR = dt.timedelta(minutes=5)
"""Each try is signed anew."""
SHORTEST_KEY = 16
"""Bytes; Svix makes 24 or more. An empty one protects nothing."""


def signing_key(secret: str) -> bytes:
    """Raises ValueError."""
    prefix, _, encoded = secret.partition("_")
    if prefix != "whsec":
        raise ValueError(gettext_noop("not a signing secret"))
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ValueError(gettext_noop("not a signing secret")) from error
    if len(key) < SHORTEST_KEY:
        raise ValueError(gettext_noop("not a whole signing secret"))
    return key


def check_signature(post: Post) -> None:
    """Raises WebhookRejection."""
    try:
        key = signing_key(post.secret("signing_secret"))
    except ValueError as error:
        raise WebhookRejection(gettext_noop("unusable webhook secret")) from error
    timestamp = post.header("svix-timestamp")
    signed = f"{post.header('svix-id')}.{timestamp}.".encode() + post.request.body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    given = post.header("svix-signature").split(" ")
    if not any(hmac.compare_digest(each.encode(), expected.encode()) for each in given):
        raise WebhookRejection(gettext_noop("wrong signature"))
    check_fresh(timestamp, post.now, FRESH_FOR)
