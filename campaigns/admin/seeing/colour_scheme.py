"""A message as seen in the light or in the dark, independent of what the reader's screen is set to.

Conditions on the colour scheme are replaced by ones that always hold, or never. Only the frame of a
preview gets this; what is sent keeps its conditions.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

LIGHT, DARK, INVERTED = "", "on", "inverted"
SCHEMES = ((LIGHT, _("Light")), (DARK, _("Dark")), (INVERTED, _("Inverted")))
_CONDITION = re.compile(r"\(\s*+prefers-color-scheme\s*+:\s*+(dark|light)\s*+\)", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width: 0px)", "(max-width: 0px)"
_SCHEME = "color-scheme"
_TURNED = "filter:invert(1) hue-rotate(180deg)!important"
_INVERSION = (
    f"<style>html{{background:#fff!important;{_TURNED}}}img,video,[background]{{{_TURNED}}}"
    "[background] img,[background] video{filter:none!important}</style>"
)
_NO_STYLES = _(
    "It has no styles for the dark: programs show it as it is, or change its colours in ways of "
    "their own."
)
_STYLES = _(
    "As in programs that go by the message's own styles for the dark, such as Apple Mail. Others "
    "show it as it is, or change its colours."
)
_APPROXIMATE = _(
    "About as in programs that turn colours around and leave pictures, such as Gmail on phones and "
    "Outlook. Each does it in a way of its own: look at a test there."
)


def has_dark_styles(html: str) -> bool:
    return any(found[1].lower() == "dark" for found in _CONDITION.finditer(html))


def what_is_shown(html: str, scheme: str) -> str:
    """What the colours of a preview tell, for its reader."""
    if scheme == INVERTED:
        return str(_APPROXIMATE)
    if scheme == DARK:
        return str(_STYLES if has_dark_styles(html) else _NO_STYLES)
    return ""


def as_seen(html: str, *, scheme: str) -> str:
    """With its colour scheme decided, also for browsers' own colours where it lets them choose."""
    holds = "dark" if scheme == DARK else "light"
    seen = _CONDITION.sub(lambda f: _ALWAYS if f[1].lower() == holds else _NEVER, html)
    if scheme == INVERTED:
        seen += _INVERSION
    if _SCHEME not in html:
        return seen
    only = " ".join([f"{_SCHEME}:only", holds])
    return f"{seen}<style>:root{{{only}!important}}</style>"
