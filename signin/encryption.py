"""Encrypt the secrets of second factors: with the first of `settings.CREDENTIALS_KEYS`; any of the
keys decrypts."""

from __future__ import annotations

import logging

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)

SECRETS = ("secret", "seed")
"""The secret fields of an Authenticator's data: of apps, and of recovery codes. A security key
stores no secret."""
UNREADABLE = _(
    "Second factors cannot be read with the keys in CREDENTIALS_KEYS. Add the key they were "
    "encrypted with to its end, or reset the second factor of the user."
)


def encrypt(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode("ascii")


def decrypt(token: str) -> str:
    """Raises PermissionDenied when no key fits: a factor that cannot be checked admits no user."""
    try:
        return _fernet().decrypt(token.encode("ascii")).decode()
    except InvalidToken as error:
        logger.error(UNREADABLE)
        raise PermissionDenied(UNREADABLE) from error


def rotate_all() -> tuple[int, int]:
    """Encrypt every secret anew with the first key. Returns how many were encrypted, and how many
    cannot be read."""
    rotated = unreadable = 0
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        try:
            rotated += _rotate_one(pk)
        except InvalidToken:
            unreadable += 1
    return rotated, unreadable


@transaction.atomic
def _rotate_one(pk: int) -> int:
    row = Authenticator.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if row is None:
        return 0
    found = [name for name in SECRETS if name in row.data]
    for name in found:
        row.data[name] = _fernet().rotate(row.data[name].encode("ascii")).decode("ascii")
    row.save(update_fields=["data"])
    return len(found)


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIALS_KEYS])
