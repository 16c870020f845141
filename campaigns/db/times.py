"""The database clock, which is the only clock."""

from __future__ import annotations

import datetime as dt

from django.db import connection


def database_time() -> dt.datetime:
    """What time it is now, to the database; within a transaction, too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: dt.datetime = cursor.fetchone()[0]
        return now
