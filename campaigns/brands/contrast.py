"""Whether texts can be read on their ground, by WCAG 2.2, and what to show where they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

LEAST = 4.5
"""The least contrast of texts (success criterion 1.4.3, level AA)."""
LEAST_OF_SHAPES = 3.0
"""The least contrast of buttons and borders (1.4.11)."""
BLACK, WHITE = "#000000", "#ffffff"
STEPS = 20
PAIRS = (
    ("text_colour", "body_colour", _("Text on the message")),
    ("link_colour", "body_colour", _("Links on the message")),
    ("button_text_colour", "button_colour", _("Text on buttons")),
)


def ratio(one: str, other: str) -> float:
    """Between 1 and 21, of two colours such as #1a73e8."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def is_dark(colour: str) -> bool:
    """Whether white is read better on it than black."""
    return ratio(WHITE, colour) > ratio(BLACK, colour)


def text_on(ground: str, wanted: str) -> str:
    """The wanted colour if it can be read, else black or white: one of both always can."""
    return wanted if ratio(wanted, ground) >= LEAST else _far_from(ground)


def shifted(colour: str, ground: str, least: float = LEAST) -> str:
    """The colour, made darker or lighter until it has the least contrast. `least` is at most 4.5,
    which black or white has on every ground."""
    end = _far_from(ground)
    mixed = (_mixed(colour, end, step / STEPS) for step in range(STEPS + 1))
    return next(each for each in mixed if ratio(each, ground) >= least)


def _far_from(ground: str) -> str:
    return WHITE if is_dark(ground) else BLACK


def _mixed(one: str, other: str, part: float) -> str:
    """`part` of the other colour, 0 to 1."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def _parts(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
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
