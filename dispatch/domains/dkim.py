"""DKIM (RFC 6376): the key by which signatures are verified."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.utils.translation import gettext_noop

from dispatch.domains.check import Check, Verdict
from dispatch.domains.names import Names
from dispatch.domains.tags import tags_of

NAME = "DKIM"
SHORTEST, GOOD = 1024, 2048  # bits of an RSA key
ED25519_BYTES = 32


def check(names: Names, domain: str, selector: str) -> Check:
    """Raises CouldNotAsk."""
    if not selector:
        words = gettext_noop(
            "No selector is entered above, so it is not known whether the key is published. The "
            "large mailbox providers refuse bulk mail without a DKIM signature."
        )
        return Check(NAME, Verdict.WARNING, words)
    name = f"{selector}._domainkey.{domain}"
    records = [tags for text in names.texts(name) if "p" in (tags := tags_of(text))]
    publish = gettext_noop(
        '%(name)s  TXT  "v=DKIM1; k=rsa; p=<the key that your provider or server shows>"'
    ) % {"name": name}
    if not records:
        words = gettext_noop(
            "There is no key at this name: signatures fail, and bulk mail is refused or junk."
        )
        return Check(NAME, Verdict.PROBLEM, words, publish)
    if len(records) > 1:
        words = gettext_noop("There are %(count)s keys at one name: signatures may fail.") % {
            "count": len(records)
        }
        return Check(
            NAME,
            Verdict.PROBLEM,
            words,
            gettext_noop("Leave one record at %(name)s.") % {"name": name},
        )
    return _judge(records[0], publish)


def _judge(tags: dict[str, str], publish: str) -> Check:
    key = "".join(tags.get("p", "").split())
    if not key:
        words = gettext_noop("The key is withdrawn (p= is empty): signatures made with it fail.")
        return Check(NAME, Verdict.PROBLEM, words, publish)
    if unusable := _unusable(tags):
        words = gettext_noop(
            "The record is of no use (%(tag)s): receivers ignore signatures made with it."
        ) % {"tag": unusable}
        return Check(NAME, Verdict.PROBLEM, words, publish)
    bits = _bits(tags.get("k", "rsa").lower(), key)
    if bits < SHORTEST:
        words = gettext_noop(
            "The key cannot be read or is too short: receivers ignore signatures made with it."
        )
        return Check(NAME, Verdict.PROBLEM, words, publish)
    if "y" in tags.get("t", "").split(":"):
        words = gettext_noop(
            "The key is marked as a test (t=y): receivers treat signed mail as unsigned."
        )
        return Check(NAME, Verdict.WARNING, words, gettext_noop("Take t=y out of the record."))
    if bits < GOOD:
        words = gettext_noop("The key has %(bits)s bits. It works; %(good)s are recommended.") % {
            "bits": bits,
            "good": GOOD,
        }
        return Check(NAME, Verdict.WARNING, words)
    return Check(NAME, Verdict.OK, gettext_noop("The key is published."))


def _unusable(tags: dict[str, str]) -> str:
    """The tag that keeps receivers from using a key for mail that is signed as usual, "" for none
    (RFC 6376, 3.6.1; RFC 8301, 8463).
    """
    usual = {"v": "DKIM1", "k": "rsa:ed25519", "h": "sha256", "s": "*:email"}
    for name, taken in usual.items():
        told = {value.strip() for value in tags.get(name, taken).split(":")}
        if told.isdisjoint(taken.split(":")):
            return f"{name}={tags[name][:60]}"
    return ""


def _bits(kind: str, key: str) -> int:
    """The length of a key, 0 for what is none. Ed25519 counts as good RSA."""
    try:
        data = base64.b64decode(key, validate=True)
        if kind == "ed25519":
            return GOOD if len(data) == ED25519_BYTES else 0
        loaded = load_der_public_key(data)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return 0
    return loaded.key_size if isinstance(loaded, RSAPublicKey) else 0
