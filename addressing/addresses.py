"""The normalised form in which an email address is stored, compared and suppressed."""

from __future__ import annotations

import re
from functools import lru_cache

import idna
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from addressing.deceptive_domains import is_deceptive
from addressing.reasons import in_plain_words

MAX_LENGTH = 254
MAX_WRITTEN = 1_000
"""The most characters of an address as entered; its stored form may be shorter."""
# Byte order marks and zero-width characters come along when addresses are pasted from documents.
INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
_USUAL = 60
"""Characters up to which an address is not too long, however it is written."""
_PLAIN = re.compile(r"[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+")
"""A local part about which there is nothing to find out."""
_USUALLY = re.compile(
    r"([A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+)@([A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++)"
)
"""An address of which only the domain must be looked at, once for all of its addresses."""
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f]")
ENCODED_WORD = _(
    "An address cannot contain =? or ?=, by which some mail programs decode it to another address."
)


class AddressError(ValueError):
    """The text is not a valid address; the message, for staff, says why."""


def normalise(address: str) -> str:
    """Return the stored form: no white space around it, lower case, the domain in ASCII (A-labels).

    `User@Bücher.test` and `user@xn--bcher-kva.test` are one address and must not be mailed twice;
    ASCII is what goes over SMTP, so it is the form kept. Domains reserved for tests (.test) are
    allowed. Raises AddressError.
    """
    if (plain := _USUALLY.fullmatch(address)) and len(address) <= _USUAL:
        domain = _ascii_domain(plain[2])
        if domain is not None:
            return f"{plain[1].lower()}@{domain}"
    stripped = address.strip().strip(INVISIBLE).strip()
    if not stripped:
        raise AddressError(gettext("There is no address."))
    if len(stripped) > MAX_WRITTEN:
        raise AddressError(
            gettext("The address is longer than %(most)s characters.") % {"most": MAX_LENGTH}
        )
    _refuse_unprintable(stripped)
    if has_encoded_word(stripped):
        raise AddressError(str(ENCODED_WORD))
    try:
        stored = _stored(stripped)
    except EmailNotValidError as error:
        raise AddressError(in_plain_words(str(error))) from error
    if len(stored) > MAX_LENGTH:
        raise AddressError(
            gettext("The address is longer than %(most)s characters.") % {"most": MAX_LENGTH}
        )
    return stored


def _stored(address: str) -> str:
    """Raises EmailNotValidError. A domain that is known already is not converted again: for domains
    that are not ASCII, that is nearly all of the work."""
    local, _, domain = address.rpartition("@")
    ascii_domain = _ascii_domain(domain) if local and len(address) <= _USUAL else None
    if ascii_domain is None:
        valid = _validated(address)
        return f"{valid.local_part.lower()}@{valid.ascii_domain}"
    if not _PLAIN.fullmatch(local):
        local = _validated(f"{local}@example.com").local_part
    return f"{local.lower()}@{ascii_domain}"


@lru_cache(maxsize=10_000)
def _ascii_domain(domain: str) -> str | None:
    """None for a domain that is not valid."""
    try:
        return _validated(f"a@{domain}").ascii_domain
    except EmailNotValidError:
        return None


def _validated(address: str) -> ValidatedEmail:
    return validate_email(address, check_deliverability=False, test_environment=True, strict=True)


def as_written(address: str) -> str:
    """A stored address, or a domain with an @ before it, for display: bücher for xn--bcher-kva. A
    domain stays as stored if it cannot be decoded, would be stored differently, or is deceptive."""
    local, at, domain = address.rpartition("@")
    written = _decoded(domain)
    is_safe = written != domain and not is_deceptive(written) and _ascii_domain(written) == domain
    return f"{local}{at}{written}" if is_safe else address


def spellings(address: str) -> set[str]:
    """The forms in which a stored address may occur in texts for staff: also decoded."""
    return {address, _word_decoded(address)}


def _word_decoded(word: str) -> str:
    local, at, domain = word.rpartition("@")
    return f"{local}{at}{_decoded(domain)}"


def with_addresses_as_written(text: str) -> str:
    return _ENCODED_DOMAINS.sub(lambda found: as_written(found[0]), text)


@lru_cache(maxsize=10_000)
def _decoded(domain: str) -> str:
    """The domain as it is where it cannot be decoded."""
    if "xn--" not in domain or len(domain) > MAX_LENGTH:
        return domain
    try:
        return idna.decode(domain)
    except idna.IDNAError:
        return domain


def as_stored(words: str) -> str:
    """Search words with their domains, or parts of such, in ASCII."""
    return " ".join(_word_as_stored(word) for word in words.split())


def other_spellings(words: str) -> set[str]:
    """Of search words: the stored form, and the form in texts for staff."""
    stored = words if words.isascii() else as_stored(words)
    written = " ".join(map(_word_decoded, words.split())) if "xn--" in words else words
    return {stored, written} - {words}


def _word_as_stored(word: str) -> str:
    local, at, domain = word.rpartition("@")
    if domain.isascii() or len(word) > MAX_LENGTH:
        return word
    try:
        return f"{local}{at}{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError:
        return word


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
    if _CONTROL.search(address):
        raise AddressError(gettext("The address contains a line break or a control character."))


# Begins where a word does, so that a long text is walked through once.
_ADDRESSES_IN_TEXT = re.compile(r"(?<![^\s<>\"'(),;:])[^\s<>\"'(),;:@]++@[^\s<>\"'(),;:]++")


_ENCODED_DOMAINS = re.compile(r"(?<=@)[a-z0-9-]++(?:\.[a-z0-9-]++)*+")


def without_addresses(text: str) -> str:
    """A mail server's reply with the addresses taken out."""
    return _ADDRESSES_IN_TEXT.sub("[address]", text)
