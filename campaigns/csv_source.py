"""Tables as people really export them: any usual encoding and delimiter, rows with their lines."""

from __future__ import annotations

import codecs
import csv
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO, TextIOWrapper
from itertools import islice
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple, Self, TextIO

from campaigns import quoting

MAX_ROW = 500_000
"""Characters of a row, over all of its lines: a quotation mark that is not closed ends there."""
MAX_COLUMNS = 500
_SAMPLE_LINES = 20
_CHUNK = 1 << 16  # bytes
_SAMPLE = 1 << 20  # bytes
_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",  # begins as that of UTF-16 does
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DELIMITERS = ",;\t|"
# Excel's own first line, with what separates the cells.
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|:^~!#$%&*/ ])"?\s*+', re.IGNORECASE)
_NOT_TEXT = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF file",
}
TOOK_TOO_LONG = (
    "The import took longer than it may in the browser, and nothing was imported. Split the file, "
    "or have it imported with manage.py, which takes files of any size."
)
_HIGH_BYTES = re.compile(rb"[\x80-\xff]++")


class SourceError(Exception):
    """The file cannot be read as a table at all; the message is for staff."""


class Row(NamedTuple):
    """Cells and the physical lines of the file they stand on, from 1; `problem` if unreadable.
    `raw` are the lines themselves where there are several.
    """

    line: int
    last_line: int
    cells: list[str]
    problem: str = ""
    raw: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """An open table. `rows` starts after the header, without blank rows, and raises SourceError."""

    encoding: str
    header: list[str]
    rows: Rows
    delimiter: str


@contextmanager
def open_table(
    file: BinaryIO,
    encoding: str | None,
    is_header: Callable[[list[str]], bool],
    seconds: float | None = None,
) -> Iterator[Source]:
    """Open a table; `is_header` says whether cells make sense as a header. Raises SourceError, also
    when its rows are not read within so many seconds.

    The file stays open and is read in pieces, more than once; it may be a pipe. No more than a row
    of it is ever held.
    """
    ends_at = None if seconds is None else time.monotonic() + seconds
    with _rewindable(file) as rewindable:
        _refuse_what_is_no_text(rewindable)
        encoding = encoding or _detected_encoding(rewindable)
        rewindable.seek(0)
        try:
            text = TextIOWrapper(rewindable, encoding=encoding, newline="")
        except LookupError as error:
            raise SourceError(f"There is no encoding called {encoding!r}.") from error
        try:
            yield _source(text, encoding, is_header, ends_at)
        finally:
            text.detach()


def _refuse_what_is_no_text(file: BinaryIO) -> None:
    file.seek(0)
    start = file.read(8)
    for signature, what in _NOT_TEXT.items():
        if start.startswith(signature):
            raise SourceError(f"The file is {what}. Open it, and save the table in it as CSV.")


def _source(
    text: TextIOWrapper,
    encoding: str,
    is_header: Callable[[list[str]], bool],
    ends_at: float | None,
) -> Source:
    delimiter, lines_before = _delimiter(text, encoding, is_header)
    lines = _Lines(text, encoding, ends_at)
    for _ in range(lines_before):
        next(lines)
    rows = Rows(lines, delimiter, lines_before)
    header = next(rows, None)
    if header is None:
        raise SourceError("The file is empty.")
    if header.problem:
        raise SourceError(f"The first row cannot be read: {header.problem}.")
    headings = _headings(header.cells)
    rows.width = len(header.cells)
    rows.address_at = next((n for n, name in enumerate(headings) if is_header([name])), None)
    return Source(encoding, headings, rows, delimiter)


def _headings(cells: list[str]) -> list[str]:
    """Without those at the end that say nothing: spreadsheets may save thousands of them."""
    headings = [cell.strip() for cell in cells]
    while not headings[-1]:
        headings.pop()
    if len(headings) > MAX_COLUMNS:
        raise SourceError(
            f"The first row names {len(headings):,} columns, and a file may have {MAX_COLUMNS:,}. "
            "Save it with those that are needed."
        )
    return headings


