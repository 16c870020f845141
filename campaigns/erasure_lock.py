"""An advisory lock between storing addresses and erasing one.

Code that stores addresses from outside (staff, an import, a launch) calls `begin` in its
transaction, and afterwards checks which were erased. An erasure writes the hash first, commits, and
then waits for those transactions; so none of them can restore the address being erased.
"""

from __future__ import annotations

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

ADVISORY_LOCK = 0x45444D01  # any number that nothing else in this database locks


class BeingStored(Exception):
    """Another transaction is storing addresses for longer than the lock time-out."""


def begin() -> None:
    """Until the end of the transaction no erasure proceeds after writing its hash."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [ADVISORY_LOCK])


def wait_for_all() -> None:
    """Until the end of the transaction no addresses are stored. Raises BeingStored when another
    transaction stores some for longer than the lock time-out; this transaction is then lost."""
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise BeingStored from error
