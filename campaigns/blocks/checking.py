"""Read blocks from JSON: each value is checked, and what is not known is refused by its name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from campaigns.blocks import conditions, links, markup, outputs
from campaigns.blocks.conditions import Condition
from campaigns.blocks.kinds import (
    COLUMN_NUMBERS,
    KINDS,
    MAX_BLOCKS,
    MAX_CHARACTERS,
    VERSION,
    Field,
    Input,
    Kind,
)
from campaigns.blocks.problems import Problem, Wrong, error

ID = re.compile(r"[a-z0-9]{1,12}", re.ASCII)
_OF_EVERY_BLOCK = {"id", "kind", "shown_if"}
_STANDS_FOR_ANY = "#000000"


@dataclass(frozen=True, slots=True)
class Block:
    id: str
    kind: Kind
    values: Mapping[str, Any]
    shown_if: Condition | None = None
    columns: tuple[tuple[Block, ...], ...] = field(default=())


def read(raw: object) -> list[Block]:
    """The blocks of a message. Raises BlocksError with all problems found."""
    reader = _Reader()
    blocks = reader.document(raw)
    if reader.problems:
        raise error(reader.problems)
    return blocks


def write(blocks: list[Block]) -> dict[str, Any]:
    """As it is stored."""
    return {"version": VERSION, "blocks": [write_block(each) for each in blocks]}


def write_block(block: Block) -> dict[str, Any]:
    columns = [[write_block(each) for each in column] for column in block.columns]
    return {
        "id": block.id,
        "kind": block.kind.name,
        **block.values,
        **({"columns": columns} if columns else {}),
        **({"shown_if": conditions.write(block.shown_if)} if block.shown_if else {}),
    }


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._ids: set[str] = set()

    def document(self, raw: object) -> list[Block]:
        if not isinstance(raw, dict) or set(raw) != {"version", "blocks"}:
            return self._refuse(gettext("These blocks cannot be read."))
        if raw["version"] != VERSION:
            return self._refuse(
                gettext("These blocks were written by another version of this program.")
            )
        if not isinstance(raw["blocks"], list):
            return self._refuse(gettext("These blocks cannot be read."))
        if not raw["blocks"]:
            return self._refuse(gettext("Add a block: the message is empty."))
        if _nodes(raw["blocks"]) > MAX_BLOCKS:
            return self._refuse(
                gettext("A message has %(most)s blocks at most.") % {"most": MAX_BLOCKS}
            )
        if len(json.dumps(raw)) > MAX_CHARACTERS:
            return self._refuse(gettext("The message is too long. Make two of it."))
        return list(self._blocks(raw["blocks"], simple=False))

    def _refuse(self, message: str) -> list[Block]:
        self.problems.append(Problem("", "", message))
        return []

    def _blocks(self, raw: list[object], *, simple: bool) -> Iterator[Block]:
        for each in raw:
            if block := self._block(each, simple=simple):
                yield block

    def _block(self, raw: object, *, simple: bool) -> Block | None:
        if not isinstance(raw, dict):
            self._refuse(gettext("One of the blocks cannot be read."))
            return None
        key = raw.get("id")
        if not isinstance(key, str) or not ID.fullmatch(key) or key in self._ids:
            self._refuse(gettext("One of the blocks has no id of its own."))
            return None
        self._ids.add(key)
        kind = KINDS.get(raw["kind"]) if isinstance(raw.get("kind"), str) else None
        if kind is None:
            self._say(
                key,
                "",
                gettext("There are no blocks of the kind “%(kind)s”.")
                % {"kind": str(raw.get("kind"))[:40]},
            )
            return None
        if simple and not kind.is_simple:
            self._say(
                key,
                "",
                gettext("A block of the kind “%(kind)s” cannot stand in a column.")
                % {"kind": kind.label},
            )
            return None
        return self._of_kind(key, kind, raw)

    def _of_kind(self, key: str, kind: Kind, raw: dict[str, Any]) -> Block:
        known = {each.name for each in kind.fields} | _OF_EVERY_BLOCK
        for name in [name for name in raw if name not in known][:5]:
            self._say(
                key,
                "",
                gettext("“%(kind)s” has no field “%(name)s”.")
                % {"kind": kind.label, "name": str(name)[:40]},
            )
        columns: tuple[tuple[Block, ...], ...] = ()
        if kind.field("columns"):
            columns = self._columns(key, raw.get("columns"))
        values = {
            each.name: self._value(key, each.name, each, raw.get(each.name, each.default))
            for each in kind.fields
            if each.input is not Input.COLUMNS
        }
        self._together(key, kind, values)
        return Block(key, kind, values, self._condition(key, raw.get("shown_if")), columns)

    def _together(self, key: str, kind: Kind, values: dict[str, Any]) -> None:
        """What the fields of a block mean for each other."""
        if kind.name == "image" and not values["alt"] and not values["is_decoration"]:
            self._say(key, "alt", gettext("Say what the picture shows, or that it only decorates."))
        if kind.name == "products" and not values["attribute"] and not values["items"]:
            self._say(key, "items", gettext("Add an item, or name an attribute that has a list."))
        if kind.name == "social" and not values["items"]:
            self._say(key, "items", gettext("Add a link."))

    def _columns(self, key: str, raw: object) -> tuple[tuple[Block, ...], ...]:
        is_list = isinstance(raw, list) and all(isinstance(each, list) for each in raw)
        if not isinstance(raw, list) or not is_list or len(raw) not in COLUMN_NUMBERS:
            self._say(key, "columns", gettext("There may be two or three columns."))
            return ()
        if not any(raw):
            self._say(key, "columns", gettext("Put a block into one of the columns."))
        return tuple(tuple(self._blocks(each, simple=True)) for each in raw)

    def _condition(self, key: str, raw: object) -> Condition | None:
        if raw is None:
            return None
        try:
            return conditions.read(raw)
        except Wrong as problem:
            self._say(key, "shown_if", str(problem))
            return None

    def _value(self, key: str, name: str, asked: Field, raw: object) -> Any:
        if asked.input is Input.ITEMS:
            return self._items(key, asked, raw)
        try:
            return value_of(asked, raw)
        except Wrong as problem:
            self._say(key, name, str(problem))
            return asked.default

    def _items(self, key: str, asked: Field, raw: object) -> list[dict[str, Any]]:
        raw = [] if raw == "" else raw
        if not isinstance(raw, list) or len(raw) > asked.most:
            self._say(
                key, asked.name, gettext("There may be %(most)s at most.") % {"most": asked.most}
            )
            return []
        return [self._item(key, asked, number, each) for number, each in enumerate(raw)]

    def _item(self, key: str, asked: Field, number: int, raw: object) -> dict[str, Any]:
        known = {each.name for each in asked.of}
        if not isinstance(raw, dict) or not set(raw) <= known:
            self._say(key, asked.name, gettext("One of the items cannot be read."))
            return {}
        return {
            each.name: self._value(
                key, f"{asked.name}-{number}-{each.name}", each, raw.get(each.name, each.default)
            )
            for each in asked.of
        }

    def _say(self, key: str, name: str, message: str) -> None:
        """Once for a field."""
        if not name or (key, name) not in {(each.block, each.field) for each in self.problems}:
            self.problems.append(Problem(key, name, message))


def _nodes(raw: list[Any]) -> int:
    """How many blocks there are, those in columns included."""
    columns = [
        column
        for each in raw
        if isinstance(each, dict) and isinstance(each.get("columns"), list)
        for column in each["columns"]
        if isinstance(column, list)
    ]
    return len(raw) + sum(map(len, columns))


def value_of(asked: Field, raw: object) -> Any:
    """The value of a field, checked. Raises Wrong."""
    match asked.input:
        case Input.NUMBER:
            return _number(asked, raw)
        case Input.FLAG:
            if not isinstance(raw, bool):
                raise Wrong(gettext("Say yes or no."))
            return raw
        case Input.CHOICE:
            if raw not in [value for value, _ in asked.choices]:
                raise Wrong(gettext("Choose one of the list."))
            return raw
        case _:
            return _text(asked, raw)


def _number(asked: Field, raw: object) -> int | None:
    if raw in ("", None) and asked.default is None:
        return None
    is_number = isinstance(raw, int) and not isinstance(raw, bool)
    if not is_number or not asked.least <= raw <= asked.most:  # type: ignore[operator]  # a number
        raise Wrong(
            gettext("Write a whole number from %(least)s to %(most)s.")
            % {"least": asked.least, "most": asked.most}
        )
    return raw  # type: ignore[return-value]  # a number


def _text(asked: Field, raw: object) -> str:
    if not isinstance(raw, str):
        raise Wrong(gettext("This is no text."))
    if len(raw) > asked.most:
        raise Wrong(
            gettext("It has %(characters)s characters; %(most)s may be there at most.")
            % {"characters": f"{len(raw):,}", "most": f"{asked.most:,}"}
        )
    if not raw.strip():
        if asked.is_required:
            raise Wrong(gettext("Write something here."))
        return ""
    _check_text(asked, raw)
    return raw if asked.input in (Input.TEXT, Input.PLAIN, Input.MJML) else raw.strip()


def _check_text(asked: Field, raw: str) -> None:
    match asked.input:
        case Input.LINK:
            links.link(raw)
        case Input.IMAGE:
            links.image(raw)
        case Input.TEXT:
            markup.to_html(raw, _STANDS_FOR_ANY)
        case Input.ATTRIBUTE:
            if not conditions.is_name(raw.strip()):
                raise Wrong(gettext("Name an attribute of contacts, such as wishes."))
        case Input.MJML:
            outputs.refuse_odd(raw)
        case _:
            if asked.input is Input.LINE and re.search(r"[\r\n]", raw.strip()):
                raise Wrong(gettext("Write it on one line."))
            outputs.pieces(raw)
