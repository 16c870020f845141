"""Where a suppression came from, in words for staff: stored in English, shown in their language."""

from __future__ import annotations

import re

from django.utils.translation import gettext, gettext_noop

from admin_kit.words.stored_texts import shown

MOST_OF_A_NAME = 120
REPORTED = gettext_noop("Campaign “%(campaign)s”, reported by %(source)s")
_EARLIER = re.compile(r"[^:]{1,60}: SubTask (?P<message>\d+), (?P<source>.+)")
"""As it was stored once; the reason has a column of its own."""


def reported(campaign: str, source: str) -> str:
    """What is stored of an event that a provider reports."""
    return REPORTED % {"campaign": campaign[:MOST_OF_A_NAME], "source": source}


def told(stored: str) -> str:
    """In the language of the reader."""
    if earlier := _EARLIER.fullmatch(stored):
        return gettext("Message %(message)s, reported by %(source)s") % earlier.groupdict()
    return shown(stored)
