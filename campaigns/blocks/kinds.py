"""The kinds of blocks and their fields: what is checked and asked for follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MAX_BLOCKS = 100
"""Of a message, those in columns included."""
MAX_ITEMS = 30
MAX_CHARACTERS = 400_000
"""Of a message as JSON."""
VERSION = 1


class Input(StrEnum):
    """What a value is, and so which form control asks for it."""

    LINE = "line"
    TEXT = "text"
    """Lines in the markup of `campaigns.blocks.markup`."""
    PLAIN = "plain"
    """Lines that are shown as they are."""
    LINK = "link"
    IMAGE = "image"
    NUMBER = "number"
    CHOICE = "choice"
    FLAG = "flag"
    ATTRIBUTE = "attribute"
    MJML = "mjml"
    ITEMS = "items"
    COLUMNS = "columns"


@dataclass(frozen=True, slots=True)
class Field:
    """`most` counts characters, of numbers it is the largest. `of` are the fields of each item."""

    name: str
    label: str
    input: Input
    default: Any = ""
    is_required: bool = False
    least: int = 0
    most: int = 500
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""
    of: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """`is_simple` says that it may stand in a column."""

    name: str
    label: str
    fields: tuple[Field, ...]
    is_simple: bool = False

    def field(self, name: str) -> Field | None:
        return next((each for each in self.fields if each.name == name), None)


def _number(name: str, label: str, default: int | None, least: int, most: int) -> Field:
    return Field(name, label, Input.NUMBER, default, least=least, most=most)


def _choice(name: str, label: str, default: str, **choices: str) -> Field:
    return Field(name, label, Input.CHOICE, default, choices=tuple(choices.items()))


def _align(default: str) -> Field:
    return _choice("align", "Aligned", default, left="left", center="centre", right="right")


_LINK = Field("link", "Link", Input.LINK, most=2_000, help="Such as https://example.com/sale.")
_ALT = Field("alt", "In words", Input.LINE, help="For those who do not see the picture.")
MARKUP = (
    "**bold**, *italic*, [words](https://example.com), "
    "and lists: lines that begin with “- ” or “1. ”."
)
_TEXT = Field("text", "Text", Input.TEXT, is_required=True, most=10_000, help=MARKUP)

HEADER = Kind(
    "header",
    "Header with logo",
    (
        Field("image", "Logo’s address", Input.IMAGE, most=2_000, help="Empty: the brand’s logo."),
        Field("alt", "Logo in words", Input.LINE, help="Empty: as the brand says."),
        _number("width", "Logo’s width in pixels", None, 20, 600),
        Field("link", "Link", Input.LINK, most=2_000, help="Empty: the brand’s website."),
        _align("center"),
    ),
)
HEADING = Kind(
    "heading",
    "Heading",
    (
        Field("text", "Text", Input.LINE, is_required=True),
        _choice("level", "Size", "1", **{"1": "large", "2": "medium", "3": "small"}),
        _align("left"),
    ),
    is_simple=True,
)
TEXT = Kind("text", "Text", (_TEXT, _align("left")), is_simple=True)
IMAGE = Kind(
    "image",
    "Image",
    (
        Field("image", "Image’s address", Input.IMAGE, is_required=True, most=2_000),
        _ALT,
        Field("is_decoration", "It only decorates and says nothing", Input.FLAG, False),
        _LINK,
        _number("width", "Width in pixels", None, 10, 600),
        _align("center"),
    ),
    is_simple=True,
)
BUTTON = Kind(
    "button",
    "Button",
    (
        Field("text", "Words on it", Input.LINE, is_required=True, most=200),
        Field("link", "Link", Input.LINK, is_required=True, most=2_000, help=_LINK.help),
        Field("is_wide", "As wide as the message", Input.FLAG, False),
        _align("center"),
    ),
    is_simple=True,
)
COLUMNS = Kind("columns", "Columns", (Field("columns", "Columns", Input.COLUMNS),))
_ITEM = (
    Field("title", "Title", Input.LINE, is_required=True),
    Field("text", "Text", Input.LINE, most=1_000),
    Field("price", "Price", Input.LINE, most=100),
    Field("image", "Image’s address", Input.IMAGE, most=2_000),
    _LINK,
)
PRODUCTS = Kind(
    "products",
    "Products or list",
    (
        Field(
            "attribute",
            "From an attribute",
            Input.ATTRIBUTE,
            help="One that has a list of items with title, text, price, image and link. "
            "Empty: the items below.",
        ),
        _number("most", "At most, from an attribute", 6, 1, MAX_ITEMS),
        _choice("layout", "Beside each other", "1", **{"1": "one", "2": "two", "3": "three"}),
        Field("button", "Words on each button", Input.LINE, most=200, help="Empty: no button."),
        Field("items", "Items", Input.ITEMS, most=MAX_ITEMS, of=_ITEM),
    ),
)
DIVIDER = Kind("divider", "Line", (_number("thickness", "Thickness in pixels", 1, 1, 20),), True)
SPACER = Kind("spacer", "Space", (_number("height", "Height in pixels", 24, 4, 300),), True)
SOCIAL = Kind(
    "social",
    "Social links",
    (
        Field(
            "items",
            "Links",
            Input.ITEMS,
            most=12,
            of=(
                Field("name", "Name", Input.LINE, is_required=True, most=100),
                Field("link", "Link", Input.LINK, is_required=True, most=2_000),
            ),
        ),
        _align("center"),
    ),
)
QUOTE = Kind(
    "quote",
    "Quote",
    (_TEXT, Field("by", "Said by", Input.LINE, most=200)),
    is_simple=True,
)
FOOTER = Kind(
    "footer",
    "Footer",
    (
        Field("text", "Text", Input.TEXT, most=5_000, help="Empty: the brand’s footer. " + MARKUP),
        Field("address", "Postal address", Input.PLAIN, most=500, help="Many laws require one."),
        Field("unsubscribe", "Words to unsubscribe", Input.LINE, "Unsubscribe", True, most=200),
        Field("preferences", "Words for preferences", Input.LINE, "Preferences", most=200),
        Field("web_view", "Words to view it in a browser", Input.LINE, "View in browser", most=200),
    ),
)
MJML = Kind(
    "mjml",
    "MJML",
    (Field("mjml", "MJML", Input.MJML, is_required=True, most=50_000, help="Whole sections."),),
)
KINDS = {
    each.name: each
    for each in (
        HEADER, HEADING, TEXT, IMAGE, BUTTON, COLUMNS, PRODUCTS, DIVIDER, SPACER, SOCIAL, QUOTE,
        FOOTER, MJML,
    )
}  # fmt: skip
COLUMN_NUMBERS = (2, 3)
CONDITIONS = {"filled": "is filled", "empty": "is empty", "equal": "is", "other": "is not"}
"""What may be asked of an attribute, for a block to be shown."""
