"""What a file is: its format, columns, types and first rows."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from io import BytesIO
from itertools import islice
from typing import BinaryIO

from django.utils.translation import gettext

from access.ownership import User
from campaigns.files.csv_reader import CsvRow, Layout, Source, open_table
from campaigns.files.encoding import SourceError
from campaigns.files.opt_outs.columns import Judge
from campaigns.files.row_errors import FileImportError, encoding_note
from campaigns.imports import attributes
from campaigns.imports.reading import workbooks
from campaigns.imports.reading.columns import judged_headings
from campaigns.imports.reading.sources import WORKBOOK, has_address_column, rows_in
from campaigns.imports.reading.types import MOST_CHOICES_CHOSEN, typed
from campaigns.imports.settings import ColumnSettings, ImportSettings, Understanding
from campaigns.imports.understanding import guesses
from campaigns.imports.understanding.samples import sample_of
from campaigns.models import AttributeKind

SECONDS = 20.0
"""For reading the file, however often it is tried."""
SAMPLED = 1_000
"""Rows by which types are guessed."""
SHOWN = 10
HEADER_WITHIN = 20
"""Rows among which the headings are looked for."""
SHEETS = 10
"""Of a workbook, that are looked at for addresses."""
_DELIMITERS = ",;\t|"


def understand(
    file: BinaryIO, name: str, owner: User, settings: ImportSettings | None = None
) -> Understanding:
    """Guess how to read a file of contacts. `settings` are what staff have changed: format,
    encoding, delimiter, sheet, header line and columns in them are taken as they are; empty ones
    are guessed. Call it again after each change, for the sample.

    Raises FileImportError for a file that is no table, with a message for staff.
    """
    settings = settings or ImportSettings()
    try:
        if workbooks.is_workbook(file):
            return _of_workbook(file, owner, replace(settings, format=WORKBOOK))
        return _of_text(file, owner, replace(settings, format="csv", sheet=""))
    except SourceError as error:
        raise FileImportError(str(error)) from error


def _of_workbook(file: BinaryIO, owner: User, settings: ImportSettings) -> Understanding:
    sheets = tuple(sheet.name for sheet in workbooks.sheets_of(file))
    if not sheets:
        raise SourceError(gettext("The workbook has no sheet with cells."))
    sheet = settings.sheet if settings.sheet in sheets else _sheet_of_addresses(file, sheets)
    lines = workbooks.lines_of(file, sheet, SAMPLED + HEADER_WITHIN)
    text = BytesIO(b"".join(lines))
    header_line = settings.header_line
    if header_line is None:
        found = _header_among(islice(workbooks.SheetRows(text), HEADER_WITHIN))
        header_line = found if found is not None else 1
    settings = replace(settings, sheet=sheet, header_line=header_line, encoding="", delimiter="")
    rows = workbooks.SheetRows(text)
    header = rows.header(header_line)
    total = max(lines.total - header_line, 0)
    sample = list(islice(rows, SAMPLED))
    return _understood(header, sample, owner, settings, sheets, total, lines.notes)


def _sheet_of_addresses(file: BinaryIO, sheets: tuple[str, ...]) -> str:
    """The first whose first rows name a column of addresses or have one, else the first."""
    for sheet in sheets[:SHEETS] if len(sheets) > 1 else ():
        lines = BytesIO(b"".join(workbooks.lines_of(file, sheet, HEADER_WITHIN)))
        if _header_among(workbooks.SheetRows(lines)) is not None:
            return sheet
    return sheets[0]


def _of_text(file: BinaryIO, owner: User, settings: ImportSettings) -> Understanding:
    layout = Layout(settings.delimiter, settings.header_line)
    encoding = settings.encoding or None
    ends_at = time.monotonic() + SECONDS
    if layout.header_line is None:
        layout = _found_layout(file, encoding, layout, ends_at)
    with _opened(file, encoding, layout, ends_at) as table:
        header, sample = table.header, list(islice(table.rows, SAMPLED))
        notes = encoding_note(table.encoding, encoding)
        settings = replace(
            settings,
            encoding=table.encoding,
            delimiter=table.delimiter,
            header_line=layout.header_line if layout.header_line is not None else 1,
        )
    is_all = len(sample) < SAMPLED
    total = len(sample) if is_all else max(rows_in(file) - (settings.header_line or 0), SAMPLED)
    file.seek(0)
    return _understood(header, sample, owner, settings, (), total, notes)


def _found_layout(file: BinaryIO, encoding: str | None, layout: Layout, ends_at: float) -> Layout:
    """With the first line, by any delimiter, that names a column of addresses; if there is none,
    without headings where the first row has an address, else with those of the first row."""
    first: list[tuple[int, Layout]] = []
    for delimiter in layout.delimiter or _DELIMITERS:
        tried = Layout(delimiter, 1)
        with suppress(SourceError), _opened(file, encoding, tried, ends_at) as table:
            row = CsvRow(1, 1, table.header)
            rows = [row, *islice(table.rows, HEADER_WITHIN)]
            found = _header_among(rows)
            if found:
                return Layout("" if found == 1 else delimiter, None if found == 1 else found)
            if found == 0:
                first.append((len(table.header), Layout(delimiter, 0)))
    return max(first, key=lambda each: each[0], default=(0, layout))[1]


def _opened(
    file: BinaryIO, encoding: str | None, layout: Layout, ends_at: float
) -> AbstractContextManager[Source]:
    seconds = max(ends_at - time.monotonic(), 0)
    return open_table(file, encoding, has_address_column, seconds, layout)


def _header_among(rows: Iterable[CsvRow]) -> int | None:
    """The line of the headings; 0 when the first row has an address; None when neither is so."""
    first: CsvRow | None = None
    for row in rows:
        first = first or row
        if has_address_column(row.cells):
            return row.line
    return 0 if first and any(map(guesses.is_like_an_address, first.cells)) else None


def _understood(
    header: list[str],
    sample: list[CsvRow],
    owner: User,
    settings: ImportSettings,
    sheets: tuple[str, ...],
    total: int,
    notes: list[str],
) -> Understanding:
    columns = settings.columns
    if len(columns) != len(header):
        columns = guesses.columns_of(header, sample)
        columns, told = typed(columns, [_cells(sample, n) for n, _ in enumerate(columns)])
        notes = [*notes, *told, *guesses.note_of_further_addresses(columns, sample)]
    settings = attributes.with_types(owner.pk, settings.with_columns(columns))
    settings = settings.with_columns(
        _with_choices(column, n, sample) for n, column in enumerate(settings.columns)
    )
    problems = settings.problems()
    judge = Judge(judged_headings(header))
    declared = tuple(attributes.declared_keys(owner.pk, settings))
    shown = sample_of(sample[:SHOWN], header, settings, judge, declared)
    return Understanding(
        settings=settings,
        sheets=sheets,
        sample=() if problems else tuple(shown),
        rows=total,
        notes=tuple(notes),
        problem=" ".join(problems),
        existing_kinds=declared,
    )


def _cells(sample: list[CsvRow], at: int) -> list[str]:
    return [row.cells[at] for row in sample if at < len(row.cells) and not row.problem]


def _with_choices(column: ColumnSettings, at: int, sample: list[CsvRow]) -> ColumnSettings:
    """A column that staff have made one of choices has those of its cells."""
    if column.kind != AttributeKind.CHOICE or column.choices:
        return column
    cells = [" ".join(cell.split()) for cell in _cells(sample, at)]
    by_word = {cell.casefold(): cell for cell in reversed(cells) if cell}
    found = sorted(by_word.values())[:MOST_CHOICES_CHOSEN]
    return replace(column, choices=tuple(found))
