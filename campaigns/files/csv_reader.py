"""Read tables as other programs export them: any common encoding and delimiter, rows with their
line numbers."""

from __future__ import annotations

import csv
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO, TextIOWrapper
from itertools import islice
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple, Self, TextIO

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.files import encoding as file_encoding
from campaigns.files import quoting
from campaigns.files.encoding import SourceError
from campaigns.files.quoting import QUOTE, State

MAX_ROW = 500_000
"""Characters of a row, over all of its lines: an unclosed quotation mark ends there."""
MAX_CELL = 131_072
"""Characters, as for the module csv."""
MAX_COLUMNS = 500
_SAMPLE_LINES = 20
_DELIMITERS = ",;\t|"
# Excel's own first line, with what separates the cells.
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|:^~!#$%&*/ ])"?\s*+', re.IGNORECASE)
TOOK_TOO_LONG = _(
    "The import took longer than it may in the browser, and nothing was imported. Split the file, "
    "or have it imported with manage.py, which takes files of any size."
)


def too_long() -> str:
    return gettext("a cell is longer than %(most)s characters") % {"most": f"{MAX_CELL:,}"}


class CsvRow(NamedTuple):
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
    rows: CsvRows
    delimiter: str


class Layout(NamedTuple):
    """How a table stands in its file; what is empty is found out. `header_line` counts from 1; with
    0 no line has headings, and the columns are “Column 1”, “Column 2”….
    """

    delimiter: str = ""
    header_line: int | None = None


UNKNOWN = Layout()


@contextmanager
def open_table(
    file: BinaryIO,
    encoding: str | None,
    is_header: Callable[[list[str]], bool],
    seconds: float | None = None,
    layout: Layout = UNKNOWN,
) -> Iterator[Source]:
    """Open a table; `is_header` says whether cells make sense as a header. Raises SourceError, also
    when its rows are not read within so many seconds.

    The file stays open and is read in pieces, more than once; it may be a pipe. No more than a row
    of it is ever held.
    """
    ends_at = None if seconds is None else time.monotonic() + seconds
    with rewindable(file) as source:
        file_encoding.refuse_what_is_no_text(source)
        encoding = encoding or file_encoding.detected_encoding(source)
        source.seek(0)
        try:
            text = TextIOWrapper(source, encoding=encoding, newline="")
        except LookupError as error:
            raise SourceError(
                gettext("There is no encoding called %(encoding)s.") % {"encoding": f"{encoding!r}"}
            ) from error
        try:
            yield _source(text, encoding, is_header, ends_at, layout)
        finally:
            text.detach()


def _source(
    text: TextIOWrapper,
    encoding: str,
    is_header: Callable[[list[str]], bool],
    ends_at: float | None,
    layout: Layout,
) -> Source:
    delimiter, lines_before = _delimiter(text, encoding, is_header)
    lines = _Lines(text, encoding, ends_at)
    rows = CsvRows(lines, layout.delimiter or delimiter)
    rows.skip_to(max(lines_before, (layout.header_line or 1) - 1))
    header = next(rows, None)
    if header is None:
        raise SourceError(gettext("The file is empty."))
    if header.problem:
        raise SourceError(
            gettext("The first row cannot be read: %(problem)s.") % {"problem": header.problem}
        )
    headings = _headings(header.cells)
    if layout.header_line == 0:
        headings = [
            gettext("Column %(number)s") % {"number": number}
            for number, _ in enumerate(headings, 1)
        ]
        rows.give_back(header)
    rows.width = len(header.cells)
    rows.address_at = next((n for n, name in enumerate(headings) if is_header([name])), None)
    return Source(encoding, headings, rows, layout.delimiter or delimiter)


def _headings(cells: list[str]) -> list[str]:
    """Without trailing empty ones: spreadsheets may save thousands of them."""
    headings = [cell.strip() for cell in cells]
    while not headings[-1]:
        headings.pop()
    if len(headings) > MAX_COLUMNS:
        raise SourceError(
            gettext(
                "The first row names %(columns)s columns, and a file may have %(most)s. "
                "Save it with those that are needed."
            )
            % {"columns": f"{len(headings):,}", "most": f"{MAX_COLUMNS:,}"}
        )
    return headings


