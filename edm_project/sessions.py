"""Settings of every database session, and detection of a pooler in transaction mode, which gives
each transaction another session of the server."""

from __future__ import annotations

from typing import Any

from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate
from django.dispatch import receiver

ROUNDS = 5
NO_SESSION = ("08", "28", "3D", "53", "57P")
"""How SQLSTATE begins for: the connection, the login, the name, room for more, a shutdown. A server
that does not answer at all has none."""
SHARED = (
    "The database is reached through a pooler in transaction or statement mode, which gives each "
    "transaction another session: time-outs and the lock of maintenance would be left in sessions "
    "of others, so nothing may be sent."
)
SHARED_HINT = (
    "Set pool_mode = session for this database in PgBouncer, or connect directly to PostgreSQL."
)


@receiver(connection_created)
def set_up(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Apply the session settings of DATABASES, in one round trip. PgBouncer would refuse start-up
    parameters."""
    values: dict[str, str] = connection.settings_dict.get("SESSION") or {}
    if values and connection.vendor == "postgresql":
        calls = ", ".join("set_config(%s, %s, false)" for _ in values)
        parameters = [text for pair in values.items() for text in pair]
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {calls}", parameters)
        except BaseException:
            connection.close()  # else the next statement would run in it, without any limit
            raise


@receiver(pre_migrate)
def let_migrations_think(using: str, **kwargs: Any) -> None:
    """A migration works in Python between its statements: on a slow machine for longer than any
    other transaction may be idle."""
    with connections[using].cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 0")


@receiver(post_migrate)
def limit_again(using: str, **kwargs: Any) -> None:
    set_up(connections[using])


def is_shared(connection: BaseDatabaseWrapper) -> bool:
    """Whether statements of one connection run in several sessions of the server, or those of two
    connections in one. Opens a second connection behind a pooler only."""
    first = _session(connection)
    if connection.connection.info.backend_pid == first:
        return False  # the server itself answers: a pooler makes up keys of its own
    other: BaseDatabaseWrapper = connection.copy()
    try:
        return any(_session(other) == first or _session(connection) != first for _ in range(ROUNDS))
    finally:
        other.close()


def _session(connection: BaseDatabaseWrapper) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def explanation(error: OperationalError) -> str:
    """For an operator at a terminal, when no session could be opened; "" for errors within one. The
    server's message contains no password."""
    code = getattr(error.__cause__, "sqlstate", None) or ""
    if code and not code.startswith(NO_SESSION):
        return ""
    said = " ".join(str(error).split()).rstrip(".?") or "no answer"
    return (
        f"The database cannot be reached: {said}. This command has not done its work. Check that "
        "PostgreSQL runs, and the host, port, name, user and password in DATABASE_URL; then run "
        "it again."
    )
