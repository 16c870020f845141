"""Whether texts can be read on their ground, by WCAG 2.2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

LEAST = 4.5
"""The least contrast of texts (success criterion 1.4.3, level AA)."""
PAIRS = (
    ("text_colour", "body_colour", _("Text on the message")),
    ("link_colour", "body_colour", _("Links on the message")),
    ("button_text_colour", "button_colour", _("Text on buttons")),
)


def ratio(one: str, other: str) -> float:
    """Between 1 and 21, of two colours such as #1a73e8."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def warnings(brand: Any) -> Iterator[str]:
    for text, ground, name in PAIRS:
        found = ratio(getattr(brand, text), getattr(brand, ground))
        if found < LEAST:
            yield (
                gettext(
                    "%(name)s: the contrast is %(found)s to 1. Many people cannot read text "
                    "below %(least)s to 1; choose a darker or lighter colour."
                )
                % {"name": name, "found": f"{found:.1f}", "least": LEAST}
            )
