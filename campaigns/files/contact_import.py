"""Import contacts from a CSV file: all valid rows or none; invalid rows are reported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from django.contrib.auth.models import AbstractBaseUser

from addressing.addresses import AddressError, normalise
from campaigns import erasure_lock, suppressions
from campaigns.files import time_limits
from campaigns.files.contact_columns import keys_of, known_column, yes_or_no
from campaigns.files.contact_staging import AttributesTooLong, StagedContact, Staging
from campaigns.files.csv_reader import CsvRow, Source
from campaigns.files.encoding import SourceError
from campaigns.files.import_table import RowsReport, import_table, refuse_without_addresses
from campaigns.files.opt_outs.columns import Judge, KeptOut
from campaigns.files.row_errors import (
    FileImportError,
    LineProblem,
    Problems,
    RowError,
    blank_note,
    encoding_note,
    quote_hint,
    refuse_unreadable,
    shortened,
    text_of,
)
from campaigns.files.suppression_import import MAX_SOURCE
from campaigns.models.contacts import WAS_ERASED
from campaigns.wording import counted

MAX_NAME = 200  # characters, as Contact.name
MAX_TAG = 100  # characters, as Tag.name
MAX_ATTRIBUTE = 2_000  # characters
MAX_ATTRIBUTES = 50_000  # characters of all of a row
MAX_NAMES = 20_000  # characters of the names of the columns that a row fills
MAX_TAGS = 100  # of a row
MAX_TAG_NAMES = 10_000  # of a file
STILL = "The contact exists and is still mailed: suppress or delete it if it must not be."
_BATCH = 5_000  # rows
_BATCH_CHARACTERS = 5_000_000  # about, of their attributes and tags
_SHORT = {"name", "first_name", "last_name", "tags"}
_PARTS = re.compile(r"[,;|\t@]")
_TAG_SEPARATORS = re.compile(r"[,;|，；、\n]")


@dataclass(slots=True)
class ImportReport(RowsReport):
    """What became of every row: one of four counts, or in `rejected` or `kept_out`.

    `ignored` are cells without a column. `suppressed` are rows, also rejected ones, of people whom
    the file says not to mail; `kept_out` those of whom it does not say that they may be mailed, and
    those whom who imports may not suppress. `still_mailed` are those of them, and of rejected rows
    that say the like, whose contacts exist and are mailed all the same.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    suppressed: Problems = field(default_factory=Problems)
    kept_out: Problems = field(default_factory=Problems)
    still_mailed: Problems = field(default_factory=Problems)

    @property
    def accepted(self) -> int:
        return self.created + self.updated + self.unchanged

    def explain(self) -> str:
        return (
            f"{counted(self.created, 'contact')} created, {self.updated:,} updated, "
            f"{self.unchanged:,} unchanged, {counted(self.duplicates, 'duplicate')}, "
            f"{counted(len(self.rejected), 'row')} rejected.{self._told_elsewhere()}"
        )

    def _told_elsewhere(self) -> str:
        text = ""
        if self.suppressed or self.kept_out:
            text = (
                " Because of what the file says of them: "
                f"{counted(len(self.suppressed), 'row')} suppressed, "
                f"{counted(len(self.kept_out), 'row')} kept out."
            )
        if self.still_mailed:
            text += (
                " Contacts that exist and are still mailed, of those kept out or rejected: "
                f"{len(self.still_mailed):,}."
            )
        return text


