"""Secrets at rest: a JSON object encrypted with the first of `settings.CREDENTIALS_KEYS`,
readable with any.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext_noop

from dispatch.errors import ServiceError

UNREADABLE = gettext_noop(
    "The credentials cannot be read with the keys in CREDENTIALS_KEYS. "
    "Add the key they were encrypted with to its end, or enter the credentials again."
)
NO_KEY = gettext_noop(
    "CREDENTIALS_KEYS holds no usable key. "
    "Set it to one or more keys made by `cryptography.fernet.Fernet.generate_key()`, "
    "the newest first."
)

HOLDERS: list[Callable[[], tuple[int, int]]] = []
"""What higher packages keep encrypted: functions that encrypt it anew, and return how many secrets,
and how many cannot be read. They put themselves in when Django starts."""


class CredentialsError(ServiceError):
    """The stored credentials cannot be read or written; waiting will not help. The text says what
    will.
    """

    def __init__(self, reply: str) -> None:
        super().__init__(reply, needs_person=True)


def encrypt(values: Mapping[str, Any]) -> str:
    """Raises CredentialsError when there is no usable key."""
    plain = json.dumps(dict(values), separators=(",", ":"), sort_keys=True)
    return _fernet(settings.CREDENTIALS_KEYS).encrypt(plain.encode("utf-8")).decode("ascii")


def decrypt(token: str) -> dict[str, Any]:
    """The values behind `token`; {} behind "", which means that none were ever stored. Raises
    CredentialsError.
    """
    if not token:
        return {}
    try:
        values = json.loads(_decrypted(token, tuple(settings.CREDENTIALS_KEYS)))
    except (InvalidToken, ValueError) as error:
        raise CredentialsError(UNREADABLE) from error
    if not isinstance(values, dict):
        raise CredentialsError(UNREADABLE)
    return values


def rotate(token: str) -> str:
    """`token` encrypted anew with the first key. Raises CredentialsError."""
    if not token:
        return ""
    try:
        return _fernet(settings.CREDENTIALS_KEYS).rotate(token.encode("utf-8")).decode("ascii")
    except InvalidToken as error:
        raise CredentialsError(UNREADABLE) from error


@lru_cache(maxsize=1_000)
def _decrypted(token: str, keys: tuple[str, ...]) -> bytes:
    """Remembered, as every webhook asks for it."""
    return _fernet(keys).decrypt(token.encode("utf-8"))


def _fernet(keys: Iterable[str]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise CredentialsError(NO_KEY) from error
