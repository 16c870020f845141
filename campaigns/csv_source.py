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
_LINE_END = re.compile(r"\r\n?|\n")
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
    """Cells and the physical lines of the file they stand on, from 1; `problem` if unreadable."""

    line: int
    last_line: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """An open table. `rows` starts after the header, without blank rows, and raises SourceError."""

    encoding: str
    header: list[str]
    rows: Iterator[Row]


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
    rows = _rows(lines, delimiter, lines_before)
    header = next(rows, None)
    if header is None:
        raise SourceError("The file is empty.")
    if header.problem:
        raise SourceError(f"The first row cannot be read: {header.problem}.")
    return Source(encoding, _headings(header.cells), rows)


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


def _rows(lines: _Lines, delimiter: str, lines_before: int) -> Iterator[Row]:
    # Strict: a mark that does not end its cell would take the rows after it into one cell.
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        lines.begin_row()
        first = lines_before + reader.line_num + 1
        cells: list[str] = []
        problem = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = _problem(error, first, lines_before + reader.line_num)
        if problem or any(cell.strip() for cell in cells):
            yield Row(first, lines_before + reader.line_num, cells, problem)


def _problem(error: csv.Error, first: int, last: int) -> str:
    if "expected after" not in str(error) and "unexpected end" not in str(error):
        return str(error)
    told = "a quotation mark is missing, too many, or not doubled within its cell"
    return told if first == last else f"{told}; lines {first:,} to {last:,} are left out"


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

    def begin_row(self) -> None:
        self._first = self._number + 1
        self._row_length = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._line()
        if not line:
            raise StopIteration
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
    first_line = _LINE_END.split(sample, maxsplit=1)[0]
    if named := _SEPARATOR_LINE.fullmatch(first_line):
        return named[1], 1

    def merit(delimiter: str) -> tuple[bool, int]:
        row = next(_rows(_Lines(StringIO(sample, newline=""), encoding), delimiter, 0), None)
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
