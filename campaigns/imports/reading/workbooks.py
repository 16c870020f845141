"""Workbooks (XLSX), read in a worker with limits; out of it come lines of JSON."""

from __future__ import annotations

import base64
import datetime as dt
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, Self

from django.utils.translation import gettext
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from campaigns.files.csv_reader import MAX_CELL, MAX_COLUMNS, CsvRow, too_long
from campaigns.files.encoding import SourceError
from campaigns.imports.reading.error_cells import error_cells
from sandbox import Failed, LimitReached, Limits, bounded

MAX_MEGABYTES = 50
"""Of a workbook as it is stored, compressed."""
LIMITS = Limits(
    cpu_seconds=60, memory_megabytes=1_500, result_megabytes=250, wall_seconds=300, wait_seconds=60
)
"""A million rows of five cells need about 10 s and 600 MB."""
_BLOCK = 1 << 20  # characters of a compressed part
_SIGNATURE = b"PK\x03\x04"


class Unreadable(Exception):
    """In the worker: the workbook or its sheet cannot be read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    is_hidden: bool


def is_workbook(file: BinaryIO) -> bool:
    """Whether it is a workbook by its beginning; it may be damaged all the same."""
    file.seek(0)
    start = file.read(1 << 16)
    return start.startswith(_SIGNATURE) and (
        b"[Content_Types].xml" in start or b"xl/" in start or b"_rels/" in start
    )


def sheets_of(file: BinaryIO) -> list[Sheet]:
    """The sheets, in their order; those that are hidden last. Raises SourceError."""
    found = [Sheet(name, is_hidden) for name, is_hidden in _called(_sheets, file)]
    return sorted(found, key=lambda sheet: sheet.is_hidden)


@dataclass(frozen=True, slots=True)
class Lines:
    """The rows of a sheet, the cells of each as JSON on a line. `total` is how many it has; `notes`
    are for staff."""

    total: int
    notes: list[str]
    blocks: list[str]

    def __iter__(self) -> Iterator[bytes]:
        for block in self.blocks:
            yield zlib.decompress(base64.b85decode(block))


def lines_of(file: BinaryIO, sheet: str, most: int = 0) -> Lines:
    """The rows of a sheet; `most` limits them. Raises SourceError."""
    return Lines(*_called(_lines, file, sheet, most))


def _called(function: Any, file: BinaryIO, *args: Any) -> Any:
    file.seek(0)
    data = file.read(MAX_MEGABYTES * 1_000_000 + 1)
    if len(data) > MAX_MEGABYTES * 1_000_000:
        raise SourceError(
            gettext(
                "The workbook is larger than %(most)s MB. Save the sheet as CSV and import that."
            )
            % {"most": MAX_MEGABYTES}
        )
    try:
        return function(data, *args)
    except Unreadable as error:
        raise SourceError(
            gettext("The workbook cannot be read: %(error)s. Save the sheet as CSV.")
            % {"error": error}
        ) from error
    except LimitReached as error:
        raise SourceError(
            gettext(
                "The workbook cannot be read: it %(error)s. Save the sheet as CSV and import that."
            )
            % {"error": error}
        ) from error
    except Failed as error:
        raise SourceError(
            gettext("The workbook could not be read just now. Try again later.")
        ) from error


@bounded(LIMITS, raises=(Unreadable,))
def _sheets(data: bytes) -> list[tuple[str, bool]]:
    return [
        (sheet.name, sheet.visible is not SheetVisibleEnum.Visible)
        for sheet in _open(data).sheets_metadata
        if sheet.typ is SheetTypeEnum.WorkSheet
    ]


@bounded(LIMITS, raises=(Unreadable,))
def _lines(data: bytes, sheet: str, most: int) -> tuple[int, list[str], list[str]]:
    try:
        found = _open(data).get_sheet_by_name(sheet)
        blocks = list(_compressed(_as_json(found.iter_rows(), most)))
        return _height(found), error_cells(data, sheet).note(), blocks
    except (CalamineError, ValueError, KeyError) as error:
        raise Unreadable(str(error)[:200]) from error


def _height(sheet: CalamineSheet) -> int:
    """Rows from the first line to the last that is filled; `total_height` counts from 0."""
    return sheet.end[0] + 1 if sheet.end else 0


def _open(data: bytes) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(BytesIO(data))
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable(str(error)[:200]) from error


def _as_json(rows: Iterable[list[Any]], most: int) -> Iterator[str]:
    for number, row in enumerate(rows, 1):
        if most and number > most:
            return
        cells = [cell if type(cell) is str else _text(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        yield json.dumps(cells, ensure_ascii=False)


def _compressed(lines: Iterable[str]) -> Iterator[str]:
    """In parts, each of which is whole lines, so that the answer of the worker stays small."""
    waiting: list[str] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size > _BLOCK:
            yield _packed(waiting)
            waiting, size = [], 0
    yield _packed(waiting)


def _packed(lines: list[str]) -> str:
    text = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
    return base64.b85encode(zlib.compress(text, 1)).decode("ascii")


def _text(value: Any) -> str:
    """A cell as a person would write it; errors come as empty cells."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return str(int(value)) if whole else repr(value)
    if isinstance(value, dt.datetime):
        at_midnight = value.time() == dt.time()
        return value.date().isoformat() if at_midnight else value.isoformat(" ", "seconds")
    return "" if value is None else str(value)


class SheetRows:
    """The rows of a sheet from its lines of JSON, as those of a text file: a line is a row."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self._file = file
        self.blank = 0
        self.group_at = 0
        self._given_back: list[CsvRow] = []

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> CsvRow:
        if self._given_back:
            return self._given_back.pop()
        while line := self._file.readline():
            self.group_at += 1
            cells: list[str] = json.loads(line)
            if any(map(str.strip, cells)):
                problem = too_long() if max(map(len, cells)) > MAX_CELL else ""
                return CsvRow(self.group_at, self.group_at, cells, problem)
            self.blank += 1
        raise StopIteration

    def skip_to(self, line: int) -> None:
        self._given_back = [row for row in self._given_back if row.line > line]
        while self.group_at < line and self._file.readline():
            self.group_at += 1

    def header(self, header_line: int | None) -> list[str]:
        """The headings of the row, or of the first that is not empty. Raises SourceError."""
        self.skip_to((header_line or 1) - 1)
        row = next(self, None)
        if row is None:
            raise SourceError(gettext("The sheet is empty."))
        headings = [cell.strip() for cell in row.cells]
        if len(headings) > MAX_COLUMNS:
            raise SourceError(
                gettext(
                    "The first row names %(columns)s columns, and a file may have %(most)s. "
                    "Save it with those that are needed."
                )
                % {"columns": f"{len(headings):,}", "most": f"{MAX_COLUMNS:,}"}
            )
        if header_line == 0:
            self._given_back.append(row)
            return [
                gettext("Column %(number)s") % {"number": number}
                for number, _ in enumerate(headings, 1)
            ]
        return headings
