"""The kinds of blocks and their fields: what is checked and asked for follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from campaigns.wording import Text

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
    named: Text
    input: Input
    default: Any = ""
    """Of a block that does not say: the same in every language."""
    is_required: bool = False
    least: int = 0
    most: int = 500
    offered: tuple[tuple[str, Text], ...] = ()
    hint: Text = ""
    of: tuple[Field, ...] = ()

    @property
    def label(self) -> str:
        return str(self.named)

    @property
    def help(self) -> str:
        return str(self.hint)

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        return tuple((value, str(label)) for value, label in self.offered)

    @property
    def beginning(self) -> Any:
        """What a new block has, in the language of the person who adds it."""
        return gettext(self.default) if self.input is Input.LINE and self.default else self.default


@dataclass(frozen=True, slots=True)
class Kind:
    """`is_simple` says that it may stand in a column."""

    name: str
    named: Text
    fields: tuple[Field, ...]
    is_simple: bool = False

    @property
    def label(self) -> str:
        return str(self.named)

    def field(self, name: str) -> Field | None:
        return next((each for each in self.fields if each.name == name), None)


def _number(name: str, label: Text, default: int | None, least: int, most: int) -> Field:
    return Field(name, label, Input.NUMBER, default, least=least, most=most)


def _choice(name: str, label: Text, default: str, **choices: Text) -> Field:
    return Field(name, label, Input.CHOICE, default, offered=tuple(choices.items()))


def _align(default: str) -> Field:
    return _choice(
        "align", _("Aligned"), default, left=_("left"), center=_("centre"), right=_("right")
    )


_LINK = Field(
    "link", _("Link"), Input.LINK, most=2_000, hint=_("Such as https://example.com/sale.")
)
_ALT = Field("alt", _("In words"), Input.LINE, hint=_("For those who do not see the picture."))
MARKUP = _(
    "**bold**, *italic*, [words](https://example.com), "
    "and lists: lines that begin with “- ” or “1. ”."
)
_TEXT = Field("text", _("Text"), Input.TEXT, is_required=True, most=10_000, hint=MARKUP)

HEADER = Kind(
    "header",
    _("Header with logo"),
    (
        Field(
            "image",
            _("Logo’s address"),
            Input.IMAGE,
            most=2_000,
            hint=_("Empty: the brand’s logo."),
        ),
        Field("alt", _("Logo in words"), Input.LINE, hint=_("Empty: as the brand says.")),
        _number("width", _("Logo’s width in pixels"), None, 20, 600),
        Field("link", _("Link"), Input.LINK, most=2_000, hint=_("Empty: the brand’s website.")),
        _align("center"),
    ),
)
HEADING = Kind(
    "heading",
    _("Heading"),
    (
        Field("text", _("Text"), Input.LINE, is_required=True),
        _choice("level", _("Size"), "1", **{"1": _("large"), "2": _("medium"), "3": _("small")}),
        _align("left"),
    ),
    is_simple=True,
)
TEXT = Kind("text", _("Text"), (_TEXT, _align("left")), is_simple=True)
IMAGE = Kind(
    "image",
    _("Image"),
    (
        Field("image", _("Image’s address"), Input.IMAGE, is_required=True, most=2_000),
        _ALT,
        Field("is_decoration", _("It only decorates and says nothing"), Input.FLAG, False),
        _LINK,
        _number("width", _("Width in pixels"), None, 10, 600),
        _align("center"),
    ),
    is_simple=True,
)
BUTTON = Kind(
    "button",
    _("Button"),
    (
        Field("text", _("Words on it"), Input.LINE, is_required=True, most=200),
        Field("link", _("Link"), Input.LINK, is_required=True, most=2_000, hint=_LINK.hint),
        Field("is_wide", _("As wide as the message"), Input.FLAG, False),
        _align("center"),
    ),
    is_simple=True,
)
COLUMNS = Kind("columns", _("Columns"), (Field("columns", _("Columns"), Input.COLUMNS),))
_ITEM = (
    Field("title", _("Title"), Input.LINE, is_required=True),
    Field("text", _("Text"), Input.LINE, most=1_000),
    Field("price", _("Price"), Input.LINE, most=100),
    Field("image", _("Image’s address"), Input.IMAGE, most=2_000),
    _LINK,
)
PRODUCTS = Kind(
    "products",
    _("Products or list"),
    (
        Field(
            "attribute",
            _("From an attribute"),
            Input.ATTRIBUTE,
            hint=_(
                "One that has a list of items with title, text, price, image and link. "
                "Empty: the items below."
            ),
        ),
        _number("most", _("At most, from an attribute"), 6, 1, MAX_ITEMS),
        _choice(
            "layout", _("Beside each other"), "1", **{"1": _("one"), "2": _("two"), "3": _("three")}
        ),
        Field(
            "button", _("Words on each button"), Input.LINE, most=200, hint=_("Empty: no button.")
        ),
        Field("items", _("Items"), Input.ITEMS, most=MAX_ITEMS, of=_ITEM),
    ),
)
DIVIDER = Kind(
    "divider", _("Line"), (_number("thickness", _("Thickness in pixels"), 1, 1, 20),), True
)
SPACER = Kind("spacer", _("Space"), (_number("height", _("Height in pixels"), 24, 4, 300),), True)
SOCIAL = Kind(
    "social",
    _("Social links"),
    (
        Field(
            "items",
            _("Links"),
            Input.ITEMS,
            most=12,
            of=(
                Field("name", _("Name"), Input.LINE, is_required=True, most=100),
                Field("link", _("Link"), Input.LINK, is_required=True, most=2_000),
            ),
        ),
        _align("center"),
    ),
)
QUOTE = Kind(
    "quote",
    _("Quote"),
    (_TEXT, Field("by", _("Said by"), Input.LINE, most=200)),
    is_simple=True,
)
FOOTER = Kind(
    "footer",
    _("Footer"),
    (
        Field(
            "text",
            _("Text"),
            Input.TEXT,
            most=5_000,
            hint=format_lazy("{} {}", _("Empty: the brand’s footer."), MARKUP),
        ),
        Field(
            "address", _("Postal address"), Input.PLAIN, most=500, hint=_("Many laws require one.")
        ),
        Field(
            "unsubscribe",
            _("Words to unsubscribe"),
            Input.LINE,
            gettext_noop("Unsubscribe"),
            True,
            most=200,
        ),
        Field(
            "preferences",
            _("Words for preferences"),
            Input.LINE,
            gettext_noop("Preferences"),
            most=200,
        ),
        Field(
            "web_view",
            _("Words to view it in a browser"),
            Input.LINE,
            gettext_noop("View in browser"),
            most=200,
        ),
    ),
)
MJML = Kind(
    "mjml",
    "MJML",
    (Field("mjml", "MJML", Input.MJML, is_required=True, most=50_000, hint=_("Whole sections.")),),
)
KINDS = {
    each.name: each
    for each in (
        HEADER, HEADING, TEXT, IMAGE, BUTTON, COLUMNS, PRODUCTS, DIVIDER, SPACER, SOCIAL, QUOTE,
        FOOTER, MJML,
    )
}  # fmt: skip
COLUMN_NUMBERS = (2, 3)
CONDITIONS = {
    "filled": _("is filled"),
    "empty": _("is empty"),
    "equal": _("is"),
    "other": _("is not"),
}
"""What may be asked of an attribute, for a block to be shown."""
