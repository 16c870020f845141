"""Questions to the database that may take long: each for so long, and few of them at once.

A web server has few threads, and the pages of recipients need them, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

T = TypeVar("T")
MOST = 3
"""At once, of all processes that use the database."""
ADVISORY_LOCK = 0x45444D04
"""With the number of a place."""
PLACE_SQL = """
SELECT place FROM generate_series(1, %s) AS place
WHERE pg_try_advisory_xact_lock(%s, place) LIMIT 1
"""
LIMIT_SQL = "SELECT set_config('statement_timeout', %s, true)"


def answer_within(seconds: float, ask: Callable[[], T]) -> T | None:
    """What `ask` answers; None when one of its statements takes longer, or when MOST such questions
    are being asked already."""
    try:
        with transaction.atomic():
            return _asked(seconds, ask)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return None
        raise


def _asked(seconds: float, ask: Callable[[], T]) -> T | None:
    """The place is free again at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(PLACE_SQL, [MOST, ADVISORY_LOCK])
        if cursor.fetchone() is None:
            return None
        cursor.execute("SELECT current_setting('statement_timeout')")
        [before] = cursor.fetchone()
        cursor.execute(LIMIT_SQL, [str(round(seconds * 1000))])
        answer = ask()
        cursor.execute(LIMIT_SQL, [before])
        return answer