class CsvRows(Iterator[CsvRow]):
    """Rows of cells, from the lines of a file: each line is part of a row, or one of `blank` lines.

    Where the meaning of quotation marks is not certain, each of the lines is a row with a
    `problem`, with what stands between its delimiters for cells: no line is lost within another.
    """

    def __init__(self, lines: _Lines, delimiter: str) -> None:
        self.blank = 0
        self.group_at = 1
        """The line where the lines begin that were last interpreted together."""
        self.width: int | None = None
        self.address_at: int | None = None
        self._lines = lines
        self._delimiter = delimiter
        self._line = 0
        self._given_back: list[CsvRow] = []
        self._marks = quoting.Marks(delimiter)
        alone = address_alone(delimiter)
        self._like_a_row = re.compile(alone)
        self._rows = self._all()

    def __next__(self) -> CsvRow:
        return self._given_back.pop() if self._given_back else next(self._rows)

    def give_back(self, row: CsvRow) -> None:
        """Have the next row be this one."""
        self._given_back.append(row)

    def skip_to(self, line: int) -> None:
        """Leave out the lines up to this one, which are whole rows; it has no effect on earlier
        ones. Works before a row is read, or after the header."""
        self._given_back = [row for row in self._given_back if row.line > line]
        while self._line < line and next(self._lines, ""):
            self._line += 1
            self._lines.begin_row()

    def _all(self) -> Iterator[CsvRow]:
        self._lines.begin_row()
        for line in self._lines:
            self._line += 1
            self.group_at = self._line
            for row in (self._bare(line),) if QUOTE not in line else self._marked(line):
                if row.problem or any(map(str.strip, row.cells)):
                    yield row
                else:
                    self.blank += 1 + row.last_line - row.line
            self._lines.begin_row()

    def _bare(self, line: str) -> CsvRow:
        cells = line.rstrip("\r\n").split(self._delimiter)
        return CsvRow(self._line, self._line, cells, _too_long(line, cells))

    def _marked(self, line: str) -> Iterable[CsvRow]:
        """The rows that begin with a line that has quotation marks."""
        first = self._line
        if cells := quoting.plainly_quoted(line, self._delimiter):
            return [CsvRow(first, first, cells, _too_long(line, cells))]
        taken, state = self._taken(line)
        if state is State.CLOSED and (row := self._proper(first, taken)):
            return [row]
        if alone := self._each_alone(taken):
            read = enumerate(zip(taken, alone, strict=True), first)
            return (CsvRow(n, n, cells, _too_long(line, cells)) for n, (line, cells) in read)
        return (self._unclear(number, first, line) for number, line in enumerate(taken, first))

    def _taken(self, line: str) -> tuple[list[str], State]:
        """The line and the continuation lines of its open cell, and how they end."""
        taken = [line]
        state, begins = self._marks.of_line(line)
        length = len(line) - begins
        while state is State.OPEN:
            following = next(self._lines, "") if length <= MAX_CELL else ""
            if not following:
                return taken, State.UNCLEAR
            taken.append(following)
            self._line += 1
            state, begins = self._marks.of_later_line(following)
            length = len(following) + (length if begins < 0 else -begins)
        return taken, state

    def _proper(self, first: int, taken: list[str]) -> CsvRow | None:
        """None when other rows may be hidden in it."""
        space = self._delimiter != " "
        reader = csv.reader(taken, delimiter=self._delimiter, strict=True, skipinitialspace=space)
        try:
            cells = next(reader)
        except csv.Error:  # a cell is too long for it
            return None
        if len(taken) == 1:
            return CsvRow(first, first, cells)
        return (
            None if self._hides_a_row(cells) else CsvRow(first, self._line, cells, "", tuple(taken))
        )

    def _each_alone(self, taken: list[str]) -> list[list[str]]:
        """The cells of each of the lines, where that is certain of all of them."""
        alone: list[list[str]] = []
        for line in taken:
            cells = quoting.cells_of(line, self._delimiter, self.width)
            if cells is None:
                return []
            alone.append(cells)
        return alone

    def _hides_a_row(self, cells: list[str]) -> bool:
        """Whether an address stands alone in a cell of several lines, as if a mark before it were
        missing. An address that is split in two hides no row: it is reported as such."""
        for position, cell in enumerate(cells):
            lines = len(cell.splitlines())
            is_broken = position == self.address_at and lines == 2 and self._delimiter not in cell
            if lines > 1 and not is_broken and self._like_a_row.search(cell):
                return True
        return False

    def _unclear(self, number: int, first: int, line: str) -> CsvRow:
        cells = quoting.bare_cells(line, self._delimiter)
        if number > first:
            within = gettext(
                "it stands after the quotation mark on line %(line)s, which is not closed"
            ) % {"line": f"{first:,}"}
            return CsvRow(number, number, cells, within if any(cells) else "")
        unclear = gettext("what its quotation marks enclose is not clear")
        return CsvRow(first, self._line, cells, _too_long(line, cells) or unclear)


def _too_long(line: str, cells: list[str]) -> str:
    return too_long() if len(line) > MAX_CELL and max(map(len, cells)) > MAX_CELL else ""


def address_alone(delimiter: str) -> str:
    """The pattern of an address that fills a cell or a line."""
    ends = rf"{re.escape(delimiter)}\r\n\""
    blanks = "[ \t]*+".replace(delimiter, "")
    return rf"(?:^|[{ends}]){blanks}[^\s@{ends}]++@[^\s@{ends}]++{blanks}(?=$|[{ends}])"


class _Lines:
    """The lines of a file. Raises SourceError for a line that cannot be decoded, is too long, or
    comes too late; a line that is too long is not read to its end."""

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
        try:
            line = self._text.readline(MAX_ROW + 1)
        except UnicodeError as error:
            raise file_encoding.invalid(self._text.buffer, self._encoding) from error
        if not line:
            raise StopIteration
        self._number += 1
        self._row_length += len(line)
        if self._row_length > MAX_ROW:
            raise SourceError(
                gettext(
                    "The row on line %(line)s is longer than %(most)s characters; perhaps a "
                    "quotation mark is not closed."
                )
                % {"line": f"{self._first:,}", "most": f"{MAX_ROW:,}"}
            )
        if self._ends_at is not None and time.monotonic() > self._ends_at:
            raise SourceError(
                gettext("%(problem)s It was at line %(line)s then.")
                % {"problem": TOOK_TOO_LONG, "line": f"{self._number:,}"}
            )
        return line


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
        row = next(CsvRows(_Lines(StringIO(sample, newline=""), encoding), delimiter), None)
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
def rewindable(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file, or a copy of one that cannot be read again, such as a pipe."""
    if file.seekable():
        yield file
        return
    with TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        yield copy
