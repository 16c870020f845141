"""The keyed hash of an erased address, by which it is recognised if it comes again.

The hash stands on the suppression list in place of the address, as "#" and 64 hexadecimal digits.
The key is in the settings only: without it, addresses cannot be guessed from the database. Sent
messages stay as proof, with a placeholder that can belong to no recipient.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from django.conf import settings

MARK = "#"
SHOWN = 13  # characters of the key of an erased address, where a person compares two
PLACEHOLDER_DOMAIN = "erased.invalid"
"""A domain that can never exist (RFC 2606)."""
PLACEHOLDERS = f"@{PLACEHOLDER_DOMAIN}"
"""Suppressed with the first erased address, so that nothing is ever sent to placeholders."""


def key_of(address: str) -> str:
    """The suppression entry for an erased address, given in its stored spelling; by the newest
    key."""
    return _key(address, _secrets(tuple(settings.ERASURE_KEYS))[0])


def possible_keys(address: str) -> list[str]:
    """The possible entries for it, by any of the keys that were ever used."""
    return [_key(address, secret) for secret in _secrets(tuple(settings.ERASURE_KEYS))]


def is_key(text: str) -> bool:
    """Whether it is a key; a real address may begin like one: #ada@example.com."""
    return text.startswith(MARK) and "@" not in text


def placeholder(subtask_id: int) -> str:
    """The recipient of an anonymised SubTask; unique, as addresses of a task are."""
    return f"erased-{subtask_id}{PLACEHOLDERS}"


def is_placeholder(address: str) -> bool:
    return address.endswith(PLACEHOLDERS) and address != PLACEHOLDERS


def by_key(addresses: Iterable[str]) -> dict[str, str]:
    """The addresses by their possible entries on the list."""
    return {key: address for address in addresses for key in possible_keys(address)}


def found_in(addresses: Sequence[str], known: Collection[str]) -> set[str]:
    """Those of the addresses whose key, by any of the secrets, is known."""
    return {
        address
        for secret in _secrets(tuple(settings.ERASURE_KEYS))
        for address in addresses
        if _key(address, secret) in known
    }


def _key(address: str, secret: hmac.HMAC) -> str:
    keyed = secret.copy()
    keyed.update(address.encode())
    return MARK + keyed.hexdigest()


@lru_cache(maxsize=4)
def _secrets(encoded: tuple[str, ...]) -> list[hmac.HMAC]:
    """Begun with each key: that is a third of the work for an address."""
    return [hmac.new(base64.urlsafe_b64decode(key), digestmod="sha256") for key in encoded]
