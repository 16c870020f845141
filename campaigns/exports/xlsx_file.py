"""XLSX in constant memory: rows go to a file on disk as they come.

Texts that look like something else stay texts: no formulas, no links.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import xlsxwriter
from django.utils import timezone
from xlsxwriter.worksheet import Worksheet

from campaigns.exports.tables import Cell, Row

MOST_ROWS = 1_048_575
"""Of one sheet, besides the headings; further rows come on sheets of their own."""
MOST_COLUMNS = 16_384
MOST_CHARACTERS = 32_767
"""Of a cell, counted as spreadsheets do, in UTF-16."""
MOST_DIGITS = 15
FIRST_WIDTH, OTHER_WIDTH = 34, 20
"""Characters: an address, and a date with its time, which a narrower column shows as ####."""
FIRST_DATE = dt.date(1900, 3, 1)
"""Before, spreadsheets have other dates or none."""
_PART = 1 << 16
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


class XlsxFile:
    """`rows` counts those written, `cut` the texts that are longer than a cell may be."""

    def __init__(self, path: Path, headings: Sequence[str], most_rows: int = MOST_ROWS) -> None:
        options = {**_OPTIONS, "tmpdir": str(path.parent)}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._headings = headings
        self._most_rows = most_rows
        self._bold = self._book.add_format({"bold": True})
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._sheet = self._next_sheet()
        self._at = 0
        self.rows = self.cut = 0

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if self._at == self._most_rows:
                self._let_filter()
                self._sheet, self._at = self._next_sheet(), 0
            self._at += 1
            self.rows += 1
            for column, cell in enumerate(row):
                self._write(column, cell)

    def close(self) -> None:
        """Make the file of all that was added."""
        self._let_filter()
        self._book.close()

    def discard(self) -> None:
        """Make no file. Does nothing after `close`."""
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()

    def _next_sheet(self) -> Worksheet:
        sheet = self._book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 0, FIRST_WIDTH)
        sheet.set_column(1, max(len(self._headings) - 1, 1), OTHER_WIDTH)
        for column, heading in enumerate(self._headings):
            sheet.write_string(0, column, _as_text(heading), self._bold)
        return sheet

    def _let_filter(self) -> None:
        self._sheet.autofilter(0, 0, self._at, len(self._headings) - 1)

    def _write(self, column: int, cell: Cell) -> None:
        sheet, at = self._sheet, self._at
        if isinstance(cell, bool):
            sheet.write_boolean(at, column, cell)
        elif isinstance(cell, (int, float)) and abs(cell) < 10**MOST_DIGITS:
            sheet.write_number(at, column, cell)
        elif isinstance(cell, dt.datetime):
            local = timezone.make_naive(cell).replace(microsecond=0)
            sheet.write_datetime(at, column, local, self._moment)
        elif isinstance(cell, dt.date) and cell >= FIRST_DATE:
            sheet.write_datetime(at, column, cell, self._date)
        elif cell is not None and cell != "":
            text = _as_text(str(cell))
            self.cut += len(text) < len(str(cell))
            sheet.write_string(at, column, text)


def _as_text(text: str) -> str:
    """No longer than a cell. What the library takes for a text that is formatted already, and would
    write into the file as it is, is set apart by a blank."""
    if len(text) > MOST_CHARACTERS // 2:
        encoded = text.encode("utf-16-le")[: 2 * MOST_CHARACTERS]
        text = encoded.decode("utf-16-le", "ignore")
    return f" {text}" if text.startswith("<r>") else text


@contextmanager
def temporary(headings: Sequence[str]) -> Iterator[tuple[XlsxFile, Path]]:
    """A file to be written, closed and read; it is gone afterwards."""
    with TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "export.xlsx"
        file = XlsxFile(path, headings)
        try:
            yield file, path
        finally:
            file.discard()


def parts_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_PART):
            yield part
