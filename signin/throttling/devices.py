"""Known browsers: ones that a user has signed in with. They have counters of their own, so that
tries by others, even from the same address, do not lock their users out. They replace no factor."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

SALT = "signin.throttling.devices"
MAX_AGE_SECONDS = 180 * 86_400
MOST_USERS = 5  # of one browser
NONCE_BYTES = 16


def device_of(request: HttpRequest, user_name: str) -> str:
    """What names this browser of this user; empty when the user has not signed in with it."""
    return _remembered(request).get(user_name, "")


def remember(request: HttpRequest, response: HttpResponseBase, user_name: str) -> None:
    """Tell the browser's device cookie that `user_name` has signed in with it."""
    known = _remembered(request)
    nonce = known.pop(user_name, "") or secrets.token_urlsafe(NONCE_BYTES)
    newest_first = {user_name: nonce, **known}
    kept = dict(list(newest_first.items())[:MOST_USERS])
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(kept, salt=SALT, compress=True),
        max_age=MAX_AGE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _remembered(request: HttpRequest) -> dict[str, str]:
    value = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        found = signing.loads(value, salt=SALT, max_age=MAX_AGE_SECONDS)
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}
