"""Blocks while they are being written: as they were posted, complete or not.

A draft is a list of blocks as `campaigns.blocks` stores them, whose values may be wrong. In a form
each block is a number of controls named after its id, and `b__order` says where each one stands.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext

from campaigns.blocks.kinds import (
    COLUMN_NUMBERS,
    KINDS,
    MAX_CHARACTERS,
    VERSION,
    Field,
    Input,
    Kind,
)
from campaigns.models import AttributeKind

Block = dict[str, Any]
Draft = list[Block]
ORDER = "b__order"
_PLACE = re.compile(
    r"(?P<id>[a-z0-9]{1,12}) (?P<kind>[a-z]{1,20})(?: (?P<parent>[a-z0-9]{1,12}) (?P<slot>[0-2]))?",
    re.ASCII,
)
_INTEGER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_YES, _NO = ("yes", "true"), ("no", "false")
MOST_READ = 200
"""Blocks of a form that are read; more than there may be, so that it can be said."""
MOST_ITEMS_READ = 60
DEEPEST = 12


def new_id() -> str:
    return secrets.token_hex(4)


def new(kind: Kind) -> Block:
    made: Block = {"id": new_id(), "kind": kind.name}
    for each in kind.fields:
        made[each.name] = _empty(each)
    return made


def _empty(asked: Field) -> Any:
    match asked.input:
        case Input.ITEMS:
            return [new_item(asked)] if asked.name == "items" else []
        case Input.COLUMNS:
            return [[], []]
        case _:
            return asked.beginning


def new_item(asked: Field) -> dict[str, Any]:
    return {each.name: each.beginning for each in asked.of}


def copy(block: Block) -> Block:
    """With ids of its own."""
    made: Block = json.loads(json.dumps(block))
    for each in walk([made]):
        each["id"] = new_id()
    return made


def walk(draft: Draft) -> Iterator[Block]:
    """Each block, those in columns after the one that they are in."""
    for block in draft:
        yield block
        for column in columns_of(block):
            yield from walk(column)


def columns_of(block: Block) -> list[Draft]:
    columns = block.get("columns")
    return columns if isinstance(columns, list) else []


def list_with(draft: Draft, key: str) -> Draft | None:
    """The list in which the block with this id stands."""
    if any(block["id"] == key for block in draft):
        return draft
    for block in draft:
        for column in columns_of(block):
            if found := list_with(column, key):
                return found
    return None


def find(draft: Draft, key: str) -> Block | None:
    return next((block for block in walk(draft) if block["id"] == key), None)


# What is stored, and what a page carried along


def from_stored(stored: object) -> Draft:
    """Of what cannot be read, nothing."""
    blocks = stored.get("blocks") if isinstance(stored, dict) else None
    return [each for each in blocks if _is_block(each)] if isinstance(blocks, list) else []


def would_be_lost(stored: object, kept: Draft) -> list[tuple[str, str]]:
    """What a form does not show of stored blocks, so that saving would lose it: in words, with the
    id of the block, "" for the whole. Of blocks that are not `kept`, nothing.
    """
    if not isinstance(stored, dict):
        return []
    if stored.get("version") != VERSION or set(stored) != {"version", "blocks"}:
        return [("", gettext("They were written by another version of this program."))]
    readable, ids = from_stored(stored), {block["id"] for block in walk(kept)}
    if len(readable) != len(stored["blocks"]):
        return [("", gettext("One of the blocks cannot be read."))]
    return [
        (block["id"], gettext("It has “%(name)s”, which is not known here.") % {"name": name[:40]})
        for block in walk(readable)
        if block["id"] in ids
        for name in _unknown_in(block)
    ]


def _unknown_in(block: Block) -> Iterator[str]:
    kind = KINDS.get(block["kind"])
    fields = {each.name: each for each in kind.fields} if kind else {}
    yield from (name for name in block if name not in {*fields, "id", "kind", "shown_if"})
    condition = block.get("shown_if")
    if isinstance(condition, dict):
        yield from (name for name in condition if name not in ("attribute", "is", "value"))
    for name, field in fields.items():
        items = block.get(name) if field.input is Input.ITEMS else None
        known = {each.name for each in field.of}
        for item in items if isinstance(items, list) else []:
            yield from set(item) - known if isinstance(item, dict) else [gettext("an item")]


def _is_block(raw: object) -> bool:
    if not isinstance(raw, dict) or not isinstance(raw.get("kind"), str):
        return False
    key, columns = raw.get("id"), raw.get("columns", [])
    if not isinstance(key, str) or not re.fullmatch(r"[a-z0-9]{1,12}", key, re.ASCII):
        return False
    if not isinstance(columns, list) or len(columns) > max(COLUMN_NUMBERS):
        return False
    within = [each for column in columns if isinstance(column, list) for each in column]
    return all(isinstance(each, list) for each in columns) and all(
        _is_block(each) and "columns" not in each for each in within
    )


def from_text(text: str) -> Any:
    """JSON that a page carried along; None for what is too long, too deep, or no JSON."""
    if len(text) > 2 * MAX_CHARACTERS:
        return None
    try:
        made = json.loads(text)
        text.encode()
        json.dumps(made, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return made if _depth_fits(made) else None


def _depth_fits(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return not level


# What is posted


def posted(data: Any) -> Draft:
    """The blocks of a form, in its order."""
    draft: Draft = []
    known: dict[str, Block] = {}
    for value in data.getlist(ORDER)[:MOST_READ]:
        found = _PLACE.fullmatch(value)
        if found is None or found["id"] in known:
            continue
        if (place := _place(found, draft, known)) is not None:
            block = _read(data, found["id"], found["kind"])
            known[found["id"]] = block
            place.append(block)
    return draft


def _place(found: re.Match[str], draft: Draft, known: dict[str, Block]) -> Draft | None:
    """The list for a block: of what is left of columns that were made fewer, the last one."""
    if not found["parent"]:
        return draft
    columns = columns_of(known.get(found["parent"], {}))
    return columns[min(int(found["slot"]), len(columns) - 1)] if columns else None


def _read(data: Any, key: str, kind: str) -> Block:
    block: Block = {"id": key, "kind": kind}
    for asked in KINDS[kind].fields if kind in KINDS else ():
        block[asked.name] = _value(data, f"b-{key}__{asked.name}", asked)
    if name := data.get(f"b-{key}__attribute_asked", "").strip():
        block["shown_if"] = {
            "attribute": name,
            "is": data.get(f"b-{key}__is", ""),
            "value": data.get(f"b-{key}__value", "").strip(),
        }
    return block


def _value(data: Any, name: str, asked: Field) -> Any:
    match asked.input:
        case Input.FLAG:
            return name in data
        case Input.COLUMNS:
            number = data.get(name, "2")
            return [[] for _ in range(3 if number == "3" else 2)]
        case Input.ITEMS:
            return _items(data, name, asked)
        case Input.NUMBER:
            text = data.get(name, "").strip()
            return int(text) if _INTEGER.fullmatch(text) else text
        case _:
            return data.get(name, asked.default).replace("\r\n", "\n")


def _items(data: Any, name: str, asked: Field) -> list[dict[str, Any]]:
    first = asked.of[0].name
    numbers = [n for n in range(MOST_ITEMS_READ) if f"{name}-{n}-{first}" in data]
    return [
        {each.name: _value(data, f"{name}-{n}-{each.name}", each) for each in asked.of}
        for n in numbers
    ]


def typed(draft: Draft, kinds: dict[str, str]) -> Draft:
    """The draft, with conditions that compare with what an attribute's type (`kinds`, by its key)
    has: a number is compared with one."""
    for block in walk(draft):
        condition = block.get("shown_if")
        if not isinstance(condition, dict):
            continue
        if condition.get("is") not in ("equal", "other"):
            condition.pop("value", None)
        elif isinstance(condition.get("value"), str):
            kind = kinds.get(str(condition.get("attribute")), "")
            condition["value"] = _of_kind(condition["value"], kind)
    return draft


def _of_kind(text: str, kind: str) -> str | int | float | bool:
    if kind == AttributeKind.YES_NO and text.lower() in (*_YES, *_NO):
        return text.lower() in _YES
    if kind == AttributeKind.NUMBER and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def as_stored(draft: Draft) -> dict[str, Any]:
    return {"version": 1, "blocks": draft}
