"""Signed ids for the links in mail: short, unguessable, valid for one purpose only.

A token is its ids, six bytes each, and a keyed BLAKE2b digest of them, in URL-safe base64. The
purpose is part of the digest ("person"), so that a token of one kind is not valid as another. Where
upper and lower case may be changed on the way, base32 replaces base64. The signature is verified
before anything is looked up.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings

ID_BYTES = 6
MAC_BYTES = 12
COPIED_ALONG = ".,;:!?)]}>\"'»”’。，、；）》"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24,64}")


class Purpose(StrEnum):
    """What a token is for; at most 16 characters."""

    OPEN = "edm.open"
    CLICK = "edm.click"
    WEB_VIEW = "edm.web-view"
    UNSUBSCRIBE = "edm.unsubscribe"
    PREFERENCES = "edm.preferences"
    BOUNCE = "edm.bounce"
    SIGN_UP = "edm.sign-up"
    LOGGED = "edm.unsubscribed"
    """In the log, to be read back when the database is lost; gives no access."""


def sign(purpose: Purpose, *ids: int) -> str:
    """The token of these ids, signed with the newest key."""
    return sign_each(purpose, [ids])[0]


def sign_each(purpose: Purpose, rows: Iterable[tuple[int, ...]]) -> list[str]:
    """A token for each row of ids."""
    keyed = _newest(purpose)
    return [_base64(_signed(keyed, ids)) for ids in rows]


def sign_caseless(purpose: Purpose, *ids: int) -> str:
    """As `sign`, in lower-case letters and digits: the same token in any case."""
    signed = _signed(_newest(purpose), ids)
    return base64.b32encode(signed).decode("ascii").rstrip("=").lower()


def read(purpose: Purpose, token: str, ids: int = 1) -> tuple[int, ...] | None:
    """The ids in a token signed for this purpose with any of the keys, else None. Ignores
    characters after the token, such as a full stop copied along with it."""
    token = token.rstrip(COPIED_ALONG)
    length = ids * ID_BYTES
    if len(token) != 4 * (length + MAC_BYTES) // 3 or not _TOKEN.fullmatch(token):
        return None
    return _verified(purpose, base64.urlsafe_b64decode(token), length)


def read_caseless(purpose: Purpose, token: str, ids: int = 1) -> tuple[int, ...] | None:
    """As `read`, for tokens of `sign_caseless`."""
    length = ids * ID_BYTES
    try:
        data = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        return None
    return _verified(purpose, data, length) if len(data) == length + MAC_BYTES else None


def _verified(purpose: Purpose, data: bytes, length: int) -> tuple[int, ...] | None:
    """The ids in the first `length` bytes, if the rest is their signature."""
    told, mac = data[:length], data[length:]
    for key in _keys(tuple(settings.TRACKING_KEYS)):
        if hmac.compare_digest(mac, _mac(_keyed(key, purpose), told)):
            return tuple(
                int.from_bytes(told[at : at + ID_BYTES], "big") for at in range(0, length, ID_BYTES)
            )
    return None


def _signed(keyed: blake2b, ids: tuple[int, ...]) -> bytes:
    told = b"".join([each.to_bytes(ID_BYTES, "big") for each in ids])
    return told + _mac(keyed, told)


def _base64(signed: bytes) -> str:
    return base64.urlsafe_b64encode(signed).decode("ascii")


def _mac(keyed: blake2b, told: bytes) -> bytes:
    digest = keyed.copy()
    digest.update(told)
    return digest.digest()


def _newest(purpose: Purpose) -> blake2b:
    return _keyed(_keys(tuple(settings.TRACKING_KEYS))[0], purpose)


@lru_cache(maxsize=32)
def _keyed(key: bytes, purpose: Purpose) -> blake2b:
    """Prepared once for all tokens of a kind."""
    person = purpose.value.encode("ascii")
    return blake2b(digest_size=MAC_BYTES, key=key, person=person)


@lru_cache(maxsize=4)
def _keys(encoded: tuple[str, ...]) -> list[bytes]:
    return [base64.urlsafe_b64decode(key) for key in encoded]
