"""Import contacts at once: all valid rows or none; invalid rows are reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO

from django.contrib.auth.models import AbstractBaseUser

from campaigns.files import time_limits
from campaigns.files.encoding import SourceError
from campaigns.files.row_errors import FileImportError, RowError
from campaigns.imports.reading.pieces import Piece
from campaigns.imports.reading.sources import Opened, opened
from campaigns.imports.report import ImportReport
from campaigns.imports.settings import ImportSettings
from campaigns.imports.writing.job import Job
from campaigns.imports.writing.merge import AttributesTooLong
from campaigns.models import Operation, OperationKind
from campaigns.operations import running


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
    Values are text but where the owner has given an attribute another type.

    Rows that say that a person must not be mailed put the address on the suppression list, which
    holds for every owner, if `may_suppress` says that who imports may do so; else they stay out.
    """
    settings = ImportSettings(encoding=encoding or "", tags=tuple(tags), may_suppress=may_suppress)
    return import_by_settings(file, "", owner, settings, seconds=seconds)


def import_by_settings(
    file: BinaryIO,
    name: str,
    owner: AbstractBaseUser,
    settings: ImportSettings,
    *,
    seconds: float | None = None,
    ahead: Callable[[Iterator[Piece]], Iterator[Piece]] = iter,
) -> ImportReport:
    """Import a file by settings in one transaction, as an operation that stands in the history;
    raises FileImportError and then has changed nothing. A dry run leaves nothing behind. `ahead`
    may read pieces while others are merged.
    """
    try:
        with opened(file, settings, seconds) as source, time_limits.import_transaction(seconds):
            operation = Operation.objects.create(
                owner_id=owner.pk, kind=OperationKind.IMPORT, title=name[-300:] or "A file"
            )
            job = Job(operation, source.settings)
            _run(job, source, ahead)
    except (RowError, AttributesTooLong, SourceError) as error:
        raise FileImportError(str(error)) from error
    return job.report


def _run(job: Job, source: Opened, ahead: Callable[[Iterator[Piece]], Iterator[Piece]]) -> None:
    job.begin(source.notes)
    source = replace(source, settings=job.settings)
    for piece in ahead(iter(source.pieces(job.operation.position))):
        job.add(piece, source.header)
    job.finish()
    if job.settings.dry_run:
        job.operation.delete()
    else:
        running.record_done(job.operation)
