"""Numbers for screens, as the reader's language writes them."""

from __future__ import annotations

from django.utils import formats
from django.utils.translation import gettext


def number(value: float, decimals: int = 0) -> str:
    """Such as 1,234 in English."""
    return formats.number_format(round(value, decimals), decimals, force_grouping=True)


def percent(part: float, whole: float, decimals: int = 1) -> str:
    """Such as 97.2 %, which no line breaks; a dash of nothing."""
    if not whole:
        return "–"
    written = gettext("%(number)s %%") % {"number": number(100 * part / whole, decimals)}
    return written.replace(" ", "\N{NO-BREAK SPACE}")
