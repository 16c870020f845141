"""Read and write the values of attributes by type: for files, forms, pages, segments and exports.

A stored value is text or a choice (str), a number (int or float), a date (str, such as 2026-05-01)
or yes or no (bool); None stands for no value, and is not stored.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext

from campaigns.attributes.yes_no import yes_or_no
from campaigns.models import AttributeKind
from campaigns.rendering.liquid.dates import day_in

Value = str | int | float | bool

MOST_DIGITS = 15
"""Of a number: what spreadsheets and floats keep. Longer ones are rather names of something."""
SHOWN = 50
_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DIGITS_OF_DATE = re.compile(r"(?:19|20)\d{6}", re.ASCII)
_SLASHED = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4}.*)", re.ASCII | re.S)
_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_GROUPS = r"[1-9]\d{{0,2}}(?:{0}\d{{3}})+"
_GROUPED = {
    ".": re.compile(rf"-?(?:{_GROUPS.format('[, ’_]')}|0|[1-9]\d*)(?:\.\d+)?", re.ASCII),
    ",": re.compile(rf"-?(?:{_GROUPS.format('[. ’_]')}|0|[1-9]\d*)(?:,\d+)?", re.ASCII),
}
_ZERO_DATE = re.compile(r"0{1,4}([-/.])0{1,2}\1(?:19|20)?0{1,4}(?:[T ][0:.]*)?", re.ASCII)
_ZONE_TWICE = re.compile(
    r"(:\d\d(?:\.\d{1,9})? [-+]\d{4}) (?:[A-Z]{2,5}|[-+]\d\d(?:\d\d)?)", re.ASCII
)
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " ") | {"'": "’", "−": "-"})


class Unfit(ValueError):
    """The text is no value of the type. The message is for staff."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the other values of a column say of one that may be read in two ways. `decimal` is the
    mark of decimals, "." or ","; without it, “1,234” is refused."""

    month_first: bool = False
    decimal: str = ""


ORDINARY = Reading()


def parse(
    kind: str, text: str, choices: Sequence[str] = (), reading: Reading = ORDINARY
) -> Value | None:
    """The value that a text stands for; None for an empty one. Raises Unfit."""
    if kind == AttributeKind.TEXT:
        return text or None
    stripped = text.strip()
    if not stripped:
        return None
    if kind == AttributeKind.NUMBER:
        return _number(stripped, reading)
    if kind == AttributeKind.DATE:
        return None if is_zero_date(stripped) else _date(stripped, reading.month_first)
    if kind == AttributeKind.YES_NO:
        return _yes_no(stripped)
    return _choice(stripped, choices)


def is_zero_date(text: str) -> bool:
    """Whether it is what databases and Outlook write for no date: 0000-00-00, 0/0/00."""
    return _ZERO_DATE.fullmatch(text) is not None


def with_one_zone(time: str) -> str:
    """Without the name that Go, and so listmonk, writes after the number of a zone: “2024-02-12
    08:31:11.5 +0000 UTC”."""
    return _ZONE_TWICE.sub(r"\1", time)


def convert(kind: str, value: Any, choices: Sequence[str] = ()) -> Value | None:
    """A stored value of any type as one of this type. Raises Unfit, also for lists and objects."""
    if fits(kind, value, choices):
        return value  # type: ignore[no-any-return]  # of JSON
    if isinstance(value, (list, dict)):
        raise Unfit(gettext("%(value)s has several values.") % {"value": _quoted(show(value))})
    return parse(kind, show(value), choices)


def fits(kind: str, value: Any, choices: Sequence[str] = ()) -> bool:
    """Whether a stored value is one of this type already."""
    if kind == AttributeKind.YES_NO:
        return isinstance(value, bool)
    if kind == AttributeKind.NUMBER:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if kind == AttributeKind.DATE:
        return as_date(value) is not None
    return kind == AttributeKind.TEXT or value in choices


def kind_of(value: Any) -> AttributeKind:
    """The type that a value of JSON has by itself."""
    if isinstance(value, bool):
        return AttributeKind.YES_NO
    if isinstance(value, (int, float)):
        return AttributeKind.NUMBER
    is_date = isinstance(value, str) and as_date(value) is not None
    return AttributeKind.DATE if is_date else AttributeKind.TEXT


def show(value: Any) -> str:
    """For pages, forms and files; `parse` reads it again."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def as_date(value: str) -> dt.date | None:
    """Of a stored date; None for other texts."""
    if not _ISO.fullmatch(value):
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return None


def _number(text: str, reading: Reading) -> int | float:
    text = text.translate(_SPACES)
    if reading.decimal != "," and _PLAIN.fullmatch(text):
        return _exact(text, text)
    marks = [mark for mark in reading.decimal or ".," if _GROUPED[mark].fullmatch(text)]
    read = {mark: re.sub(r"[^-\d,.]", "", _without_groups(text, mark)) for mark in marks}
    if not read:
        raise Unfit(gettext("%(value)s is no number.") % {"value": _quoted(text)})
    if len(set(read.values())) > 1:
        both = gettext(" or ").join(sorted(set(read.values())))
        raise Unfit(
            gettext("%(value)s may be %(readings)s.") % {"value": _quoted(text), "readings": both}
        )
    return _exact(next(iter(read.values())), text)


def _without_groups(text: str, mark: str) -> str:
    return text.replace("," if mark == "." else ".", "").replace(mark, ".")


def _exact(number: str, text: str) -> int | float:
    digits = number.lstrip("-").replace(".", "").lstrip("0")
    if len(digits) > MOST_DIGITS:
        raise Unfit(
            gettext("%(value)s has more than %(most)s digits, and would be rounded.")
            % {"value": _quoted(text), "most": MOST_DIGITS}
        )
    return float(number) if "." in number else int(number)


@lru_cache(maxsize=4096)
def _date(text: str, month_first: bool) -> str:
    found = as_date(text)
    if found is None and _DIGITS_OF_DATE.fullmatch(text):
        found = as_date(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    if found is None:
        swapped = _SLASHED.sub(r"\3\2\1\2\4", text) if month_first else text
        found = day_in(with_one_zone(swapped))
    if found is None:
        raise Unfit(gettext("%(value)s is no date.") % {"value": _quoted(text)})
    return found.isoformat()


def _yes_no(text: str) -> bool:
    try:
        return bool(yes_or_no(text))
    except ValueError:
        raise Unfit(
            gettext("%(value)s is neither yes nor no.") % {"value": _quoted(text)}
        ) from None


def _choice(text: str, choices: Sequence[str]) -> str:
    if text in choices:
        return text
    folded = text.casefold()
    for choice in choices:
        if choice.casefold() == folded:
            return choice
    raise Unfit(gettext("%(value)s is none of the choices.") % {"value": _quoted(text)})


def _quoted(text: str) -> str:
    return f"“{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}”"
