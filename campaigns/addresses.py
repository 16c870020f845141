"""The one spelling under which an email address is stored, compared and suppressed."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254
MAX_WRITTEN = 1_000
"""Characters of what is looked at at all: in its stored form it may be shorter."""
# Byte order marks and zero-width characters come along when addresses are pasted from documents.
INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"


ENCODED_WORD = (
    "An address cannot contain =? or ?=, by which some mail programs decode it to another address."
)


class AddressError(ValueError):
    """The text is not an address that can be mailed; the message says why, for staff."""


def normalise(address: str) -> str:
    """Return the stored form: no white space around it, lower case, the domain in ASCII (A-labels).

    `User@Bücher.test` and `user@xn--bcher-kva.test` are one address and must not be mailed twice;
    ASCII is what goes over SMTP, so it is the form kept. Domains reserved for tests (.test) are
    allowed. Raises AddressError.
    """
    stripped = address.strip().strip(INVISIBLE).strip()
    if not stripped:
        raise AddressError("There is no address.")
    if len(stripped) > MAX_WRITTEN:
        raise AddressError(f"The address is longer than {MAX_LENGTH} characters.")
    _refuse_unprintable(stripped)
    if has_encoded_word(stripped):
        raise AddressError(ENCODED_WORD)
    try:
        valid = validate_email(
            stripped, check_deliverability=False, test_environment=True, strict=True
        )
    except EmailNotValidError as error:
        raise AddressError(str(error)) from error
    stored = f"{valid.local_part.lower()}@{valid.ascii_domain}"
    if len(stored) > MAX_LENGTH:
        raise AddressError(f"The address is longer than {MAX_LENGTH} characters.")
    return stored


def has_encoded_word(text: str) -> bool:
    """Whether it contains, or begins or ends, an encoded word (RFC 2047)."""
    return "=?" in text or "?=" in text


def clean_address(address: str) -> str:
    """`normalise` for forms and models: raises Django's ValidationError instead."""
    try:
        return normalise(address)
    except AddressError as error:
        raise ValidationError(str(error), code="invalid_address") from error


def _refuse_unprintable(address: str) -> None:
    """A line break in an address is a broken export or an attempt to add mail headers: say so."""
    if any(unicodedata.category(character) == "Cc" for character in address):
        raise AddressError("The address contains a line break or a control character.")


# Begins where a word does, so that a long text is walked through once.
_ADDRESSES_IN_TEXT = re.compile(r"(?<![^\s<>\"'(),;:])[^\s<>\"'(),;:@]++@[^\s<>\"'(),;:]++")


def without_addresses(text: str) -> str:
    """The text of a mail server, without whom it is about."""
    return _ADDRESSES_IN_TEXT.sub("[address]", text)
