"""Contrast by WCAG 2.2, and the colours that take the place of what cannot be read."""

from __future__ import annotations

import itertools

import pytest

from campaigns.brands import contrast
from tests.campaigns.brands import wcag

PARTS = ("00", "55", "77", "aa", "ff")
COLOURS = ["#" + "".join(parts) for parts in itertools.product(PARTS, repeat=3)]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#ffffff", 4.0),
        ("#008000", "#ffffff", 5.14),
        ("#FFFF00", "#ffffff", 1.07),
    ],
)
def test_the_contrast_is_that_of_the_wcag(one: str, other: str, expected: float) -> None:
    assert round(contrast.ratio(one, other), 2) == expected
    assert round(contrast.ratio(other, one), 2) == expected


@pytest.mark.parametrize(
    ("ground", "wanted", "shown"),
    [
        ("#1a5fb4", "#ffffff", "#ffffff"),
        ("#ffe000", "#ffffff", "#000000"),
        ("#000080", "#222222", "#ffffff"),
    ],
)
def test_text_that_cannot_be_read_is_black_or_white(ground: str, wanted: str, shown: str) -> None:
    assert contrast.text_on(ground, wanted) == shown


def test_text_can_be_read_on_every_ground() -> None:
    least = min(wcag.contrast(contrast.text_on(each, each), each) for each in COLOURS)
    assert least >= 4.5


def test_a_colour_that_can_be_read_stays() -> None:
    assert contrast.shifted("#1A5FB4", "#ffffff") == "#1a5fb4"


def test_a_colour_is_made_darker_on_light_and_lighter_on_dark_until_it_can_be_read() -> None:
    assert wcag.luminance(contrast.shifted("#ff7fb0", "#ffffff")) < wcag.luminance("#ff7fb0")
    assert wcag.luminance(contrast.shifted("#102040", "#222222")) > wcag.luminance("#102040")


def test_a_shifted_colour_can_be_read_on_every_ground() -> None:
    pairs = itertools.product(COLOURS[::7], COLOURS)
    assert all(wcag.contrast(contrast.shifted(one, on), on) >= 4.5 for one, on in pairs)
