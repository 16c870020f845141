"""Figures in words."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from admin_kit.words import numbers
from admin_kit.words.numbers import number


def duration(seconds: float | None) -> str:
    """To two or three digits: 4 ms, 1.3 s, 12 min."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return gettext("%(number)s ms") % {"number": f"{seconds * 1000:.0f}"}
    if seconds < 10:
        return gettext("%(number)s s") % {"number": f"{seconds:.1f}"}
    if seconds < 120:
        return gettext("%(number)s s") % {"number": f"{seconds:.0f}"}
    if seconds < 7200:
        return gettext("%(number)s min") % {"number": f"{seconds / 60:.0f}"}
    if seconds < 172_800:
        return gettext("%(number)s h") % {"number": f"{seconds / 3600:.0f}"}
    return gettext("%(number)s days") % {"number": f"{seconds / 86_400:.0f}"}


def rate(per_second: float) -> str:
    """Slow ones by the minute."""
    if 0 < per_second < 1:
        return gettext("%(number)s a minute") % {"number": f"{per_second * 60:.0f}"}
    rounded = number(per_second, 1 if per_second < 100 else 0)
    return gettext("%(number)s a second") % {"number": rounded}


def percent(share: float) -> str:
    return numbers.percent(share, 1, decimals=1 if 0 < share < 0.1 else 0)


def messages(count: int) -> str:
    return ngettext("%(count)s message", "%(count)s messages", count) % {"count": number(count)}
