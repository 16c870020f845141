"""A database in which time stands still until the test lets it pass, and every move is written down.

The database clock is the only clock of the product, so the model replaces that one: functions of the
names that PostgreSQL itself has (`now`, `clock_timestamp`, …) live in a schema that comes first in
the search path, and read the time from a table. The column defaults are pointed at them as well.
Nothing in the product is patched, and whoever still goes by the host's clock is off by years.

Three things in a process are carried on with the monotonic clock between two readings; what they
mean for a dispatcher is in `tests.model.puppets`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection

BEGINNING = dt.datetime(2001, 9, 9, 23, 58, tzinfo=dt.UTC)
"""Two minutes before a quota is reset at midnight, and long before today."""

CLOCK_SQL = """
CREATE SCHEMA model;
CREATE TABLE model.clock (at timestamptz NOT NULL);
CREATE FUNCTION model.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
    AS 'SELECT at FROM model.clock';
CREATE FUNCTION model.now() RETURNS timestamptz STABLE LANGUAGE sql
    AS 'SELECT at FROM model.clock';
CREATE FUNCTION model.statement_timestamp() RETURNS timestamptz STABLE LANGUAGE sql
    AS 'SELECT at FROM model.clock';
CREATE FUNCTION model.transaction_timestamp() RETURNS timestamptz STABLE LANGUAGE sql
    AS 'SELECT at FROM model.clock';
INSERT INTO model.clock VALUES (%s);
"""
MOVES_SQL = """
CREATE TABLE model.move (
    subtask_id bigint, before text, after text, was_in_doubt bool, old_token uuid, new_token uuid);
CREATE FUNCTION model.note_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO model.move VALUES (
        NEW.id, OLD.status, NEW.status, OLD.in_doubt_since IS NOT NULL,
        OLD.claim_token, NEW.claim_token);
    RETURN NULL;
END $$;
CREATE TRIGGER model_move AFTER UPDATE ON campaigns_subtask
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION model.note_move();
"""
DEFAULTS_SQL = """
SELECT d.adrelid::regclass::text, quote_ident(a.attname)
FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE d.adrelid::regclass::text ~ '^(campaigns|dispatch)_'
  AND pg_get_expr(d.adbin, d.adrelid) ~ 'statement_timestamp'
"""
SEARCH_PATH = "model, pg_catalog, public"


class StoppedClock:
    """The database clock as a dispatcher carries it: exact, and waiting for a moment lets time
    pass.
    """

    def __init__(self) -> None:
        self.now = BEGINNING

    def at_least(self) -> dt.datetime:
        return self.now

    def at_most(self) -> dt.datetime:
        return self.now

    def seconds_until(self, moment: dt.datetime) -> float:
        if moment > self.now:
            self.pass_time(moment - self.now)
        return 0.0

    def pass_time(self, time: dt.timedelta) -> None:
        self.now += time
        _execute("UPDATE model.clock SET at = %s", [self.now])

    def rewind(self) -> None:
        self.pass_time(BEGINNING - self.now)


@contextmanager
def laboratory() -> Iterator[StoppedClock]:
    """Stop the clock of the test database, for all its sessions. Its tables must be committed."""
    _execute(CLOCK_SQL, [BEGINNING])
    _execute(MOVES_SQL)
    defaults = _rows(DEFAULTS_SQL)
    assert len(defaults) > 10, "the column defaults were not found"
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    try:
        for table, column in defaults:
            _set_default(table, column, "model.statement_timestamp()")
        _execute(f"ALTER DATABASE {database} SET search_path = {SEARCH_PATH}")
        _execute(f"ALTER DATABASE {database} SET synchronous_commit = off")
        connection.close()
        yield StoppedClock()
    finally:
        connection.close()
        _execute(f"ALTER DATABASE {database} RESET ALL")
        connection.close()
        for table, column in defaults:
            _set_default(table, column, "statement_timestamp()")
        _execute("DROP SCHEMA model CASCADE")


def moves() -> list[tuple[Any, ...]]:
    """The changes of SubTasks since last asked: id, status before and after, whether it was in
    doubt, token before and after.
    """
    return _rows("DELETE FROM model.move RETURNING *")


def empty() -> None:
    """Forget every row of the product."""
    models = [
        model
        for app in ("campaigns", "tracking", "dispatch", "signup")
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    ]
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)
    _execute(f"TRUNCATE {tables}, model.move")


def _set_default(table: str, column: str, expression: str) -> None:
    _execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {expression}")


def _execute(sql: str, params: list[dt.datetime] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
