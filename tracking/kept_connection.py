"""The database connection that a web server's thread keeps from one request to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")


def first_statement(do: Callable[[], T]) -> T:
    """What `do` returns: the first statement of a request, of which no harm comes when it is told
    twice.

    Django would ask a kept connection whether it still lives, before each request's first
    statement. Here the statement itself finds out, and is tried once more on a new connection.
    Raises what the second try raises.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]  # not in the stubs
    try:
        return do()
    except (OperationalError, InterfaceError):
        connection.close()
        return do()
