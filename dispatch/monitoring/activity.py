"""Counts of dispatchers: in total, of the last minute, and of each minute for an hour."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.db import connection

from dispatch import counters
from dispatch.counters import NestedCounts
from dispatch.models import AttemptOutcome

# One statement, so that figures which go from a dispatcher's row to the total meanwhile are seen
# in one of them. There is always a row, for the time. Uses the partial indexes dispatcher_alive and
# dispatcher_uncounted.
COUNTS = """
SELECT statement_timestamp(), each.* FROM (SELECT 1) AS now LEFT JOIN (
    SELECT figures, id, host, pid, started_at, heartbeat_at
    FROM dispatch_dispatcher WHERE ended_at IS NULL
    UNION ALL
    SELECT figures, NULL, NULL, NULL, NULL, NULL
    FROM dispatch_dispatcher WHERE ended_at IS NOT NULL AND NOT counted
    UNION ALL
    SELECT figures, NULL, NULL, NULL, NULL, NULL FROM dispatch_figurestotal
) AS each ON TRUE ORDER BY id
"""
# The oldest sample of about the last minute; none when maintenance did not run then.
A_MINUTE_AGO = """
SELECT taken_at, figures, services, dispatchers FROM dispatch_figuressample
WHERE taken_at BETWEEN statement_timestamp() - interval '75 seconds'
                   AND statement_timestamp() - interval '20 seconds'
ORDER BY taken_at LIMIT 1
"""
MINUTES = """
SELECT DISTINCT ON (date_trunc('minute', taken_at)) taken_at, figures FROM dispatch_figuressample
WHERE taken_at > statement_timestamp() - interval '61 minutes'
ORDER BY date_trunc('minute', taken_at), taken_at
"""
LONGEST_MINUTE_SECONDS = 120
"""Between samples that are further apart no maintenance ran, and nothing was sent."""


@dataclass(frozen=True, slots=True)
class Living:
    """A dispatcher that has not ended. `handed_over` counts messages."""

    id: int
    host: str
    pid: int
    started_at: dt.datetime
    heartbeat_at: dt.datetime
    handed_over: int


@dataclass(frozen=True, slots=True)
class CountsNow:
    """The counts of all dispatchers there ever were, at one moment."""

    at: dt.datetime
    overall: NestedCounts
    """Without those of single services, which are added up under `outcomes`."""
    services: NestedCounts
    dispatchers: list[Living]


@dataclass(frozen=True, slots=True)
class Period:
    """What was counted within some seconds."""

    until: dt.datetime
    seconds: float
    overall: NestedCounts
    services: NestedCounts = field(default_factory=dict)
    dispatchers: dict[int, int] = field(default_factory=dict)
    """How many messages each living dispatcher handed over."""

    def per_second(self, count: float) -> float:
        return count / self.seconds

    @property
    def outcomes(self) -> NestedCounts:
        counts: NestedCounts = self.overall.get("outcomes", {})
        return counts

    def of_service(self, service_id: int) -> NestedCounts:
        counts: NestedCounts = self.services.get(str(service_id), {})
        return counts


def handed_over(outcomes: NestedCounts) -> int:
    """How many messages these outcomes are of that were to go to a provider."""
    return sum(outcomes.get(outcome, 0) for outcome in AttemptOutcome.values)


def read_counts() -> CountsNow:
    """Reads the total, and the rows of dispatchers that are not in it."""
    rows = _rows(COUNTS)
    counts = [json.loads(row[1] or "{}") for row in rows]
    overall = counters.add_up(counts)
    services = overall.pop("services", {})
    overall["outcomes"] = counters.add_up(services.values())
    living = [_living(row[2:], own) for row, own in zip(rows, counts, strict=True) if row[2]]
    return CountsNow(rows[0][0], overall, services, living)


def _living(row: tuple[Any, ...], counts: NestedCounts) -> Living:
    outcomes = counters.add_up(counts.get("services", {}).values())
    return Living(*row, handed_over(outcomes))  # type: ignore[call-arg]  # five and one


def last_minute(now: CountsNow) -> Period | None:
    """What was counted in about the last minute; None when there is nothing to compare with."""
    rows = _rows(A_MINUTE_AGO)
    if not rows:
        return None
    at, *then = rows[0]
    overall, services, dispatchers = map(json.loads, then)
    return Period(
        until=now.at,
        seconds=(now.at - at).total_seconds(),
        overall=counters.since(overall, now.overall),
        services=counters.since(services, now.services),
        dispatchers={
            each.id: max(0, each.handed_over - dispatchers.get(str(each.id), 0))
            for each in now.dispatchers
        },
    )


def last_hour() -> Iterator[Period]:
    """What was counted in each minute of the last hour in which maintenance ran."""
    samples = [(at, json.loads(overall)) for at, overall in _rows(MINUTES)]
    for (start, before), (until, after) in pairwise(samples):
        seconds = (until - start).total_seconds()
        if seconds <= LONGEST_MINUTE_SECONDS:
            yield Period(until, seconds, counters.since(before, after))


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
