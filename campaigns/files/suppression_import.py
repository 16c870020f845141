"""Import addresses and domains that must not be mailed: all valid rows or none; invalid rows are
reported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext

from campaigns import erased_keys, erasure_lock, suppressions, wording
from campaigns.files import quoting, time_limits
from campaigns.files.contact_columns import folded, known_column
from campaigns.files.csv_reader import CsvRow, Source
from campaigns.files.formulas import unescaped
from campaigns.files.import_table import RowsReport, import_table, refuse_without_addresses
from campaigns.files.opt_outs.columns import Judge
from campaigns.files.row_errors import (
    LineProblem,
    RowError,
    blank_note,
    encoding_note,
    refuse_unreadable,
    shortened,
    text_of,
)
from campaigns.models import Suppression
from campaigns.models.contacts import DOMAIN_REFUSED, SuppressionReason, is_domain

MAX_SOURCE = 200  # characters, as Suppression.source
_BATCH = 5_000  # rows
_ADDRESS_HEADINGS = {"domain", "address", "emailordomain", "addressordomain", "recipient"}
_ERASED_KEY = re.compile(rf"{erased_keys.MARK}[0-9a-f]{{64}}")
_R = SuppressionReason
_REASONS = {
    _R.UNSUBSCRIBED: ["unsubscribed", "unsubscribe", "unsub", "optout", "abgemeldet"],
    _R.HARD_BOUNCE: ["hardbounce", "bounce", "bounced", "hard", "invalid", "permanent"],
    _R.SOFT_BOUNCES: ["softbounces", "softbounce", "softbouncesinarow"],
    _R.COMPLAINT: ["complaint", "complained", "spam", "spamcomplaint", "spamreport", "abuse"],
    _R.MANUAL: ["manual", "addedbystaff"],
}
_BY_WORD = {word: reason for reason, words in _REASONS.items() for word in words}

# pg_temp by name: a table of the project that happened to be called the same is never touched.
CREATE = """
DROP TABLE IF EXISTS pg_temp.suppression_import;
CREATE TEMPORARY TABLE suppression_import (line bigint, email text, reason text, source text)
    ON COMMIT DROP
"""
COPY = "COPY pg_temp.suppression_import (line, email, reason, source) FROM STDIN"
# The first row of an address counts. In the order of the addresses, so that concurrent imports wait
# for each other instead of deadlocking.
MERGE = f"""
WITH merged AS (
    INSERT INTO campaigns_suppression AS s (email, reason, source)
    SELECT DISTINCT ON (email) email, reason, source FROM pg_temp.suppression_import
    ORDER BY email, line
    {suppressions.WORSENED_SQL}
    RETURNING s.xmax = 0 AS added
)
SELECT (SELECT count(*) FROM pg_temp.suppression_import),
       (SELECT count(DISTINCT email) FROM pg_temp.suppression_import),
       count(*) FILTER (WHERE added), count(*) FROM merged
