"""Dead rows and bloat in the product's tables after a run."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

TABLES = (
    "campaigns_subtask",
    "campaigns_tally",
    "dispatch_attempt",
    "dispatch_dispatcher",
    "dispatch_pace",
    "dispatch_turn",
)
STATISTICS_SQL = """
SELECT relname, n_live_tup, n_dead_tup, n_tup_upd, n_tup_hot_upd, vacuum_count + autovacuum_count,
       pg_table_size(relid), pg_indexes_size(relid)
FROM pg_stat_user_tables WHERE relname = ANY(%s) ORDER BY relname
"""


@dataclass(frozen=True, slots=True)
class Health:
    """Of one table; sizes in bytes."""

    table: str
    live: int
    dead: int
    updates: int
    hot_updates: int
    vacuums: int
    heap_bytes: int
    index_bytes: int
    free_percent: float | None
    """Of the heap, dead rows included; None without the extension pgstattuple."""


def health() -> list[Health]:
    """Of each of the hot tables, as the database's statistics tell."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(STATISTICS_SQL, [list(TABLES)])
        rows = cursor.fetchall()
    return [Health(*(*row, free_percent(row[0]))) for row in rows]


def free_percent(table: str) -> float | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pgstattuple'")
        if cursor.fetchone() is None:
            return None
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pgstattuple")
        cursor.execute("SELECT free_percent + dead_tuple_percent FROM pgstattuple(%s)", [table])
        row = cursor.fetchone()
        return float(row[0]) if row else None
