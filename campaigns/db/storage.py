"""A migration operation that sets storage parameters and autovacuum options of a table."""

from __future__ import annotations

from django.db.migrations import RunSQL


def store(table: str, **parameters: float) -> RunSQL:
    """Set storage parameters of a table; backwards, reset them to the server's defaults."""
    values = ", ".join(f"{name} = {value}" for name, value in parameters.items())
    return RunSQL(
        f"ALTER TABLE {table} SET ({values})",
        f"ALTER TABLE {table} RESET ({', '.join(parameters)})",
    )
