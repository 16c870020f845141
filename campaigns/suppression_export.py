"""The suppression list as a CSV file that can be imported again, of any length."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from campaigns.formulas import escaped
from campaigns.models import Suppression

COLUMNS = ("email", "reason", "source", "created_at")
BATCH = 5_000  # rows


def lines() -> Iterator[str]:
    """The lines of the file, some thousand together. Short statements, by key: a list of a million
    may take as long to fetch as the other side likes.
    """
    yield "\ufeff" + _table([COLUMNS])  # by which spreadsheets know that it is UTF-8
    last = 0
    while True:
        rows = Suppression.objects.filter(pk__gt=last).order_by("pk").values_list("pk", *COLUMNS)
        batch = list(rows[:BATCH])
        if not batch:
            return
        last = batch[-1][0]
        yield _table([(*row[1:-1], row[-1].isoformat(timespec="seconds")) for row in batch])


def _table(rows: list[tuple[str, ...]]) -> str:
    text = StringIO()
    csv.writer(text).writerows([[escaped(cell) for cell in row] for row in rows])
    return text.getvalue()
