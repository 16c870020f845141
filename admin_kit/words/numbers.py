"""Numbers for screens, as the reader's language writes them."""

from __future__ import annotations

from django.utils import formats
from django.utils.translation import gettext


def number(value: float, decimals: int = 0) -> str:
    """Such as 1,234 in English."""
    return formats.number_format(value, decimals, force_grouping=True)


def percent(part: int, whole: int) -> str:
    """Such as 97.2 %; a dash of nothing."""
    if not whole:
        return "–"
    return gettext("%(number)s %%") % {"number": number(100 * part / whole, 1)}
