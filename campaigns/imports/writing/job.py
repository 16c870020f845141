"""One import, as far as it is: its settings, what was counted, and how the next piece is added."""

from __future__ import annotations

from typing import Any, cast

from django.utils.translation import gettext

from campaigns.db import statistics
from campaigns.files.row_errors import blank_note
from campaigns.imports import attributes
from campaigns.imports.reading.pieces import Piece
from campaigns.imports.report import ImportReport
from campaigns.imports.results import Result
from campaigns.imports.settings import MAX_AGREED_BY, ImportSettings
from campaigns.imports.writing import problem_files, rejected
from campaigns.imports.writing.merge import Target, finish, links_until, merge
from campaigns.models import Operation

KEPT = ("tags_created", "attributes_created", "links_until")
"""Of the result of the pieces before: the report does not have it."""


class Job:
    """Call its methods in a transaction. They set fields of the operation; the caller saves it."""

    def __init__(self, operation: Operation, settings: ImportSettings) -> None:
        self.operation = operation
        self.report = ImportReport.from_result(cast("Result | None", operation.result or None))
        self.settings = attributes.with_types(operation.owner_id, settings)
        source = (
            settings.agreed_by
            if settings.all_agreed
            else gettext("Import of %(title)s") % {"title": operation.title}
        )
        self._target = Target(
            operation.pk,
            operation.owner_id,
            operation.created_at,
            settings.existing,
            source[:MAX_AGREED_BY],
            settings.dry_run,
        )

    def begin(self, notes: list[str]) -> None:
        """Before the first piece; `notes` are about the file."""
        declared = attributes.declare(self.operation.owner_id, self.settings)
        self.settings = declared.settings
        self.report.notes += notes
        self.operation.position = {"grows": declared.growing}
        self._save(attributes_created=declared.created)

    def add(self, piece: Piece, header: list[str]) -> None:
        """Merge a piece. Raises AttributesTooLong."""
        merge(piece, self._target)
        rejected.append(self.operation, header, sorted(piece.refused))
        problem_files.append(self.operation, "ignored", piece.report.ignored)
        problem_files.append(self.operation, "suppressed", piece.report.suppressed)
        if not self._target.dry_run:
            attributes.keep_choices(self.operation.owner_id, piece.position["choices"])
            self._declare_found(piece)
        self.report.add(piece.report)
        self.operation.position = piece.position
        self.operation.done += piece.read
        created = self.operation.result["tags_created"] + self._target.created_tags
        self._save(tags_created=created, links_until=links_until())
        self._target.created_tags.clear()

    def _declare_found(self, piece: Piece) -> None:
        made = self.operation.result["attributes_created"]
        made += attributes.declare_found(
            self.operation.owner_id,
            self.settings,
            piece.rows.values(),
            attributes.MAX_FOUND - len(made),
        )

    def finish(self) -> None:
        """After the last piece."""
        still_mailed = list(finish(self._target))
        problem_files.append(self.operation, "still_mailed", still_mailed)
        for problem in still_mailed:
            self.report.still_mailed.add(problem)
        self.report.notes += blank_note(self.report.blank)
        self.operation.total = self.operation.done
        self._save()
        if not self._target.dry_run:
            statistics.contacts_came_in(self.report.created + self.report.updated)

    def _save(self, **more: Any) -> None:
        before = self.operation.result or {}
        kept = {key: before[key] for key in KEPT if key in before}
        self.operation.result = {**self.report.to_result(), **kept, **more}
