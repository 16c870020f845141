"""The colours of public pages, made of a brand's."""

from __future__ import annotations

import itertools

import pytest

from campaigns.brands import palette
from campaigns.brands.palette import Palette
from campaigns.models import Brand
from tests.campaigns.brands import wcag

PARTS = ("00", "7f", "ff")
COLOURS = ["#" + "".join(parts) for parts in itertools.product(PARTS, repeat=3)]
TEXTS = (
    ("text", "ground"), ("muted", "ground"), ("link", "ground"), ("wrong", "ground"),
    ("button_text", "button"), ("on_field", "field"), ("on_field", "quiet"), ("on_field", "done"),
)  # fmt: skip


def contrast_of(colours: Palette, one: str, other: str) -> float:
    return wcag.contrast(getattr(colours, one), getattr(colours, other))


@pytest.mark.parametrize("colours", [palette.LIGHT, palette.DARK])
def test_the_colours_of_no_one_known_can_be_read(colours: Palette) -> None:
    assert min(contrast_of(colours, *pair) for pair in TEXTS) >= 4.5
    assert contrast_of(colours, "border", "ground") >= 3


@pytest.mark.parametrize("ground", COLOURS)
@pytest.mark.parametrize("colour", COLOURS)
def test_whatever_colours_a_brand_has_they_can_be_read(ground: str, colour: str) -> None:
    light, dark = palette.of_brand(
        Brand(
            body_colour=ground,
            text_colour=colour,
            link_colour=colour,
            button_colour=colour,
            button_text_colour=ground,
        )
    )
    assert min(contrast_of(each, *pair) for each in (light, dark) for pair in TEXTS) >= 4.5
    assert min(contrast_of(each, "border", "ground") for each in (light, dark)) >= 3


def test_colours_that_can_be_read_are_shown_as_they_are() -> None:
    light, dark = palette.of_brand(
        Brand(body_colour="#fffaf5", text_colour="#33202a", button_colour="#b4145a")
    )
    assert (light.ground, light.text, light.button) == ("#fffaf5", "#33202a", "#b4145a")
    assert (dark.ground, dark.button_text, dark.plate) == ("#222222", "#ffffff", "#fffaf5")


def test_a_dark_brand_is_the_same_on_light_and_dark_screens() -> None:
    light, dark = palette.of_brand(Brand(body_colour="#101010", text_colour="#eeeeee"))
    assert light == dark
    assert (light.scheme, light.ground) == ("dark", "#101010")


def test_a_font_that_is_none_of_ours_is_not_in_the_style_sheet() -> None:
    light, _dark = palette.of_brand(Brand(font="x;}</style><script>"))
    assert "script" not in light.css
    assert "--font:system-ui" in light.css
