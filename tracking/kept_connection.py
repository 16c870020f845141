"""The database connection that a web server's thread keeps from one request to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")


def first_statement(do: Callable[[], T]) -> T:
    """The result of `do`, the first statement of a request, which must be safe to run twice.

    Django would check a kept connection with a query of its own before each request's first
    statement. Here the statement itself finds a broken connection, and is retried once on a new
    one. Raises what the retry raises.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]  # not in the stubs
    try:
        return do()
    except (OperationalError, InterfaceError):
        connection.close()
        return do()
