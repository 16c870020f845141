"""What can be exported. Apps that build on this one register theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

Cell = str | int | float | bool | dt.date | dt.datetime | None
Row = Sequence[Cell]
Chosen = Mapping[str, Any]
"""Which rows, as JSON: such as {"segment": 7}. Empty for all that the user may see."""

BATCH = 1_000
"""Keys that are looked up at once: what an export needs of memory."""


class Gone(Exception):
    """What the rows were chosen by is there no more, or the user may not see it. For staff."""


@dataclass(frozen=True, slots=True)
class Subject:
    """`keys` gives the rows that a user may see and has chosen; only
    their primary keys are read. `headings` are the columns that these rows need. `rows` reads
    some of them by key, in the order of the keys; those that were deleted meanwhile are left out.
    """

    noun: str
    permission: str
    keys: Callable[[User, Chosen], QuerySet[Any]]
    headings: Callable[[Sequence[int], Chosen], list[str]]
    rows: Callable[[Sequence[int], Sequence[str], Chosen], Iterator[Row]]


SUBJECTS: dict[str, Subject] = {}


def rows_of(
    subject: Subject, keys: Sequence[int], headings: Sequence[str], chosen: Chosen
) -> Iterator[Row]:
    """All rows of these keys, read BATCH at a time, each by queries of their own."""
    for start in range(0, len(keys), BATCH):
        yield from subject.rows(keys[start : start + BATCH], headings, chosen)
