"""Cells with several values: lists of tags, and the JSON objects that some tools export."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from typing import Any

from campaigns.files.contact_columns import attribute_key

Value = str | int | float | bool
DEEPEST = 5
"""Objects within objects; what is deeper stays the text that it is in JSON."""
_TAG_SEPARATORS = re.compile(r":::|[,;|，；、\n]")
_SEVERAL = " ::: "
"""Between several values of a cell, as Google exports contacts."""
_OF_GOOGLE = "* "
"""Before the labels that Google gives itself."""
_EVERYBODY = "* myContacts"
_NAMED = re.compile(r"\s*+([^<>]*+)<([^<>]++)>\s*+")
_QUOTED_LIST = re.compile(r'\s*"(?:[^"]|"")*"\s*(?:,\s*"(?:[^"]|"")*"\s*)*')


def tags_of(cell: str) -> list[str]:
    """The tags of a cell, as they are written. Where each is quoted, as in `"VIP","Seeds, bulbs"`,
    what separates tags elsewhere may be part of one."""
    if '"' in cell and _QUOTED_LIST.fullmatch(cell):
        return next(csv.reader([" ".join(cell.split())], skipinitialspace=True), [])
    tags = _TAG_SEPARATORS.split(cell)
    if _OF_GOOGLE in cell:
        tags = [tag.strip() for tag in tags]
        tags = [tag.removeprefix(_OF_GOOGLE) for tag in tags if tag != _EVERYBODY]
    return tags


def address_of(cell: str) -> tuple[str, str]:
    """The address of a cell, and the name that stands beside it: `Ada <ada@example.com>`. Of
    several values that Google exports in a cell, the first."""
    if "<" not in cell and ":" not in cell:
        return cell, ""
    first = cell.split(_SEVERAL, 1)[0].strip()
    if found := _NAMED.fullmatch(first):
        return found[2].strip(), found[1].strip(" \"'")
    return first.removeprefix("mailto:"), ""


def further_addresses(cell: str) -> list[str]:
    return [each.strip() for each in cell.split(_SEVERAL)[1:]]


def attributes_of(cell: str) -> dict[str, Value] | None:
    """The attributes in a JSON object: `{"shop": {"orders": 3}}` gives `shop_orders`, a list is one
    text. None when the cell is no such object. Empty values are left out."""
    if not cell.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(cell, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    attributes = dict(_flattened(found, "", 1))
    return attributes if _can_be_stored(attributes) else None


def _refuse(constant: str) -> Any:
    """NaN and infinity are no JSON, and no column of the database holds them."""
    raise ValueError(constant)


def _finite(number: str) -> float:
    if abs(value := float(number)) == float("inf"):
        raise ValueError(number)
    return value


def _can_be_stored(attributes: dict[str, Value]) -> bool:
    """PostgreSQL refuses NUL, and halves of characters, which JSON can escape."""
    text = "".join(value for value in attributes.values() if isinstance(value, str))
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def _flattened(value: dict[str, Any], before: str, depth: int) -> Iterator[tuple[str, Value]]:
    for name, each in value.items():
        key = attribute_key(f"{before}{name}")
        if isinstance(each, dict) and depth < DEEPEST:
            yield from _flattened(each, f"{key}_" if key else "", depth + 1)
        elif key and each is not None and each not in ("", [], {}):
            yield key, _scalar(each)


def _scalar(value: Any) -> Value:
    if isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)
