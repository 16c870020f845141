"""Make an export in the cluster.

The keys of the rows are stored first, by one statement: an export has the rows of one moment, and
no transaction is open while the file is written. A CSV grows by PIECE rows a transaction, and a
worker that is killed goes on there. An XLSX is zipped as a whole: it is begun again. Either way the
memory does not grow with the rows, but for 8 bytes a key.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from campaigns.exports import csv_file, xlsx_file
from campaigns.exports import keys as stored_keys
from campaigns.exports.asking import CSV, Export, Refused, export_of
from campaigns.exports.keys import keep
from campaigns.exports.tables import Gone, Row, rows_of
from campaigns.models import Operation, OperationState, StoredFile
from campaigns.operations import files, progress
from campaigns.operations.kinds import OperationProblem

PIECE = 10_000
"""Rows of a transaction. They are read and written out before it."""
IN_MEMORY = 8 << 20
"""Bytes of a piece, beyond which it is a file on disk."""
XLSX_SECONDS = 500
"""Less than the time limit of a slice of an operation."""
DOWNLOAD = "download"
KEYS, PART = stored_keys.ROLE, f"{files.HIDDEN}part"
ERASED = _(
    "The file was deleted while it was written: an address was erased, which it may have "
    "contained. Export again."
)
TOO_MUCH = _(
    "The XLSX was not ready after %(minutes)s minutes. Export as CSV, which "
    "spreadsheets read as well, or fewer rows."
)
TOO_WIDE = _(
    "These contacts have %(columns)s columns together, and a sheet has %(most)s. Export as CSV, or "
    "fewer contacts."
)


def step(operation: Operation) -> bool:
    export = export_of(operation)
    try:
        export.refuse_without_right()
        if "headings" not in operation.position:
            _prepare(operation, export)
            return True
    except (Refused, Gone) as error:
        raise OperationProblem(str(error)) from error
    if export.format == CSV:
        return _write_piece(operation, export)
    return _write_xlsx(operation, export)


def _prepare(operation: Operation, export: Export) -> None:
    keys = _keys_of(operation, export)
    headings = export.subject.headings(keys, export.chosen)
    if export.format != CSV and len(headings) > xlsx_file.MOST_COLUMNS:
        most = xlsx_file.MOST_COLUMNS
        raise OperationProblem(TOO_WIDE % {"columns": f"{len(headings):,}", "most": f"{most:,}"})
    with transaction.atomic():
        stored_keys.store(operation, keys)
        if export.format == CSV:
            files.store(operation, PART, _file_name(operation), [csv_file.head(headings)], keep())
        operation.total = len(keys)
        operation.position = {"headings": headings}
        progress.save(operation)


def _keys_of(operation: Operation, export: Export) -> array[int]:
    if not operation.params.get("has_keys"):
        return export.all_keys()
    return export.still_seen(stored_keys.read(_file(operation, KEYS)))


def _file(operation: Operation, role: str, lock: bool = False) -> StoredFile:
    files_of = operation.files.select_for_update() if lock else operation.files.all()
    file = files_of.filter(role=role).first()
    if file is None:
        raise OperationProblem(str(ERASED))
    return file


def _file_name(operation: Operation) -> str:
    return str(operation.params["file"])


class _Counter:
    def __init__(self, rows: int) -> None:
        self.rows = rows

    def counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self.rows += 1
            yield row


def _write_piece(operation: Operation, export: Export) -> bool:
    keys = stored_keys.read(_file(operation, KEYS), operation.done, PIECE)
    headings = operation.position["headings"]
    counter = _Counter(operation.result.get("rows", 0))
    rows = counter.counted(rows_of(export.subject, keys, headings, export.chosen))
    with SpooledTemporaryFile(IN_MEMORY) as lines:
        lines.writelines(csv_file.lines(rows))
        lines.seek(0)
        with transaction.atomic():
            if not files.append(operation, PART, lines):
                raise OperationProblem(str(ERASED))
            operation.done += len(keys)
            operation.result = {"rows": counter.rows}
            is_last = operation.done >= (operation.total or 0)
            if is_last:
                _finish(operation)
            progress.save(operation)
    return not is_last


def _finish(operation: Operation) -> None:
    """Offer the file, from now on for as long as it is kept."""
    operation.files.filter(role=PART).update(role=DOWNLOAD, expires_at=Now() + Value(keep()))
    operation.files.filter(role=KEYS).delete()


def _write_xlsx(operation: Operation, export: Export) -> bool:
    """All of it. True when it was cancelled meanwhile."""
    operation.done, operation.result = 0, {}
    headings = operation.position["headings"]
    ends_at = time.monotonic() + XLSX_SECONDS
    with xlsx_file.temporary(headings) as (file, path):
        while operation.done < (operation.total or 0):
            if _is_cancelled(operation):
                return True
            if time.monotonic() > ends_at:
                raise OperationProblem(str(TOO_MUCH) % {"minutes": XLSX_SECONDS // 60})
            keys = stored_keys.read(_file(operation, KEYS), operation.done, PIECE)
            file.add(rows_of(export.subject, keys, headings, export.chosen))
            operation.done += len(keys)
            progress.save(operation)
        file.close()
        operation.result = {"rows": file.rows, "cut": file.cut}
        with transaction.atomic():
            _file(operation, KEYS, lock=True)
            parts = xlsx_file.parts_of(path)
            files.store(operation, PART, _file_name(operation), parts, keep())
            _finish(operation)
            progress.save(operation)
    return False


def _is_cancelled(operation: Operation) -> bool:
    now = Operation.objects.filter(pk=operation.pk).values_list("state", flat=True).first()
    return now != OperationState.RUNNING