def import_contacts(
    file: BinaryIO,
    owner: AbstractBaseUser,
    *,
    tags: Iterable[str] = (),
    encoding: str | None = None,
    seconds: float | None = None,
    may_suppress: bool = False,
) -> ImportReport:
    """Import a CSV file in one transaction; raises FileImportError and then has changed nothing:
    also when its rows are not read within so many seconds.

    One contact per address and owner. Of several rows with the same address the first counts, but
    all of them give it their tags. A contact that exists keeps what the file leaves empty or does
    not mention. `tags` are added to every contact in the file. Without `encoding` it is detected.

    Rows that say that a person must not be mailed put the address on the suppression list, which
    holds for every owner, if `may_suppress` says that who imports may do so; else they stay out.
    """
    report = ImportReport()
    try:
        with import_table(file, encoding, _has_address_column, seconds) as source:
            refuse_without_addresses(source.header, _has_address_column, "email addresses")
            report.notes += encoding_note(source.encoding, encoding)
            contacts = _good_rows(source, _clean_tags(tags), report, may_suppress)
            _store(contacts, owner, report)
            report.notes += blank_note(source.rows.blank)
    except (RowError, AttributesTooLong) as error:
        raise FileImportError(str(error)) from error
    return report


def _store(
    contacts: Iterator[StagedContact], owner: AbstractBaseUser, report: ImportReport
) -> None:
    erasure_lock.begin()
    staging = Staging()
    for batch in _batches(contacts):
        erased = suppressions.erased_among([contact.email for contact in batch])
        staging.add(contact for contact in batch if contact.email not in erased)
        for contact in batch:
            if contact.email in erased and not contact.kept_out:
                report.rejected.add(LineProblem(contact.line, contact.email, WAS_ERASED))
    counts = staging.merge(owner.pk)
    report.created = counts.created
    report.updated = counts.touched - counts.created
    report.unchanged = counts.addresses - counts.touched
    report.duplicates = counts.rows - counts.addresses
    for line, email, told in staging.still_mailed(owner.pk):
        report.still_mailed.add(LineProblem(line, email, told))


def _batches(contacts: Iterator[StagedContact]) -> Iterator[list[StagedContact]]:
    """As many rows together as keep statements few and memory small."""
    batch: list[StagedContact] = []
    characters = 0
    for contact in contacts:
        batch.append(contact)
        characters += _length(contact.attributes) + sum(map(len, contact.tags))
        if len(batch) == _BATCH or characters > _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _has_address_column(header: list[str]) -> bool:
    return any(known_column(heading) == "email" for heading in header)


def _good_rows(
    source: Source, tags: list[str], report: ImportReport, may_suppress: bool
) -> Iterator[StagedContact]:
    keys = keys_of(source.header)
    judge = Judge(source.header)
    names: set[str] = set()
    for row in time_limits.kept_alive(source.rows):
        try:
            contact = _contact(row, keys, tags)
        except RowError as error:
            report.rejected.add(error.at(row))
            if said := _said_of_rejected(
                row, keys, judge.kept_out(row.cells), report, may_suppress
            ):
                yield said
            continue
        contact = _judged(contact, judge.kept_out(row.cells), report, may_suppress)
        if not contact.kept_out:
            names.update(contact.tags)
            for problem in _cells_without_column(row, keys):
                report.ignored.add(problem)
        if len(names) > MAX_TAG_NAMES:
            raise SourceError(
                f"The file names more than {MAX_TAG_NAMES:,} tags; on line {row.line:,} is one too "
                "many. Is the column of tags the right one?"
            )
        yield contact
    report.notes += judge.notes()


def _judged(
    contact: StagedContact, kept_out: KeptOut | None, report: ImportReport, may_suppress: bool
) -> StagedContact:
    if kept_out is None:
        return contact
    if kept_out.reason and may_suppress:
        return _suppressed(contact, kept_out, report)
    reason = kept_out.explain(may_suppress)
    report.kept_out.add(LineProblem(contact.line, contact.email, reason))
    return _outsider(contact.line, contact.email, reason)


def _said_of_rejected(
    row: CsvRow, keys: list[str], kept_out: KeptOut | None, report: ImportReport, may_suppress: bool
) -> StagedContact | None:
    """A row that is invalid in another cell still says that its person must not be mailed. Where
    its quotation marks are unclear, the cell may be another one: it is reported, not applied."""
    if kept_out is None:
        return None
    try:
        email = normalise(row.cells[keys.index("email")])
    except (AddressError, IndexError):
        return None
    outsider = _outsider(row.line, email, f"{kept_out.quoted}, and the row was rejected.")
    if kept_out.reason and may_suppress and not row.problem:
        return _suppressed(outsider, kept_out, report)
    return outsider


