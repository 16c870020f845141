"""Open a file of contacts, and read its pieces from where an import is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from django.utils.translation import gettext

from campaigns.files.contact_columns import known_column
from campaigns.files.csv_reader import MAX_CELL, Layout, open_table
from campaigns.files.encoding import SourceError
from campaigns.files.import_table import refuse_without_addresses
from campaigns.files.row_errors import encoding_note
from campaigns.imports.reading import workbooks
from campaigns.imports.reading.columns import by_headings
from campaigns.imports.reading.pieces import Pieces, Rows
from campaigns.imports.settings import ImportSettings

WORKBOOK = "xlsx"
_BEGINNING = 1 << 20  # bytes
_BYTES = 4
"""The most of a character."""
_BEFORE_A_CELL = b",;\t|\n\r\0 "
"""The last byte of what comes before; nothing does between two marks, which are one in a cell."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file with its headings; `settings` have columns for all of them. `total` is about how many
    rows there are."""

    header: list[str]
    rows: Rows
    settings: ImportSettings
    notes: list[str]
    total: int | None = None

    def pieces(self, position: dict[str, Any]) -> Pieces:
        return Pieces(self.rows, self.header, self.settings, position)


def has_address_column(header: list[str]) -> bool:
    return any(known_column(heading) == "email" for heading in header)


@contextmanager
def opened(
    file: BinaryIO, settings: ImportSettings, seconds: float | None = None
) -> Iterator[Opened]:
    """Open a file by its settings; without columns in them, by its headings. Raises SourceError,
    also when the rows are not read within so many seconds."""
    if settings.format == WORKBOOK:
        with _opened_workbook(file, settings) as workbook:
            yield workbook
        return
    layout = Layout(settings.delimiter, settings.header_line)
    with open_table(file, settings.encoding or None, has_address_column, seconds, layout) as table:
        notes = encoding_note(table.encoding, settings.encoding or None)
        settings = _complete(settings, table.header)
        table.rows.address_at = settings.address_at
        yield Opened(table.header, table.rows, settings, notes)


@contextmanager
def _opened_workbook(file: BinaryIO, settings: ImportSettings) -> Iterator[Opened]:
    sheet = settings.sheet or workbooks.sheets_of(file)[0].name
    with TemporaryFile() as lines:
        found = workbooks.lines_of(file, sheet)
        lines.writelines(found)
        rows = workbooks.SheetRows(lines)
        header = rows.header(settings.header_line)
        yield Opened(header, rows, _complete(settings, header), found.notes, found.total)


def _complete(settings: ImportSettings, header: list[str]) -> ImportSettings:
    if not settings.columns:
        refuse_without_addresses(header, has_address_column, gettext("email addresses"))
        settings = settings.with_columns(by_headings(header))
    _refuse_other_columns(header, settings)
    return settings


def _refuse_other_columns(header: list[str], settings: ImportSettings) -> None:
    if len(settings.columns) != len(header):
        raise SourceError(
            gettext(
                "The file has %(columns)s columns, and %(described)s were described. Look at the "
                "file again."
            )
            % {"columns": f"{len(header):,}", "described": f"{len(settings.columns):,}"}
        )


def rows_in(file: BinaryIO) -> int:
    """About how many rows a text file has: its lines, of which as many go on within a cell as do in
    its beginning."""
    file.seek(0)
    beginning = file.read(_BEGINNING)
    whole, lines = _outside_of_cells(beginning), _ends(beginning)
    share = whole / lines if lines else 1.0
    while block := file.read(_BEGINNING):
        lines += _ends(block)
    return max(round(lines * share), 1)


def _ends(block: bytes) -> int:
    """Of lines. Where they end with two characters, it is one end."""
    return max(block.count(b"\n"), block.count(b"\r"))


def _outside_of_cells(block: bytes) -> int:
    """The ends of lines that are not within quotation marks. A mark within a cell stands for
    itself, and so does one before what is longer than a cell can be."""
    ends, is_within = 0, False
    for part in block.split(b'"'):
        is_within = is_within and len(part) <= MAX_CELL * _BYTES
        ends += 0 if is_within else _ends(part)
        is_within = not is_within and part[-1:] in _BEFORE_A_CELL
    return ends
