"""The elements of MJML 4 and their attributes, as its reference implementation knows them.

`elements.json` is made of that implementation's own data by tests/oracle/mjml_elements.js.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

ANYWHERE = ("css-class", "mj-class")
"""Attributes of every element that shows something."""
LONGEST_NAME = 60

NOT_READ = {
    "mj-include": _("no other file is read: put its text here"),
    "mj-html-attributes": _("it is not supported: write such HTML in <mj-raw> or <mj-table>"),
}
"""Elements that there are and that are refused, each with why."""


class Kind(NamedTuple):
    """What MJML knows of an element."""

    attributes: dict[str, str]
    """The type of each, as "unit(px,%)"."""
    children: tuple[str, ...]
    holds_html: bool
    """It has no elements of MJML in it: its content is taken as it is."""


def _kinds() -> dict[str, Kind]:
    data = json.loads(Path(__file__).with_name("elements.json").read_text("utf-8"))
    return {
        name: Kind(known["attributes"], tuple(known["children"]), known["holds_html"])
        for name, known in data.items()
    }


KINDS = _kinds()
_EVERY_ATTRIBUTE = frozenset(name for kind in KINDS.values() for name in kind.attributes)


@cache
def attributes_of(name: str) -> frozenset[str]:
    if name in ("mj-all", "mj-class"):
        return _EVERY_ATTRIBUTE | {"css-class", "name"}
    return frozenset({*KINDS[name].attributes, *ANYWHERE})


@cache
def children_of(name: str) -> tuple[str, ...]:
    if name == "mj-attributes":
        return tuple(sorted({"mj-all", "mj-class", *KINDS} - {"mjml", "mj-head"}))
    return KINDS[name].children


def parents_of(name: str) -> list[str]:
    return [parent for parent, kind in KINDS.items() if name in kind.children]


def meant(written: str, known: Iterable[str]) -> str:
    """A question to end a message with, or ""."""
    close = get_close_matches(written[:LONGEST_NAME].lower(), sorted(known), n=1, cutoff=0.7)
    return gettext("; did you mean “%(name)s”?") % {"name": close[0]} if close else ""
