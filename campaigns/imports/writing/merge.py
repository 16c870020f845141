"""Merge the pieces of an import into contacts, tags, attributes and suppressions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Max
from django.utils.translation import gettext
from psycopg.errors import UniqueViolation

from campaigns import erasure_lock, suppressions
from campaigns.db import statistics
from campaigns.files import time_limits
from campaigns.files.row_errors import LineProblem
from campaigns.imports.reading.pieces import Piece
from campaigns.imports.reading.staging import StagedRow, blocks
from campaigns.imports.settings import Existing
from campaigns.imports.writing import statements
from campaigns.models import Contact, ImportedAddress, ImportSaid
from campaigns.models.contacts import MAX_STORED, WAS_ERASED

ADVISORY_LOCK = 0x45444D02
"""With an owner: one import at a time changes the contacts of an owner, so that it finds them as it
counted them, and two of them do not deadlock."""


class AttributesTooLong(Exception):
    """A contact would exceed the limit, together with its existing attributes."""


class ContactsAppeared(Exception):
    """Contacts of the piece were made elsewhere meanwhile: merge it again."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whose contacts an import changes, and how. `began` is when the operation was made; `source`
    says where people agreed to be mailed.
    """

    operation_id: int
    owner_id: Any
    began: dt.datetime
    existing: Existing
    source: str
    dry_run: bool
    created_tags: list[int] = field(default_factory=list)

    @property
    def params(self) -> dict[str, Any]:
        return {
            "operation": self.operation_id,
            "owner": self.owner_id,
            "began": self.began,
            "existing": self.existing.value,
            "source": self.source,
            "dry": self.dry_run,
            "longest": MAX_STORED,
        }


def merge(piece: Piece, target: Target) -> None:
    """Merge a piece within the transaction, and count in its report what became of it. Raises
    AttributesTooLong; a contact that is made elsewhere at the same moment has it try again.
    """
    erasure_lock.begin()
    take_turn(target.owner_id)
    _forget_erased(piece)
    if piece.rows:
        statistics.count_if_believed_empty()
        try:
            _merge_rows(piece, target)
        except ContactsAppeared:
            _merge_rows(piece, target)
    _heed(piece, target)


def take_turn(owner_id: int) -> None:
    """Until the end of the transaction no other import changes contacts of this owner. Raises
    OperationalError when one does for longer than the lock time-out.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_LOCK, owner_id % (1 << 31)]
        )


def _forget_erased(piece: Piece) -> None:
    told = {*piece.rows, *piece.suppressed, *(row.email for row in piece.kept_out)}
    if erased := suppressions.erased_among(told):
        piece.forget(erased, WAS_ERASED)


def _merge_rows(piece: Piece, target: Target) -> None:
    """Counts when all is done: an error leaves the report as it was."""
    with transaction.atomic(), connection.cursor() as cursor:
        execute = _Execute(cursor, target)
        ids = _tags(execute, piece.tags, target)
        _stage(cursor, piece.rows.values())
        execute(statements.MEET, ids=ids)
        _refuse_too_long(execute)
        counts = execute(statements.COUNT).fetchone()
        unsubscribed, suppressed = execute(statements.MET_SUPPRESSED).fetchone()
        if not target.dry_run:
            _write(execute, ids)
        execute(statements.MARK)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    report = piece.report
    report.created, report.updated, report.unchanged, report.skipped = counts[:4]
    report.duplicates = counts[4] + len(piece.further)
    report.met["refused"] += counts[5]
    report.met["unsubscribed"] += unsubscribed
    report.met["suppressed"] += suppressed


class _Execute:
    def __init__(self, cursor: CursorWrapper, target: Target) -> None:
        self._cursor, self._target = cursor, target

    def __call__(self, statement: str, **params: Any) -> CursorWrapper:
        text = statements.named(statement, self._target.existing)
        self._cursor.execute(text, {**self._target.params, **params})
        return self._cursor


def _tags(execute: _Execute, names: list[str | None], target: Target) -> list[int | None]:
    if not names:
        return []
    if not target.dry_run:
        made = execute(statements.ADD_TAGS, names=names).fetchall()
        target.created_tags.extend(pk for (pk,) in made)
    ids: list[int | None] = execute(statements.FIND_TAGS, names=names).fetchone()[0]
    return ids


def _stage(cursor: CursorWrapper, rows: Iterable[StagedRow]) -> None:
    cursor.execute(statements.CREATE)
    with connection.wrap_database_errors, cursor.copy(statements.COPY) as copy:
        for block in blocks(rows):
            copy.write(block)
    cursor.execute("ANALYZE pg_temp.import_row (line)")  # for the number of its rows


def _refuse_too_long(execute: _Execute) -> None:
    if too_long := execute(statements.TOO_LONG).fetchone():
        raise AttributesTooLong(
            gettext(
                "With the values of this file the contact %(contact)s would have attributes of "
                "more than %(most)s bytes. Import fewer columns, or clear some first."
            )
            % {"contact": too_long[0], "most": f"{MAX_STORED:,}"}
        )


def _write(execute: _Execute, ids: list[int | None]) -> None:
    try:
        execute(statements.ADD_CONTACTS)
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise ContactsAppeared from error
        raise
    execute(statements.CHANGE_CONTACTS)
    two_are_one = len(set(ids)) < len(ids)  # VIP and vip are the same tag
    tag_new = f"{statements.TAG_NEW} ON CONFLICT DO NOTHING" if two_are_one else statements.TAG_NEW
    execute(tag_new, ids=ids)
    execute(statements.TAG_EXISTING, ids=ids)


def _heed(piece: Piece, target: Target) -> None:
    """Suppress whom the file says not to mail, and remember whom it keeps out."""
    suppressed = sorted(piece.suppressed.items())
    said = [(*row, False) for row in piece.kept_out]
    if target.dry_run:
        said += [(each.line, email, "", True) for email, each in suppressed]
    else:
        suppressions.suppress((email, each.reason, each.told) for email, each in suppressed)
    if said:
        time_limits.copy_rows(
            statements.named(statements.SAY), ((target.operation_id, *row) for row in said)
        )


def links_until() -> int:
    """The last link of a contact to a tag: later ones are of others than the import."""
    links = Contact.tags.through.objects.aggregate(last=Max("pk"))
    return links["last"] or 0


def finish(target: Target) -> Iterator[LineProblem]:
    """The contacts that are still mailed of those kept out. What only an import under way needs is
    deleted."""
    with connection.cursor() as cursor:
        cursor.execute(statements.named(statements.STILL_MAILED), target.params)
        for row in cursor.fetchall():
            yield LineProblem(*row)
    ImportSaid.objects.filter(operation=target.operation_id).delete()
    if target.dry_run:
        ImportedAddress.objects.filter(operation=target.operation_id).delete()
