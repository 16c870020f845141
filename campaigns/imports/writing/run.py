"""The steps of an import in the cluster. Each merges a piece of the file and commits it with the
place where the next one begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext

from campaigns.files.encoding import SourceError
from campaigns.files.row_errors import RowError
from campaigns.files.time_limits import NOTHING
from campaigns.imports.reading.ahead import read_ahead
from campaigns.imports.reading.pieces import Piece
from campaigns.imports.reading.sources import Opened, opened, rows_in
from campaigns.imports.settings import ImportSettings
from campaigns.imports.writing.job import Job
from campaigns.imports.writing.merge import AttributesTooLong, take_turn
from campaigns.models import ImportSaid, Operation, StoredFile
from campaigns.models.operation import FILE_OF, OPEN_STATES
from campaigns.operations import files, held, progress
from campaigns.operations.kinds import OperationProblem

UPLOAD = "upload"
"""The role of the file, among those of the operation or of the one that FILE_OF names."""


@dataclass(slots=True)
class _Reading:
    """A file being read: `pieces` go on where `position` was."""

    source: Opened
    job_settings: ImportSettings
    pieces: Iterator[Piece]
    position: dict[str, Any] | None


def step(operation: Operation) -> bool:
    """Merge the next piece. Raises OperationProblem; the pieces before it stay."""
    try:
        return _step(operation)
    except (SourceError, RowError, AttributesTooLong) as error:
        told = str(error).replace(f" {NOTHING}", "")
        came_in = gettext("What had come in before stays.") if operation.done else str(NOTHING)
        raise OperationProblem(f"{told} {came_in}") from error


def _step(operation: Operation) -> bool:
    with transaction.atomic():  # before a piece is read, which would have to be read again
        take_turn(operation.owner_id)
    reading = held.get(operation.pk)
    if reading is None or reading.position != operation.position:
        reading = held.hold(operation.pk, _reading(operation))
    piece = next(reading.pieces)
    reading.position = None  # until it is committed
    with transaction.atomic():
        job = Job(operation, reading.job_settings)
        job.add(piece, reading.source.header)
        if piece.is_last:
            job.finish()
            _let_go_of_file(operation)
        progress.save(operation)
    reading.position = operation.position
    return not piece.is_last


@contextmanager
def _reading(operation: Operation) -> Iterator[_Reading]:
    settings = ImportSettings.from_params(operation.params)
    with TemporaryFile() as copy:
        for part in files.parts_of(_upload(operation)):
            copy.write(part)
        total = rows_in(copy)
        with opened(copy, settings) as source:
            if not operation.position:
                _begin(operation, source, source.total or total)
            job = Job(operation, source.settings)
            current = replace(source, settings=job.settings)
            with read_ahead(iter(current.pieces(operation.position))) as pieces:
                yield _Reading(current, job.settings, pieces, operation.position)


def _begin(operation: Operation, source: Opened, total: int) -> None:
    with transaction.atomic():
        job = Job(operation, source.settings)
        job.begin(source.notes)
        operation.total = total
        progress.save(operation)
        # What a cancelled import left behind.
        ImportSaid.objects.exclude(operation__state__in=OPEN_STATES).delete()


def _upload(operation: Operation) -> StoredFile:
    """Raises OperationProblem when it is there no more."""
    owner = operation.params.get(FILE_OF) or operation.pk
    file = StoredFile.objects.filter(operation=owner, role=UPLOAD).first()
    if file is None:
        raise OperationProblem(gettext("The file is not there any more. Upload it again."))
    return file


def _let_go_of_file(operation: Operation) -> None:
    """The file has personal data, and is not needed any more."""
    if not operation.params.get("dry_run"):
        StoredFile.objects.filter(operation=operation, role=UPLOAD).update(expires_at=Now())
