"""Rows as the database takes them by COPY; nothing here uses the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from json.encoder import encode_basestring
from typing import NamedTuple

from campaigns.attributes.values import Value
from campaigns.imports.reading.rows import Row

_AT_A_TIME = 1_000  # rows
_NONE: Mapping[str, Value] = {}
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class StagedRow(NamedTuple):
    """`text` is the line of COPY. Its `tags` are numbers, from 1. `attributes` are those of a file
    with cells of JSON: of others, the columns say which there are."""

    line: int
    tags: str
    text: str
    attributes: Mapping[str, Value]


class Stager:
    """Stages rows. `names` are the tags in the order of their numbers."""

    def __init__(self, keeps_attributes: bool) -> None:
        self._keeps_attributes = keeps_attributes
        self.names: dict[str, int] = {}
        self._tags: dict[tuple[str, ...], str] = {}

    def staged(self, row: Row) -> StagedRow:
        """JSON and names have no line breaks or tabs, so that only back-slashes must be doubled."""
        text = f"{row.email}\t{row.name}\t{_json(row.attributes)}"
        if "\\" in text:
            text = text.replace("\\", "\\\\")
        tags = self._tags.get(row.tags) or self._tags_of(row.tags)
        tracking = "\\N" if row.tracking is None else row.tracking
        consent = row.consent or "\\N"
        at = row.consent_at or "\\N"
        return StagedRow(
            row.line,
            tags,
            f"{row.line}\t{text}\t{tags}\t{tracking}\t{consent}\t{at}\t{row.said_given}\n",
            row.attributes if self._keeps_attributes else _NONE,
        )

    def _tags_of(self, names: tuple[str, ...]) -> str:
        numbers = [self.names.setdefault(name, len(self.names) + 1) for name in names]
        self._tags[names] = text = f"{{{','.join(map(str, numbers))}}}"
        return text


def _json(attributes: dict[str, Value]) -> str:
    """Strings, of which there are most, without the start of an encoder for each row."""
    pairs = [
        f"{encode_basestring(key)}:"
        f"{encode_basestring(value) if isinstance(value, str) else _encode(value)}"
        for key, value in attributes.items()
    ]
    return f"{{{','.join(pairs)}}}"


def without_unused(names: list[str | None], rows: Iterable[StagedRow]) -> list[str | None]:
    """The names of tags, none in place of those that no row has."""
    used = {n for tags in {row.tags for row in rows} for n in tags.strip("{}").split(",")}
    return [name if str(n) in used else None for n, name in enumerate(names, 1)]


def blocks(rows: Iterable[StagedRow]) -> Iterator[bytes]:
    """The lines in few pieces."""
    texts = (row.text for row in rows)
    while block := "".join(islice(texts, _AT_A_TIME)):
        yield block.encode("utf-8", "replace")
