"""Sentences of email-validator: how each begins. `addressing.reasons` says them in our words."""

from __future__ import annotations

import re

NORMALISED = "After Unicode normalization: "
NO_AT = ("The email address has the ",)
LONG_BEFORE = ("The email address is too long before the @-sign",)
LONG_AFTER = ("The email address is too long after the @-sign",)
LONG = ("The email address is too long",)
ODD_BEFORE = ("Internationalized characters before the @-sign",)
ODD = ("The email address contains ", "The email address is not valid ASCII")
QUOTED = ("Quoting the part before", "Extra character(s) found after close quote")
A_NUMBER = (
    "A bracketed IP address",
    "The address in brackets",
    "The IPv6 address in brackets",
    "The part after the @-sign in brackets",
    "The part after the @-sign contains an invalid address literal",
)
NAMED = (
    "A display name and angle brackets",
    "The display name contains",
    "An open angle bracket",
    "There can't be anything after",
)
LABEL = ("After the @-sign, periods cannot be separated by so many",)
NO_DOMAIN = (
    "The part after the @-sign",
    "An email address cannot have two letters followed by",
)
_CHARACTERS = re.compile(
    r"The (?:email address|(?P<after>part after the @-sign)) contains (?:invalid|unsafe) characters"
    r"(?: in quotes)?(?P<before> before the @-sign)?(?: after Unicode normalization)?: "
    r"(?P<names>.+)\."
)


def of_characters(reason: str) -> re.Match[str] | None:
    """What it says of characters: where they are and which."""
    return _CHARACTERS.fullmatch(reason)
