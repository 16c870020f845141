"""What an import says about the rows of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from campaigns.csv_source import Row

_SHOWN = 80  # characters of a value in a report


class LineProblem(NamedTuple):
    """`line` is that of the file, from 1, where the row starts."""

    line: int
    value: str
    reason: str


class Problems:
    """How many problems there are, and the first of them: a file may have more than memory."""

    LISTED = 1_000

    def __init__(self) -> None:
        self._listed: list[LineProblem] = []
        self._total = 0

    def add(self, problem: LineProblem) -> None:
        self._total += 1
        if len(self._listed) < self.LISTED:
            self._listed.append(problem)

    def __len__(self) -> int:
        """All of them."""
        return self._total

    def __iter__(self) -> Iterator[LineProblem]:
        """Those that are listed."""
        return iter(self._listed)

    def __getitem__(self, index: int) -> LineProblem:
        return self._listed[index]

    @property
    def unlisted(self) -> int:
        return self._total - len(self._listed)


class FileImportError(Exception):
    """The file as a whole cannot be imported; nothing was. The message is for staff."""


class RowError(ValueError):
    """A row that cannot be used; the others can."""

    def __init__(self, value: str, reason: str) -> None:
        super().__init__(reason)
        self.value = value
        self.reason = reason

    def at(self, row: Row) -> LineProblem:
        return LineProblem(row.line, shortened(self.value), self.reason)


def refuse_unreadable(row: Row, value: str = "") -> None:
    """Raises RowError for a row that is no row, or that no column of the database could hold."""
    if row.problem:
        raise RowError("", f"The row cannot be read ({row.problem}){quote_hint(row)}.")
    for cell in row.cells:
        if "\0" in cell:
            raise RowError(value or cell, "The row contains a NUL character.")


def quote_hint(row: Row) -> str:
    """A quote that is never closed swallows the rows after it: say which."""
    if row.last_line == row.line:
        return ""
    return f"; the row goes on to line {row.last_line}, perhaps a quotation mark is not closed"


def shortened(value: str) -> str:
    shown = " ".join(value.replace("\0", "␀").split())
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"


def encoding_note(used: str, asked_for: str | None) -> list[str]:
    """What staff should look at when the encoding was a guess."""
    if used != "cp1252" or asked_for is not None:
        return []
    return [
        "The file does not say how it is encoded and is not UTF-8; it was read as Windows-1252 "
        "(Western European). Check the accented letters."
    ]
