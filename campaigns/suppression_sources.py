"""Where a suppression came from, in words for staff: stored in English, shown in their language."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.translation import gettext, gettext_noop

from admin_kit.words.stored_texts import shown

NAMES: list[Callable[[str], str]] = []
"""Of dependent apps (tracking): who reports, by the key that was stored once, in words."""

MOST_OF_A_NAME = 120
REPORTED = gettext_noop("Campaign “%(campaign)s”, reported by %(source)s")
_EARLIER = re.compile(r"[^:]{1,60}: SubTask (?P<message>\d+), (?P<source>.+)")
"""As it was stored once; the reason has a column of its own."""
_BY_KEY = re.compile(r"(Campaign “.*”, reported by )([a-z]+)", re.DOTALL)
"""As it was stored later, before it had the name."""


def reported(campaign: str, source: str) -> str:
    """What is stored of an event that a provider reports."""
    return REPORTED % {"campaign": campaign[:MOST_OF_A_NAME], "source": source}


def told(stored: str) -> str:
    """In the language of the reader."""
    if earlier := _EARLIER.fullmatch(stored):
        said = gettext("Message %(message)s, reported by %(source)s")
        return said % {**earlier.groupdict(), "source": _name(earlier["source"])}
    if by_key := _BY_KEY.fullmatch(stored):
        return shown(by_key[1] + _name(by_key[2]))
    return shown(stored)


def _name(key: str) -> str:
    for named in NAMES:
        key = named(key)
    return key
