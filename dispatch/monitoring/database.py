"""How PostgreSQL is doing: transactions that are open, and rows that wait to be cleaned up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection

HOT_TABLES = (
    "campaigns_subtask",
    "campaigns_tally",
    "dispatch_attempt",
    "dispatch_dispatcher",
    "dispatch_pace",
    "dispatch_turn",
    "dispatch_connectionshare",
    "django_q_ormq",
)
# Other users' transactions are shown only to members of pg_read_all_stats (or pg_monitor).
TRANSACTIONS = """
SELECT count(*),
       coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8,
       count(*) FILTER (WHERE state LIKE 'idle in transaction%%'),
       coalesce(max(extract(epoch FROM clock_timestamp() - state_change))
                FILTER (WHERE state LIKE 'idle in transaction%%'), 0)::float8,
       (SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend'),
       current_setting('max_connections')::int
FROM pg_stat_activity
WHERE datname = current_database() AND xact_start IS NOT NULL
  AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
TABLES = """
SELECT relname, n_live_tup, n_dead_tup, greatest(last_vacuum, last_autovacuum)
FROM pg_stat_user_tables
WHERE schemaname = ANY (current_schemas(false)) AND relname = ANY (%s) ORDER BY relname
"""
SUPPRESSED = """
SELECT CASE WHEN few.number < 10000 THEN few.number ELSE greatest(10000, (
    SELECT n_live_tup FROM pg_stat_user_tables WHERE relid = 'campaigns_suppression'::regclass)) END
FROM (SELECT count(*) AS number FROM (SELECT FROM campaigns_suppression LIMIT 10000) one) few
"""


@dataclass(frozen=True, slots=True)
class Transactions:
    """The open transactions of other sessions on this database. Times are in seconds."""

    open: int
    longest_seconds: float
    idle: int
    """Open, and waiting for their client to say something."""
    longest_idle_seconds: float
    connections: int
    max_connections: int
    """Of the server: other databases use them too."""


@dataclass(frozen=True, slots=True)
class Table:
    """What PostgreSQL's statistics say of a table; both counts are estimates."""

    name: str
    live_rows: int
    dead_rows: int
    vacuumed_at: dt.datetime | None


def transactions() -> Transactions:
    return Transactions(*_rows(TRANSACTIONS)[0])


def hot_tables() -> list[Table]:
    return [Table(*row) for row in _rows(TABLES, [list(HOT_TABLES)])]


def suppressed() -> int:
    """Entries of the suppression list: exact up to 10,000, an estimate beyond."""
    return int(_rows(SUPPRESSED)[0][0])


def _rows(sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or [])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
