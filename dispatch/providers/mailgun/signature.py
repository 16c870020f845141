"""Mailgun signs a token and a time, not the body."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

from django.utils.translation import gettext_noop

from dispatch.providers.hooks import Malformed, Post, check_equal, check_fresh

FRESH_FOR = dt.timedelta(hours=12)
"""Mailgun tries for 8 hours to deliver an event."""


def check_signature(post: Post) -> None:
    """Raises WebhookRejection, or Malformed for a body that is not in the documented form."""
    key = post.secret("webhook_signing_key")
    body = post.json()
    try:
        signature = body["signature"]
        timestamp, token = str(signature["timestamp"]), str(signature["token"])
        given = str(signature["signature"])
    except (LookupError, TypeError) as error:
        raise Malformed(gettext_noop("no signature in the body")) from error
    expected = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    check_equal(given, expected)
    check_fresh(timestamp, post.now, FRESH_FOR)
