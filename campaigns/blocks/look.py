"""How a message looks: what blocks take from a brand."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Look:
    """The fields of a `Brand` of these names."""

    name: str = ""
    logo_url: str = ""
    logo_alt: str = ""
    logo_width: int = 160
    website: str = ""
    background_colour: str = "#f4f4f5"
    body_colour: str = "#ffffff"
    text_colour: str = "#222222"
    link_colour: str = "#1a5fb4"
    button_colour: str = "#1a5fb4"
    button_text_colour: str = "#ffffff"
    font: str = "Arial, Helvetica, sans-serif"
    footer: str = ""


def of_brand(brand: Any) -> Look:
    """That of a brand, or of an owner who has none."""
    if brand is None:
        return Look()
    return Look(**{each.name: getattr(brand, each.name) for each in fields(Look)})
