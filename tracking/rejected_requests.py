"""Count rejected requests; nothing else is kept of them.

A count is raised in one of several shard rows, so that requests seldom wait for each other;
maintenance folds the rows of a day into one per endpoint and reason. Rate-limited requests are
counted in memory and written once a second: a killed process loses the last second of them, and a
flood costs the database nothing.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import Counter

from django.db import Error, connection

logger = logging.getLogger(__name__)

SHARDS = 8
LATER_SECONDS = 1.0
Key = tuple[str, str]

# Sorted, so that concurrent writers wait instead of deadlocking.
COUNT_SQL = """
INSERT INTO tracking_rejectedrequests AS r (day, endpoint, reason, shard, count)
SELECT current_date, v.endpoint, v.reason, %s, v.number
FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS v(endpoint, reason, number)
ON CONFLICT (day, endpoint, reason, shard) DO UPDATE SET count = r.count + excluded.count
"""

# One statement: a reader sees the rows before or after, never between. Shard 0 is raised by nothing
# else.
FOLD_SQL = """
WITH taken AS (
    DELETE FROM tracking_rejectedrequests WHERE shard > 0 RETURNING day, endpoint, reason, count
)
INSERT INTO tracking_rejectedrequests AS r (day, endpoint, reason, shard, count)
SELECT day, endpoint, reason, 0, sum(count) FROM taken GROUP BY 1, 2, 3
ON CONFLICT (day, endpoint, reason, shard) DO UPDATE SET count = r.count + excluded.count
"""


# All of them: folded, there is a row a day for each.
TOTALS_SQL = (
    "SELECT endpoint, reason, sum(count) FROM tracking_rejectedrequests GROUP BY 1, 2 ORDER BY 1, 2"
)


class Later:
    """Counts kept in memory for about a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Key] = Counter()
        self._taken_at = 0.0

    def add(self, key: Key) -> None:
        with self._lock:
            self._counts[key] += 1

    def due(self) -> Counter[Key]:
        """Take the counts if it is time, else none."""
        if not self._counts or time.monotonic() - self._taken_at < LATER_SECONDS:
            return Counter()
        return self.take()

    def take(self) -> Counter[Key]:
        with self._lock:
            counts, self._counts = self._counts, Counter()
            self._taken_at = time.monotonic()
            return counts


_later = Later()


def forget() -> None:
    """Drop the unwritten counts, when their database is gone."""
    _later.take()


def count(endpoint: str, reason: str, number: int = 1) -> None:
    """Count this many rejected requests to this endpoint. Both words are ours, not from the
    request."""
    counts = _later.take()
    counts[endpoint[:40], reason[:40]] += number
    _write(counts)


def count_later(endpoint: str, reason: str) -> None:
    """As `count`, written together with others of the same second."""
    _later.add((endpoint[:40], reason[:40]))
    write_due()


def write_due() -> None:
    """Write the counts that are at least a second old. Does nothing when there are none."""
    if counts := _later.due():
        _write(counts)


def _write(counts: Counter[Key]) -> None:
    ordered = sorted(counts.items())
    columns = [[key[0] for key, _ in ordered], [key[1] for key, _ in ordered]]
    shard = 1 + secrets.randbelow(SHARDS)
    try:
        with connection.cursor() as cursor:
            cursor.execute(COUNT_SQL, [shard, *columns, [number for _, number in ordered]])
    except Error as error:
        logger.warning("%d rejected requests were not counted: %s", counts.total(), error)


def totals() -> dict[tuple[str, str], int]:
    """How many were rejected so far, by endpoint and reason."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS_SQL)
        return {(endpoint, reason): int(count) for endpoint, reason, count in cursor.fetchall()}


def fold() -> None:
    """Run by one process at a time."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD_SQL)
