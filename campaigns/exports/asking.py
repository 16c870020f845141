"""Ask for an export: which rows, and whether they are few enough for a file at once."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext

from campaigns.exports import contacts, csv_file, keys, messages, xlsx_file  # noqa: F401  (register)
from campaigns.exports.tables import SUBJECTS, Chosen, Subject, rows_of
from campaigns.models import Operation, OperationKind
from campaigns.operations import running

CSV, XLSX = "csv", "xlsx"
AT_ONCE = 5_000
"""Rows of a file that is made while the browser waits; larger ones are made in the cluster."""
LONGEST_ABOUT = 60
"""Characters of a file's name."""
EXPORT = "campaigns.export_contact"


class Refused(Exception):
    """The user may not export these rows, or there are none. The message is for staff."""


@dataclass(frozen=True, slots=True)
class Export:
    """What a user asks for; `title` names it in the history. `matching` are rows that the user sees
    and has chosen by other means than `chosen`: their keys are fixed when it is asked for."""

    user: User
    subject_name: str
    format: str
    chosen: Chosen
    title: str
    matching: QuerySet[Any] | None = None
    about: str = ""
    """What the file is named after: a campaign or segment."""

    @property
    def subject(self) -> Subject:
        return SUBJECTS[self.subject_name]

    @property
    def file_name(self) -> str:
        """Such as contacts-2026-05-01.csv or spring-news-messages-2026-05-01.csv."""
        about = slugify(self.about, allow_unicode=True)[:LONGEST_ABOUT].strip("-")
        parts = [about] if about else []
        parts += [self.subject_name, f"{timezone.localdate():%Y-%m-%d}"]
        return f"{'-'.join(parts)}.{self.format}"

    def refuse_without_right(self) -> None:
        """Raises Refused. Also in the worker: rights may have been taken away meanwhile."""
        needed = [EXPORT, self.subject.permission]
        if not self.user.is_active or not self.user.has_perms(needed):
            raise Refused(gettext("You may not export these rows."))

    def _rows(self) -> QuerySet[Any]:
        if self.matching is not None:
            return self.matching
        return self.subject.keys(self.user, self.chosen)

    def few_keys(self) -> list[int] | None:
        """All keys; None when there are more than AT_ONCE. Raises Gone."""
        found = self._rows().order_by()
        first = list(found.values_list("pk", flat=True)[: AT_ONCE + 1])
        return sorted(first) if len(first) <= AT_ONCE else None

    def all_keys(self) -> array[int]:
        """In order, 8 bytes each. One statement: the rows as they are at one moment. Raises
        Gone."""
        found = self._rows().order_by("pk")
        with transaction.atomic():
            return array("q", found.values_list("pk", flat=True).iterator(chunk_size=10_000))

    def still_seen(self, row_keys: Sequence[int]) -> array[int]:
        """Those that the user still sees: rows may have been handed on, or a team left, since the
        keys were fixed. Raises Gone."""
        rows = self.subject.keys(self.user, self.chosen)
        seen: array[int] = array("q")
        for start in range(0, len(row_keys), AT_ONCE):
            some = rows.filter(pk__in=row_keys[start : start + AT_ONCE])
            seen.extend(some.order_by("pk").values_list("pk", flat=True))
        return seen


def file_of(export: Export, row_keys: list[int]) -> Iterator[bytes]:
    """The whole file, of few rows."""
    headings = export.subject.headings(row_keys, export.chosen)
    rows = rows_of(export.subject, row_keys, headings, export.chosen)
    if export.format == CSV:
        yield csv_file.head(headings)
        yield from csv_file.lines(rows)
        return
    with xlsx_file.temporary(headings) as (file, path):
        file.add(rows)
        file.close()
        yield from xlsx_file.parts_of(path)


@transaction.atomic
def start(export: Export) -> Operation:
    """Have it made in the cluster."""
    operation = Operation.objects.create(
        owner=export.user,
        requested_by=export.user,
        kind=OperationKind.EXPORT,
        title=export.title[:300],
        params={
            "subject": export.subject_name,
            "format": export.format,
            "chosen": dict(export.chosen),
            "file": export.file_name,
            "has_keys": export.matching is not None,
        },
    )
    if export.matching is not None:
        keys.store(operation, export.all_keys())
    running.start(operation)
    return operation


def export_of(operation: Operation) -> Export:
    params = operation.params
    return Export(
        operation.owner, params["subject"], params["format"], params["chosen"], operation.title
    )
