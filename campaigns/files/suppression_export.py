"""Export the suppression list, of any length, as a CSV file that can be imported again."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator
from io import StringIO
from typing import Any

from django.db.models import QuerySet

from campaigns import suppressions
from campaigns.files.formulas import escaped_everywhere
from campaigns.models import Contact, Suppression
from campaigns.models.contacts import is_domain

COLUMNS = ("email", "reason", "source", "created_at")
BATCH = 5_000  # rows


def lines() -> Iterator[str]:
    """The lines of the file, some thousand together. Short statements, by key: a list of a million
    may take as long to fetch as the other side likes.
    """
    yield _HEADING
    for rows in _batches(Suppression.objects.all(), *COLUMNS):
        yield _lines_of(row[1:] for row in rows)


def lines_for(owner_ids: Collection[int]) -> Iterator[str]:
    """The same of the entries that keep these owners' contacts from being mailed: their addresses,
    once for each owner, and whole domains.
    """
    yield _HEADING
    told: set[str] = set()
    for contacts in _batches(Contact.objects.filter(owner__in=owner_ids), "email"):
        emails = [email for _, email in contacts]
        names = {*emails, *(suppressions.domain_of(email) for email in emails)} - told
        rows = list(Suppression.objects.filter(email__in=names).values_list(*COLUMNS))
        told |= {row[0] for row in rows if is_domain(row[0])}
        yield _lines_of((email, reason, "", at) for email, reason, _, at in rows)


def _batches(rows: QuerySet[Any], *columns: str) -> Iterator[list[Any]]:
    """All rows by key, each as its key and these columns."""
    last = 0
    values = rows.order_by("pk").values_list("pk", *columns)
    while batch := list(values.filter(pk__gt=last)[:BATCH]):
        yield batch
        last = batch[-1][0]


def _lines_of(rows: Iterable[tuple[Any, ...]]) -> str:
    return _table([(*row[:-1], row[-1].isoformat(timespec="seconds")) for row in rows])


def _table(rows: list[tuple[str, ...]]) -> str:
    text = StringIO()
    csv.writer(text).writerows([[escaped_everywhere(cell) for cell in row] for row in rows])
    return text.getvalue()


_HEADING = "\ufeff" + _table([COLUMNS])
"""With the byte order mark, by which spreadsheets recognise UTF-8."""
