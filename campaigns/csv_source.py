"""Tables as people really export them: any usual encoding and delimiter, rows with their lines."""

from __future__ import annotations

import codecs
import csv
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO, TextIOWrapper
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple

_CHUNK = 1 << 16  # bytes
_SAMPLE = 1 << 20  # bytes
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # Excel's own first line
_NOT_TEXT = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF file",
}
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")


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
    file: BinaryIO, encoding: str | None, is_header: Callable[[list[str]], bool]
) -> Iterator[Source]:
    """Open a table; `is_header` says whether cells make sense as a header. Raises SourceError.

    The file stays open and is read in pieces, more than once; it may be a pipe.
    """
    with _rewindable(file) as rewindable:
        _refuse_what_is_no_text(rewindable)
        encoding = encoding or _detected_encoding(rewindable)
        rewindable.seek(0)
        try:
            text = TextIOWrapper(rewindable, encoding=encoding, newline="")
        except LookupError as error:
            raise SourceError(f"There is no encoding called {encoding!r}.") from error
        try:
            yield _source(text, encoding, is_header)
        finally:
            text.detach()


def _refuse_what_is_no_text(file: BinaryIO) -> None:
    file.seek(0)
    start = file.read(8)
    for signature, what in _NOT_TEXT.items():
        if start.startswith(signature):
            raise SourceError(f"The file is {what}. Open it, and save the table in it as CSV.")


def _source(text: TextIOWrapper, encoding: str, is_header: Callable[[list[str]], bool]) -> Source:
    lines = _explained(text, encoding)
    delimiter, lines_before = _delimiter(text, encoding, is_header)
    for _ in range(lines_before):
        next(lines)
    rows = _rows(lines, delimiter, lines_before)
    header = next(rows, None)
    if header is None:
        raise SourceError("The file is empty.")
    if header.problem:
        raise SourceError(f"The first row cannot be read: {header.problem}.")
    return Source(encoding, [cell.strip() for cell in header.cells], rows)


def _rows(lines: Iterator[str], delimiter: str, lines_before: int) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        first = lines_before + reader.line_num + 1
        cells: list[str] = []
        problem = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = str(error)
        if problem or any(cell.strip() for cell in cells):
            yield Row(first, lines_before + reader.line_num, cells, problem)


def _explained(text: TextIOWrapper, encoding: str) -> Iterator[str]:
    """The lines; what cannot be decoded is a SourceError."""
    try:
        yield from iter(text.readline, "")  # from the file itself, it would close it at the end
    except UnicodeError as error:
        raise SourceError(
            f"The file is not valid {encoding}: {error}. Save it as UTF-8, or name its encoding."
        ) from error


def _delimiter(
    text: TextIOWrapper, encoding: str, is_header: Callable[[list[str]], bool]
) -> tuple[str, int]:
    """The delimiter, and how many lines there are before the table that only name it."""
    sample = "".join(line for line, _ in zip(_explained(text, encoding), range(20), strict=False))
    text.seek(0)
    first_line, _, _ = sample.partition("\n")
    if named := _SEPARATOR_LINE.fullmatch(first_line):
        return named[1], 1

    def merit(delimiter: str) -> tuple[bool, int]:
        row = next(_rows(StringIO(sample, newline=""), delimiter, 0), None)
        cells = row.cells if row else []
        return is_header(cells), len(cells)

    return max(_DELIMITERS, key=merit), 0


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
