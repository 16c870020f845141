"""The Message-ID of a SubTask: the same at every hand-over, and unguessable."""

from __future__ import annotations

import hmac
import re
from functools import lru_cache

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_OURS = re.compile(r"<([1-9]\d{0,18})\.([0-9a-f]{16})@[^@<>\s]+>", re.ASCII)


def message_id(subtask_id: int, domain: str) -> str:
    """With its angle brackets, on the sending domain."""
    return f"<{subtask_id}.{_mark(settings.MESSAGE_ID_KEYS[0], subtask_id)}@{domain}>"


def subtask_id_in(message_id: str) -> int | None:
    """The SubTask of a Message-ID that was made here: with today's key, an older one, or the site's
    secret key, which made them before they had a key of their own."""
    found = _OURS.fullmatch(message_id.strip())
    if found is None:
        return None
    subtask_id = int(found[1])
    keys = (*settings.MESSAGE_ID_KEYS, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ours = any(constant_time_compare(_mark(str(key), subtask_id), found[2]) for key in keys)
    return subtask_id if ours else None


def _mark(secret: str, subtask_id: int) -> str:
    mark = _keyed(secret).copy()
    mark.update(str(subtask_id).encode("ascii"))
    return mark.hexdigest()[:16]


@lru_cache(maxsize=16)
def _keyed(secret: str) -> hmac.HMAC:
    """Cached: deriving the key takes longer than using it."""
    return salted_hmac("dispatch.message_id", "", secret)