class Rows(Iterator[Row]):
    """Rows of cells, from the lines of a file: each line is part of a row, or one of `blank`.

    Where the meaning of quotation marks is not certain, each of the lines is a row with a
    `problem`, with what stands between its delimiters for cells: no line is lost within another.
    """

    def __init__(self, lines: _Lines, delimiter: str, lines_before: int) -> None:
        self.blank = 0
        self.width: int | None = None
        self.address_at: int | None = None
        self._lines = lines
        self._delimiter = delimiter
        self._line = lines_before
        self._reader = csv.reader(
            lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != " "
        )
        self._like_a_row = _address_alone(delimiter)
        self._rows = self._all()

    def __next__(self) -> Row:
        return next(self._rows)

    def _all(self) -> Iterator[Row]:
        while True:
            self._lines.begin_row()
            cells, problem = self._cells()
            taken = self._lines.taken
            if not taken:
                return
            first = self._line + 1
            self._line += len(taken)
            for row in self._understood(first, taken, cells, problem):
                if row.problem or any(cell.strip() for cell in row.cells):
                    yield row
                else:
                    self.blank += 1

    def _cells(self) -> tuple[list[str], str]:
        try:
            return next(self._reader, []), ""
        except csv.Error as error:
            return [], str(error)

    def _understood(
        self, first: int, taken: list[str], cells: list[str], problem: str
    ) -> Iterator[Row]:
        if not problem and self._is_clear(taken, cells):
            raw = tuple(taken) if len(taken) > 1 else ()
            yield Row(first, self._line, cells, "", raw)
            return
        alone = self._each_alone(taken)
        for number, line in enumerate(taken, first):
            if alone:
                yield Row(number, number, alone[number - first])
            else:
                yield self._unclear(number, first, line, problem)

    def _each_alone(self, taken: list[str]) -> list[list[str]]:
        """The cells of each of the lines, where that is certain of all of them."""
        text = "".join(taken)
        if quoting.QUOTE not in text or len(text) > csv.field_size_limit():
            return []
        alone: list[list[str]] = []
        for line in taken:
            cells = self._alone(line)
            if cells is None:
                return []
            alone.append(cells)
        return alone

    def _is_clear(self, taken: list[str], cells: list[str]) -> bool:
        text = "".join(taken)
        if quoting.QUOTE not in text:
            return True
        if quoting.is_proper(text, self._delimiter):
            return len(taken) == 1 or not self._hides_a_row(cells)
        # A single mark, such as that of inches.
        fits = self.width in (None, len(cells))
        return fits and len(taken) == 1 and text.count(quoting.QUOTE) == 1

    def _hides_a_row(self, cells: list[str]) -> bool:
        """Whether an address stands alone in a cell of several lines, as if a mark before it were
        missing. An address that is broken in two hides none: it is told as what it is.
        """
        for position, cell in enumerate(cells):
            lines = len(cell.splitlines())
            is_broken = position == self.address_at and lines == 2 and self._delimiter not in cell
            if lines > 1 and not is_broken and self._like_a_row.search(cell):
                return True
        return False

    def _alone(self, line: str) -> list[str] | None:
        """The cells of a line that is a row for itself; None where that is not certain."""
        if quoting.QUOTE in line:
            return quoting.cells_of(line, self._delimiter, self.width)
        cells = line.rstrip("\r\n").split(self._delimiter)
        return cells if self.width in (None, len(cells)) else None

    def _unclear(self, number: int, first: int, line: str, problem: str) -> Row:
        cells = quoting.bare_cells(line, self._delimiter)
        if number > first:
            within = f"it stands after the quotation mark on line {first:,}, which is not closed"
            return Row(number, number, cells, within if any(cells) else "")
        what = "what its quotation marks enclose is not clear"
        known = problem if quoting.QUOTE not in line else what
        return Row(first, self._line, cells, known)