"""


@dataclass(slots=True)
class SuppressionReport(RowsReport):
    """What became of every row: one of four counts, or in `rejected`.

    `updated` are those that had only unsubscribed and have a worse reason now; `ignored` are other
    addresses. `salvaged` addresses stand in lines whose quotation marks are wrong, or within cells:
    they are suppressed, too, because that is the safe mistake.
    """

    added: int = 0
    updated: int = 0
    known: int = 0
    salvaged: int = 0

    @property
    def accepted(self) -> int:
        return self.added + self.updated + self.known

    def explain(self) -> str:
        return gettext(
            "%(added)s suppressed, %(updated)s with a worse reason than before, %(known)s "
            "already on the list, %(duplicates)s, %(rejected)s rejected."
        ) % {
            "added": wording.addresses(self.added),
            "updated": f"{self.updated:,}",
            "known": f"{self.known:,}",
            "duplicates": wording.duplicates(self.duplicates),
            "rejected": wording.rows(len(self.rejected)),
        }


class Columns(NamedTuple):
    """The position of each column in a row; None for a column that the file lacks."""

    email: int
    reason: int | None
    source: int | None
    has_domains: bool


class Entry(NamedTuple):
    line: int
    email: str
    reason: str
    source: str


def import_suppressions(
    file: BinaryIO,
    *,
    reason: SuppressionReason = SuppressionReason.MANUAL,
    source: str = "",
    encoding: str | None = None,
    seconds: float | None = None,
    domains: bool = False,
) -> SuppressionReport:
    """Import a CSV file in one transaction; raises FileImportError and then has changed nothing:
    also when its rows are not read within so many seconds.

    `reason` and `source` are for rows that do not say. Without `encoding` it is detected. Rows with
    whole domains are rejected unless `domains` says that the user may suppress them.
    """
    report = SuppressionReport()
    with import_table(file, encoding, _has_address_column, seconds) as table:
        columns = _columns(table.header)
        report.notes += encoding_note(table.encoding, encoding)
        default = Entry(0, "", str(reason), source)
        entries = _good_rows(table, columns, default, report)
        _store(entries if domains else _without_domains(entries, report), report)
        report.notes += blank_note(table.rows.blank) + _salvage_note(report.salvaged)
    return report


def _store(entries: Iterator[Entry], report: SuppressionReport) -> None:
    erasure_lock.begin()
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        while batch := list(islice(entries, _BATCH)):
            known = suppressions.erased_among([entry.email for entry in batch])
            report.known += len(known)
            time_limits.copy_rows(COPY, (entry for entry in batch if entry.email not in known))
        cursor.execute(MERGE)
        rows, addresses, added, touched = cursor.fetchone()
    report.added, report.updated = added, touched - added
    report.known += addresses - touched
    report.duplicates = rows - addresses


def _is_address_column(heading: str) -> bool:
    return known_column(heading) == "email" or folded(heading) in _ADDRESS_HEADINGS


def _has_address_column(header: list[str]) -> bool:
    return any(_is_address_column(heading) for heading in header)


def _columns(header: list[str]) -> Columns:
    """Raises SourceError when there are no addresses."""
    refuse_without_addresses(header, _has_address_column, gettext("addresses or domains"))
    names = [folded(heading) for heading in header]
    address = next(n for n, heading in enumerate(header) if _is_address_column(heading))
    reason, source = _position(names, "reason"), _position(names, "source")
    return Columns(address, reason, source, "domain" in names[address])


def _position(names: list[str], name: str) -> int | None:
    return names.index(name) if name in names else None


def _good_rows(
    table: Source, columns: Columns, default: Entry, report: SuppressionReport
) -> Iterator[Entry]:
    judge = Judge(["" if n == columns.reason else text for n, text in enumerate(table.header)])
    for row in time_limits.kept_alive(table.rows):
        if row.problem:
            yield from _salvaged(row, columns, default, report)
            continue
        own = ""
        try:
            entry = _entry(row, columns, default, judge)
        except RowError as error:
            report.rejected.add(error.at(row))
        else:
            own = entry.email
            yield entry
            _list_other_addresses(row, columns, entry, report)
        for line in _lines_of(row, table.delimiter):
            if (address := _address_in(line, columns)) and address != own:
                yield _salvage(line, address, default, report)


def _salvaged(
    row: CsvRow, columns: Columns, default: Entry, report: SuppressionReport
) -> Iterator[Entry]:
    """The address in an unreadable line; without one, the line is rejected."""
    if address := _address_in(row, columns):
        yield _salvage(row, address, default, report)
        return
    try:
        refuse_unreadable(row)
    except RowError as error:
        report.rejected.add(error.at(row))


def _salvage(row: CsvRow, address: str, default: Entry, report: SuppressionReport) -> Entry:
    report.salvaged += 1
    source = gettext("line %(line)s") % {"line": row.line}
    if default.source:
        source = f"{default.source}: {source}"
    return default._replace(line=row.line, email=address, source=source[:MAX_SOURCE])


def _address_in(row: CsvRow, columns: Columns) -> str:
    """Empty when there is none."""
    try:
        return _stored_form(_cell(row, columns.email), columns.has_domains)
    except RowError:
        return ""


def _lines_of(row: CsvRow, delimiter: str) -> Iterator[CsvRow]:
    """The lines of a multi-line row, each as a row."""
    for number, line in enumerate(row.raw, row.line):
        yield CsvRow(number, number, quoting.bare_cells(line, delimiter))


def _list_other_addresses(
    row: CsvRow, columns: Columns, entry: Entry, report: SuppressionReport
) -> None:
    for number, cell in enumerate(row.cells):
        if number in (columns.email, columns.reason, columns.source) or "@" not in cell:
            continue
        if cell.strip().lower() != entry.email:
            problem = gettext(
                "Another address of the row is not suppressed: it is not in the column."
            )
            report.ignored.add(LineProblem(row.line, shortened(cell), problem))


def _salvage_note(salvaged: int) -> list[str]:
    if not salvaged:
        return []
    return [
        gettext(
            "%(addresses)s taken from lines whose quotation marks are wrong, or that stand "
            "within a cell, so that no one is missing; the reasons in those lines are left "
            "out."
        )
        % {"addresses": wording.addresses(salvaged)}
    ]


def _without_domains(entries: Iterator[Entry], report: SuppressionReport) -> Iterator[Entry]:
    for entry in entries:
        if is_domain(entry.email):
            report.rejected.add(LineProblem(entry.line, entry.email, DOMAIN_REFUSED))
        else:
            yield entry


def _entry(row: CsvRow, columns: Columns, default: Entry, judge: Judge) -> Entry:
    """Raises RowError when there is no address; other invalid cells are ignored."""
    try:
        address = _stored_form(_cell(row, columns.email), columns.has_domains)
    except RowError as error:
        refuse_unreadable(row)
        raise RowError(text_of(row, error.value), error.reason) from error
    told = _cell(row, columns.reason)
    reason = str(_R.ERASED) if erased_keys.is_key(address) else _reason(told)
    source = _cell(row, columns.source) or default.source
    if told and reason is None:  # kept as text: not mailing an address is the safe mistake
        source = f"{source}: {told}" if source else told
    if reason is None and (kept_out := judge.kept_out(row.cells)) and kept_out.reason:
        reason = str(kept_out.reason)
        source = source or kept_out.told
    source = source.replace("\0", "␀")[:MAX_SOURCE]
    return Entry(row.line, address, reason or default.reason, source)


def _cell(row: CsvRow, position: int | None) -> str:
    if position is None or position >= len(row.cells):
        return ""
    return unescaped(row.cells[position].strip()).strip()


def _reason(told: str) -> str | None:
    """The reason in a cell; None for an unknown one."""
    reason = _BY_WORD.get(folded(told))
    return str(reason) if reason else None


def _stored_form(address: str, may_be_domain: bool) -> str:
    if _ERASED_KEY.fullmatch(address.lower()):
        return address.lower()
    if may_be_domain and address and "@" not in address:
        address = f"@{address}"
    entry = Suppression(email=address)
    try:
        if not address:
            raise ValidationError(gettext("There is no address."))
        entry.clean_address()
    except ValidationError as error:
        raise RowError(address, " ".join(error.messages)) from error
    return entry.email
