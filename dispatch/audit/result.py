"""The result of a check, and its queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

MOST_NAMED = 10
"""Of each kind of offender, so many are named; all are counted."""


@dataclass(frozen=True, slots=True)
class AuditResult:
    """The result of one check. `offenders` are sentences that name rows; none means that the
    guarantee holds.
    """

    guarantee: str
    summary: str
    offenders: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.offenders


def rows(sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or {})
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def one(sql: str, parameters: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
    return rows(sql, parameters)[0]