def _address_alone(delimiter: str) -> re.Pattern[str]:
    """An address that has a cell or a line for itself."""
    ends = rf"{re.escape(delimiter)}\r\n\""
    blanks = "[ \t]*+".replace(delimiter, "")
    return re.compile(rf"(?:^|[{ends}]){blanks}[^\s@{ends}]++@[^\s@{ends}]++{blanks}(?=$|[{ends}])")


class _Lines:
    """The lines of a file. What cannot be decoded, is too long, or comes too late is a SourceError;
    none that is too long is read to its end.
    """

    def __init__(self, text: TextIO, encoding: str, ends_at: float | None = None) -> None:
        self._text = text
        self._encoding = encoding
        self._ends_at = ends_at
        self._number = 0
        self._first = 1
        self._row_length = 0
        self.taken: list[str] = []
        """Those of the present row."""

    def begin_row(self) -> None:
        self._first = self._number + 1
        self._row_length = 0
        self.taken = []

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._line()
        if not line:
            raise StopIteration
        self.taken.append(line)
        self._number += 1
        self._row_length += len(line)
        if self._row_length > MAX_ROW:
            raise SourceError(
                f"The row on line {self._first:,} is longer than {MAX_ROW:,} characters; perhaps a "
                "quotation mark is not closed."
            )
        if self._ends_at is not None and time.monotonic() > self._ends_at:
            raise SourceError(f"{TOOK_TOO_LONG} It was at line {self._number:,} then.")
        return line

    def _line(self) -> str:
        try:
            return self._text.readline(MAX_ROW + 1)
        except UnicodeError as error:
            raise SourceError(
                f"The file is not valid {self._encoding}: {error}. Save it as UTF-8, or name its "
                "encoding."
            ) from error


def _delimiter(
    text: TextIOWrapper, encoding: str, is_header: Callable[[list[str]], bool]
) -> tuple[str, int]:
    """The delimiter, and how many lines there are before the table that only name it."""
    sample = _sample(_Lines(text, encoding))
    text.seek(0)
    first_line = StringIO(sample, newline="").readline()
    if named := _SEPARATOR_LINE.fullmatch(first_line):
        return named[1], 1

    def merit(delimiter: str) -> tuple[bool, int]:
        row = next(Rows(_Lines(StringIO(sample, newline=""), encoding), delimiter, 0), None)
        cells = row.cells if row else []
        return is_header(cells[:MAX_COLUMNS]), len(cells)

    return max(_DELIMITERS, key=merit), 0


def _sample(lines: _Lines) -> str:
    sample: list[str] = []
    for line in islice(lines, _SAMPLE_LINES):
        sample.append(line)
        lines.begin_row()
        if sum(map(len, sample)) >= MAX_ROW:
            break
    return "".join(sample)[:MAX_ROW]


@contextmanager
def _rewindable(file: BinaryIO) -> Iterator[BinaryIO]:
    if file.seekable():
        yield file
        return
    with TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        yield copy


def _detected_encoding(file: BinaryIO) -> str:
    """By byte order mark, else the first of UTF-16, UTF-8, GB18030 and Windows-1252 that fits the
    file.
    """
    file.seek(0)
    start = file.read(_SAMPLE)
    for bom, encoding in _BOMS.items():
        if start.startswith(bom):
            return encoding
    if encoding := _unmarked_utf16(start):
        return encoding
    if _is_valid(file, "utf-8"):
        return "utf-8"
    if _looks_chinese(start) and _is_valid(file, "gb18030"):
        return "gb18030"
    return "cp1252"


def _unmarked_utf16(sample: bytes) -> str:
    """UTF-16 without a byte order mark, by the empty halves of its ASCII characters; else ""."""
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        empty, other = sample[first::2].count(0), sample[1 - first :: 2].count(0)
        if empty * 8 > len(sample) and empty > 8 * other:
            return encoding
    return ""


def _is_valid(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(sample: bytes) -> bool:
    """Most Western text is valid GB18030 too, but its accents stand alone between ASCII letters."""
    lengths = [len(run) for run in _HIGH_BYTES.findall(sample)]
    pairs = sum(1 for length in lengths if length % 2 == 0)
    return pairs * 2 > len(lengths)