def _suppressed(contact: StagedContact, kept_out: KeptOut, report: ImportReport) -> StagedContact:
    report.suppressed.add(LineProblem(contact.line, contact.email, kept_out.explain()))
    told = f"import: {kept_out.told}".replace("\0", "␀")[:MAX_SOURCE]
    return contact._replace(suppressed_as=kept_out.reason, told=told)


def _outsider(line: int, email: str, reason: str) -> StagedContact:
    told = f"{reason} {STILL}".replace("\0", "␀")
    return StagedContact(line, email, "", {}, [], told=told, kept_out=True)


def _contact(row: CsvRow, keys: list[str], tags: list[str]) -> StagedContact:
    """Raises RowError for the first error in the row."""
    _refuse_breaks(row, keys)
    values = {key: cell.strip() for key, cell in zip(keys, row.cells, strict=False) if key}
    address = values.pop("email", "")
    refuse_unreadable(row, address)
    try:
        email = normalise(address)
    except AddressError as error:
        raise RowError(text_of(row, address), str(error)) from error
    consent = _consent(address, values.pop("tracking_consent", ""))
    own_tags = _clean_tags(_TAG_SEPARATORS.split(values.pop("tags", "")))
    if len(own_tags) > MAX_TAGS:
        raise RowError(address, f"The row has more than {MAX_TAGS} tags{quote_hint(row)}.")
    name = " ".join((values.pop("name", "") or _joined_name(values)).split())
    if len(name) > MAX_NAME:
        raise RowError(address, f"The name is longer than {MAX_NAME} characters{quote_hint(row)}.")
    attributes = _attributes(row, address, values)
    return StagedContact(row.line, email, name, attributes, tags + own_tags, consent)


def _refuse_breaks(row: CsvRow, keys: list[str]) -> None:
    """Raises RowError when a name or tags continue on another line that looks like a row."""
    for key, cell in zip(keys, row.cells, strict=False):
        later = cell.strip().splitlines()[1:]
        if key in _SHORT and any(_PARTS.search(line) for line in later):
            raise RowError(
                text_of(row), f"The cell of the {key} goes on in another line{quote_hint(row)}."
            )


def _consent(address: str, cell: str) -> bool | None:
    try:
        return yes_or_no(cell)
    except ValueError as error:
        raise RowError(address, f"The consent to tracking is not clear: {error}") from error


def _attributes(row: CsvRow, address: str, values: dict[str, str]) -> dict[str, str]:
    for key, value in values.items():
        if len(value) > MAX_ATTRIBUTE:
            raise RowError(
                address, f"{key} is longer than {MAX_ATTRIBUTE:,} characters{quote_hint(row)}."
            )
    attributes = {key: value for key, value in values.items() if value}
    for texts, most, what in (
        (attributes.values(), MAX_ATTRIBUTES, "values"),
        (attributes, MAX_NAMES, "names of their columns"),
    ):
        if sum(map(len, texts)) > most:
            raise RowError(address, f"The {what} are longer than {most:,} characters together.")
    return attributes


def _length(attributes: dict[str, str]) -> int:
    return sum(map(len, attributes)) + sum(map(len, attributes.values()))


def _joined_name(values: dict[str, str]) -> str:
    return f"{values.get('first_name', '')} {values.get('last_name', '')}"


def _clean_tags(names: Iterable[str]) -> list[str]:
    tags = [" ".join(name.strip(' "').split()) for name in names]
    for tag in tags:
        if len(tag) > MAX_TAG:
            raise RowError(tag, f"A tag is longer than {MAX_TAG} characters.")
    return [tag for tag in tags if tag]


def _cells_without_column(row: CsvRow, keys: list[str]) -> Iterator[LineProblem]:
    for number, cell in enumerate(row.cells):
        if cell.strip() and (number >= len(keys) or not keys[number]):
            yield LineProblem(row.line, shortened(cell), "The cell has no column heading.")
