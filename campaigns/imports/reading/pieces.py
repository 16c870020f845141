"""Rows of a file in pieces that are merged one at a time; nothing here uses the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from addressing.addresses import AddressError, normalise
from campaigns.files import time_limits
from campaigns.files.composite_cells import address_of
from campaigns.files.csv_reader import CsvRow
from campaigns.files.encoding import SourceError
from campaigns.files.opt_outs.columns import Judge, KeptOut
from campaigns.files.row_errors import LineProblem, Problems, RowError, shortened
from campaigns.files.suppression_import import MAX_SOURCE
from campaigns.imports.reading.columns import is_own_file, judged_headings, own_cells
from campaigns.imports.reading.rows import Row, RowReader
from campaigns.imports.reading.staging import StagedRow, Stager, without_unused
from campaigns.imports.report import ImportReport
from campaigns.imports.settings import ImportSettings, Meaning
from campaigns.models.contacts import SuppressionReason

ROWS = 6_000
"""Rows of a piece, about; those that are rejected count, too."""
CHARACTERS = 10_000_000
"""Of the cells of a piece, after which it ends early."""
ALL_OF_A_PIECE = CHARACTERS
"""Problems, for the files of them: there are fewer than characters."""
MAX_TAG_NAMES = 10_000  # of a file
STILL = _("The contact exists and is still mailed: suppress or delete it if it must not be.")


class Rows(Protocol):
    """Rows with their lines. Those that were interpreted together have one `group_at`, the line
    where they begin: between two groups, reading may be interrupted."""

    blank: int
    group_at: int

    def __iter__(self) -> Iterator[CsvRow]: ...

    def __next__(self) -> CsvRow: ...

    def skip_to(self, line: int) -> None: ...


class Suppressed(NamedTuple):
    line: int
    reason: SuppressionReason
    told: str


class KeptOutRow(NamedTuple):
    """A row that makes no contact and changes none."""

    line: int
    email: str
    told: str


class RefusedRow(NamedTuple):
    """A row for the file of rejected rows."""

    line: int
    reason: str
    cells: list[str]


@dataclass(slots=True)
class Piece:
    """Rows by address, each with what further rows of the address add; `further` are those, by line
    and address. `tags` are the names by their numbers in the rows.
    `report` is what is known of the
    rows so far, `position` where the next begin.
    """

    rows: dict[str, StagedRow] = field(default_factory=dict)
    tags: list[str | None] = field(default_factory=list)
    further: list[tuple[int, str]] = field(default_factory=list)
    suppressed: dict[str, Suppressed] = field(default_factory=dict)
    kept_out: list[KeptOutRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    report: ImportReport = field(
        default_factory=lambda: ImportReport(
            ignored=Problems(most=ALL_OF_A_PIECE), suppressed=Problems(most=ALL_OF_A_PIECE)
        )
    )
    read: int = 0
    position: dict[str, Any] = field(default_factory=dict)
    is_last: bool = False

    def forget(self, erased: set[str], reason: str) -> None:
        """Reject the rows of erased addresses; what they say is not kept."""
        lines = [(row.line, email) for email, row in self.rows.items() if email in erased]
        lines += [each for each in self.further if each[1] in erased]
        self._forget_lines(
            {
                *(line for line, _ in lines),
                *(row.line for row in self.kept_out if row.email in erased),
                *(row.line for email, row in self.suppressed.items() if email in erased),
            }
        )
        for line, email in sorted(lines):
            self.report.reject(LineProblem(line, email, reason))
            self.refused.append(RefusedRow(line, reason, []))
        self.report.met["erased"] += len(lines)
        self.rows = {email: row for email, row in self.rows.items() if email not in erased}
        self.tags = without_unused(self.tags, self.rows.values())
        self.further = [each for each in self.further if each[1] not in erased]
        self.kept_out = [row for row in self.kept_out if row.email not in erased]
        for email in erased:
            self.suppressed.pop(email, None)

    def _forget_lines(self, lines: set[int]) -> None:
        """In what is said of rows, and in the file of rejected rows."""
        report = self.report
        for problems in (report.ignored, report.kept_out, report.suppressed):
            problems.forget(lines)
        self.refused = [
            row._replace(cells=[]) if row.line in lines else row for row in self.refused
        ]


class Pieces:
    """Reads pieces from rows. What it must remember to go on after a piece is in its `position`."""

    def __init__(
        self, rows: Rows, header: list[str], settings: ImportSettings, position: dict[str, Any]
    ) -> None:
        self._rows, self._header, self._settings = rows, header, settings
        self._reader = RowReader(settings)
        self._is_own = is_own_file(header)
        self._judge = Judge(judged_headings(header))
        self._names: set[str] = set()
        self._seen_names: set[str] = set()
        self._line = position.get("line", 0)
        self._has_json = any(each.meaning is Meaning.ATTRIBUTES for each in settings.columns)
        self._read: dict[str, Row] = {}
        """Those of the piece: further rows add to them."""
        self._ignored_at = {
            n for n, column in enumerate(settings.columns) if column.meaning is Meaning.IGNORED
        }
        self._nameless_at = {n for n in self._ignored_at if not settings.columns[n].heading}
        self._resume(position)

    def _resume(self, position: dict[str, Any]) -> None:
        for key in position.get("grows", ()):
            self._reader.choices[key].may_grow = True
        if "line" in position:
            self._rows.skip_to(position["line"])
            self._rows.blank = position["blank"]
            self._names = set(position["names"])
            self._judge.resume(position["judge"])
        for key, choices in position.get("choices", {}).items():
            for choice in choices:
                self._reader.choices[key].choose(choice)

    def __iter__(self) -> Iterator[Piece]:
        """At least one piece, the last of which says so. Raises SourceError."""
        piece, size = Piece(), 0
        for row in time_limits.kept_alive(self._rows):
            is_full = piece.read >= ROWS or size >= CHARACTERS
            if is_full and row.line == self._rows.group_at:
                self._end(piece, row.line - 1)
                yield piece
                piece, size = Piece(), 0
            piece.read += 1
            size += sum(map(len, row.cells))
            self._take(piece, row)
        self._end(piece, -1)
        piece.is_last = True
        piece.report.blank = self._rows.blank
        piece.report.notes += self._judge.notes()
        yield piece

    def _end(self, piece: Piece, line: int) -> None:
        stager = Stager(self._has_json)
        piece.rows = {email: stager.staged(row) for email, row in self._read.items()}
        piece.tags = list(stager.names)
        self._read.clear()
        piece.position = {
            "line": line,
            "blank": self._rows.blank,
            "names": sorted(self._names),
            "judge": self._judge.state(),
            "choices": {
                key: list(choices.known.values())
                for key, choices in self._reader.choices.items()
                if choices.may_grow
            },
            "grows": [key for key, each in self._reader.choices.items() if each.may_grow],
        }

    def _take(self, piece: Piece, row: CsvRow) -> None:
        if self._is_own:
            row = row._replace(cells=own_cells(self._header, row.cells))
        kept_out = self._judge.kept_out(self._reader.judged(row.cells))
        try:
            read = self._reader.read(row)
        except RowError as error:
            problem = error.at(row)
            piece.report.reject(problem)
            piece.refused.append(RefusedRow(row.line, problem.reason, row.cells))
            if kept_out:
                self._heed_rejected(piece, row, kept_out)
            return
        if kept_out and not self._comes_in(piece, row, read.email, kept_out):
            return
        self._count_names(read)
        self._report_ignored(piece, row, read)
        first = self._read.setdefault(read.email, read)
        if first is not read:
            first.add(read)
            piece.further.append((read.line, read.email))

    def _comes_in(self, piece: Piece, row: CsvRow, email: str, kept_out: KeptOut) -> bool:
        may_suppress = self._settings.may_suppress
        if kept_out.reason and may_suppress:
            _suppress(piece, row.line, email, kept_out)
            return True
        reason = kept_out.explain(may_suppress)
        piece.report.kept_out.add(LineProblem(row.line, email, reason))
        piece.refused.append(RefusedRow(row.line, reason, row.cells))
        piece.kept_out.append(_outsider(row.line, email, reason))
        return False

    def _heed_rejected(self, piece: Piece, row: CsvRow, kept_out: KeptOut) -> None:
        """A row that is invalid in another cell still says that its person must not be mailed.
        Where its quotation marks are unclear, the cell may be another one: it is reported, not
        applied."""
        try:
            email = normalise(address_of(row.cells[self._reader.address_at])[0])
        except (AddressError, IndexError):
            return
        reason = gettext("%(said)s, and the row was rejected.") % {"said": kept_out.quoted}
        piece.kept_out.append(_outsider(row.line, email, reason))
        if kept_out.reason and self._settings.may_suppress and not row.problem:
            _suppress(piece, row.line, email, kept_out)

    def _count_names(self, read: Row) -> None:
        if self._seen_names.issuperset(read.tags):
            return
        for name in read.tags:
            self._seen_names.add(name)
            self._names.add(_tag_key(name))
        if len(self._names) > MAX_TAG_NAMES:
            raise SourceError(
                gettext(
                    "The file names more than %(most)s tags; on line %(line)s is one too "
                    "many. Is the column of tags the right one?"
                )
                % {"most": f"{MAX_TAG_NAMES:,}", "line": f"{read.line:,}"}
            )

    def _report_ignored(self, piece: Piece, row: CsvRow, read: Row) -> None:
        if read.left_out:
            for value, reason in read.left_out:
                piece.report.ignored.add(LineProblem(row.line, shortened(value), reason))
            reasons = " ".join(reason for _, reason in read.left_out)
            piece.refused.append(RefusedRow(row.line, reasons, row.cells))
        if not self._nameless_at and len(row.cells) <= len(self._header):
            return
        for number, cell in enumerate(row.cells):
            is_nameless = number >= len(self._header) or number in self._nameless_at
            if is_nameless and cell.strip():
                told = gettext("The cell has no column heading.")
                piece.report.ignored.add(LineProblem(row.line, shortened(cell), told))


def _tag_key(name: str) -> str:
    return blake2b(name.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _outsider(line: int, email: str, reason: str) -> KeptOutRow:
    return KeptOutRow(line, email, f"{reason} {STILL}".replace("\0", "␀"))


def _suppress(piece: Piece, line: int, email: str, kept_out: KeptOut) -> None:
    """The most severe reason of an address counts; of several, the first."""
    assert kept_out.reason is not None
    piece.report.suppressed.add(LineProblem(line, email, kept_out.explain()))
    before = piece.suppressed.get(email)
    is_worse = kept_out.reason != SuppressionReason.UNSUBSCRIBED
    if before is None or (before.reason == SuppressionReason.UNSUBSCRIBED and is_worse):
        said = gettext("import: %(said)s") % {"said": kept_out.told}
        told = said.replace("\0", "␀")[:MAX_SOURCE]
        piece.suppressed[email] = Suppressed(line, kept_out.reason, told)
