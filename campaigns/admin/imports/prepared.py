"""An import that is being prepared: what was chosen so far, in the parameters of its operation."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from campaigns.admin.imports.upload import ROLE
from campaigns.imports.settings import ColumnSettings, ImportSettings, Understanding
from campaigns.imports.understanding.understand import understand
from campaigns.models import Operation, OperationState, RememberedColumns
from campaigns.operations.files import open_file


class NotPrepared(Exception):
    """The import was started, or its file is gone. The message is for staff."""


MAY_SUPPRESS = "campaigns.add_suppression"
STARTED = _("This import was started already.")
FILE_GONE = _("The file was deleted, as it was not imported within a day. Upload it again.")


class Prepared:
    """The settings of an import, and what the wizard keeps beside them:

    `guessed` are the columns as they were guessed, `sheets` those of the workbook, `remembered_at`
    when the columns were chosen that are used again, and `check` the dry run of these settings.
    """

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        params = operation.params
        self.settings = ImportSettings.from_params(params)
        self.guessed = tuple(map(ColumnSettings.from_json, params.get("guessed", ())))
        self.sheets: Sequence[str] = params.get("sheets", ())
        self.remembered_at: str = params.get("remembered_at", "")
        self.check: int | None = params.get("check")

    @property
    def _may_suppress(self) -> bool:
        user = self.operation.requested_by
        return user is not None and user.has_perm(MAY_SUPPRESS)

    @property
    def header_key(self) -> str:
        return header_key(self.settings.columns)

    def look(self, settings: ImportSettings | None = None) -> Understanding:
        """Read the file by other settings, or by those that were saved. Raises FileImportError."""
        operation = self.operation
        file = operation.files.filter(role=ROLE).first()
        if file is None:
            raise NotPrepared(FILE_GONE)
        with open_file(file) as opened:
            return understand(opened, file.name, operation.owner, settings or self.settings)

    def begin(self) -> None:
        """Read the file for the first time. Raises FileImportError."""
        self.read_as(ImportSettings(may_suppress=self._may_suppress))

    def read_as(self, settings: ImportSettings) -> Understanding:
        """Guess the columns anew, or take those that the owner chose for the same headings."""
        understanding = self.look(settings)
        self.settings, self.sheets = understanding.settings, understanding.sheets
        self.guessed, self.remembered_at = self.settings.columns, ""
        if remembered := self._remembered():
            columns = _from_memory(remembered)
            if len(columns) == len(self.guessed):
                self.remembered_at = remembered.changed_at.isoformat()
                self.settings = self.settings.with_columns(columns)
                understanding = self.look()
                self.settings = understanding.settings
        self.save()
        return understanding

    def choose(self, columns: Sequence[ColumnSettings]) -> Understanding:
        """Take these columns, in this transaction."""
        understanding = self.look(self.settings.with_columns(columns))
        self.settings = understanding.settings
        self.save()
        return understanding

    def change(self, **options: Any) -> None:
        self.settings = replace(self.settings, **options)
        self.save()

    def remember(self) -> None:
        """Have the next file with these headings read like this one, unless it would be anyway."""
        memory = RememberedColumns.objects.filter(
            owner=self.operation.owner, header_key=self.header_key
        )
        if self.settings.columns == self.guessed:
            memory.delete()
            return
        RememberedColumns.objects.update_or_create(
            owner=self.operation.owner,
            header_key=self.header_key,
            defaults={
                "columns": _storable([asdict(each) for each in self.settings.columns]),
                "changed_at": Now(),
            },
        )

    def forget(self) -> None:
        RememberedColumns.objects.filter(
            owner=self.operation.owner, header_key=self.header_key
        ).delete()
        self.read_as(replace(self.settings, columns=()))

    def save(self) -> None:
        """The dry run of other settings counts no more."""
        params = {
            **self.settings.to_params(),
            "guessed": [asdict(each) for each in self.guessed],
            "sheets": self.sheets,
            "remembered_at": self.remembered_at,
        }
        self.operation.params = _storable(params)
        self.operation.save(update_fields=["params"])

    def keep_check(self, check: Operation) -> None:
        self.check = check.pk
        self.operation.params["check"] = check.pk
        self.operation.save(update_fields=["params"])

    def _remembered(self) -> RememberedColumns | None:
        memory = RememberedColumns.objects.filter(owner=self.operation.owner)
        return memory.filter(header_key=self.header_key).first()

    @property
    def remembered_on(self) -> dt.datetime | None:
        return dt.datetime.fromisoformat(self.remembered_at) if self.remembered_at else None


@contextmanager
def preparing(operation: Operation) -> Iterator[Prepared]:
    """In a transaction that locks the operation: of two tabs, one waits for the other. Raises
    NotPrepared once the import was started."""
    with transaction.atomic():
        locked = Operation.objects.select_for_update(of=("self",)).select_related("owner")
        found = locked.filter(pk=operation.pk, state=OperationState.PREPARING).first()
        if found is None:
            raise NotPrepared(STARTED)
        yield Prepared(found)


def header_key(columns: Sequence[ColumnSettings]) -> str:
    """The same for files with the same headings in the same order."""
    headings = json.dumps(_storable([column.heading for column in columns]))
    return hashlib.sha256(headings.encode()).hexdigest()


def _storable(value: Any) -> Any:
    """Headings and sheets come from files; PostgreSQL refuses NUL in JSON."""
    if isinstance(value, dict):
        return {key: _storable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(each) for each in value]
    return value.replace("\0", "␀") if isinstance(value, str) else value


def _from_memory(remembered: RememberedColumns) -> list[ColumnSettings]:
    """Empty when it was written by another version of the program."""
    try:
        return [ColumnSettings.from_json(each) for each in remembered.columns]
    except (KeyError, TypeError, ValueError):
        return []
