"""Errors and problems in the rows of a file, for the import report."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple, Protocol

from django.utils.translation import gettext

from campaigns.files.csv_reader import CsvRow
from campaigns.files.encoding import LABELS

_LIKE_AN_ADDRESS = re.compile(r"[^\s@]@[^\s@]")
_SHOWN = 80  # characters of a value in a report
CERTAIN = {"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"}
"""Encodings that are not found by the look of the letters alone."""


class LineProblem(NamedTuple):
    """`line` is that of the file, from 1, where the row starts."""

    line: int
    value: str
    reason: str


class Problems:
    """The number of problems, and the first of them: a file may have more than fit in memory."""

    LISTED = 1_000

    def __init__(
        self, listed: Iterable[LineProblem] = (), total: int = 0, most: int = LISTED
    ) -> None:
        self._listed = list(listed)
        self._total = total
        self._most = most

    def add(self, problem: LineProblem) -> None:
        self._total += 1
        if len(self._listed) < self._most:
            self._listed.append(problem)

    def extend(self, others: Problems) -> None:
        """Add those that come after these."""
        self._listed += others._listed[: max(self._most - len(self._listed), 0)]
        self._total += len(others)

    def forget(self, lines: Collection[int]) -> None:
        """What these lines of the file say is not kept; they stay counted."""
        self._listed = [
            each._replace(value="") if each.line in lines else each for each in self._listed
        ]

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


class FileReport(Protocol):
    """What became of a file's rows."""

    notes: list[str]
    rejected: Problems

    @property
    def accepted(self) -> int: ...

    def explain(self) -> str: ...


class FileImportError(Exception):
    """The file as a whole cannot be imported; nothing was. The message is for staff."""


class RowError(ValueError):
    """A row that cannot be used; other rows can."""

    def __init__(self, value: str, reason: str) -> None:
        super().__init__(reason)
        self.value = value
        self.reason = reason

    def at(self, row: CsvRow) -> LineProblem:
        return LineProblem(row.line, shortened(self.value), self.reason)


def refuse_unreadable(row: CsvRow, value: str = "") -> None:
    """Raises RowError for a row that is no row, or that no column of the database could hold."""
    if row.problem:
        raise RowError(
            text_of(row),
            gettext("The row cannot be read (%(problem)s)%(hint)s.")
            % {"problem": row.problem, "hint": quote_hint(row)},
        )
    for cell in row.cells:
        if "\0" in cell:
            raise RowError(value or cell, gettext("The row contains a NUL character."))


def text_of(row: CsvRow, address: str = "") -> str:
    """The text of a row in a report: its address and similar texts, or the whole row."""
    cells = [cell.strip() for cell in row.cells if cell.strip()]
    alike = [cell for cell in cells if _LIKE_AN_ADDRESS.search(cell) and cell != address]
    return " ".join([address, *alike] if address else alike or cells)


def quote_hint(row: CsvRow) -> str:
    """Names the line of an unclosed quote, which swallows the rows after it."""
    if row.last_line == row.line:
        return ""
    return gettext("; the row goes on to line %(line)s, perhaps a quotation mark is not closed") % {
        "line": row.last_line
    }


def shortened(value: str) -> str:
    shown = " ".join(value.replace("\0", "␀").split())
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"


def blank_note(blank: int) -> list[str]:
    """So that the numbers of a report add up to the lines of the file."""
    return (
        [gettext("Blank lines or rows without any value: %(count)s.") % {"count": f"{blank:,}"}]
        if blank
        else []
    )


def encoding_note(used: str, asked_for: str | None) -> list[str]:
    """What staff should look at when the encoding was a guess."""
    if used in CERTAIN or asked_for is not None:
        return []
    return [
        gettext(
            "The file does not say how it is encoded and is not UTF-8; it was read as "
            "%(encoding)s. Check the letters, and choose another encoding if they are wrong."
        )
        % {"encoding": LABELS.get(used, used)}
    ]
