"""Addresses that are just being stored, and an erasure that waits for them.

Whoever stores addresses that come from elsewhere (staff, an import, a launch) begins with `begin`
in its transaction, and looks afterwards which were erased. Whoever erases writes the hash first,
commits, and then waits for those; so none of them can bring back what is being erased.
"""

from __future__ import annotations

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

ADVISORY_LOCK = 0x45444D01  # any number that nothing else in this database locks


class BeingStored(Exception):
    """Addresses are being stored for longer than anybody wants to wait."""


def begin() -> None:
    """Until the end of the transaction no erasure goes past the writing of its hash."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [ADVISORY_LOCK])


def wait_for_all() -> None:
    """Until the end of the transaction nobody stores addresses. Raises BeingStored when somebody
    does for longer than the lock time-out; the transaction is then lost.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise BeingStored from error
