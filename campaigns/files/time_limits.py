"""Time limits of an import's statements, and messages for database errors. In the browser the
limits are short; on the command line there are none."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import Error, InterfaceError, ProgrammingError, connection, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from psycopg import errors

from campaigns.files.csv_reader import TOOK_TOO_LONG, CsvRow
from campaigns.files.row_errors import FileImportError

SIGN_OF_LIFE_SECONDS = 1.0
NOTHING = _("Nothing was imported.")
AGAIN = _("Try again in a few minutes; to import a file again does no harm.")
_HELD = (errors.LockNotAvailable, errors.DeadlockDetected)
_IDLE = (errors.IdleInTransactionSessionTimeout,)
_GONE = frozenset(["08", "25", "53", "57", "58"])
"""Classes of errors of the server, and not of what it was given: connections, states of
transactions, resources, interventions, systems.
"""


@contextmanager
def import_transaction(seconds: float | None) -> Iterator[None]:
    """One transaction whose statements take so many seconds each; None for no limit. Raises
    FileImportError for each error of the database, and then has changed nothing; a statement that
    is wrong is a fault of ours and no such error.
    """
    try:
        with transaction.atomic():
            _limit(seconds)
            yield
    except ProgrammingError:
        raise
    except Error as error:
        raise FileImportError(_explained(error, seconds)) from error


def copy_rows(statement: str, rows: Iterable[Iterable[object]]) -> None:
    """COPY rows into a table. Raises Django's database errors, like other statements."""
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        for row in rows:
            copy.write_row(row)


def kept_alive(rows: Iterable[CsvRow]) -> Iterator[CsvRow]:
    """The rows; while they are read, the session is never so long without a statement (a run of bad
    rows needs none) that the database takes it for one that was forgotten, and ends it.
    """
    last = time.monotonic()
    for row in rows:
        if time.monotonic() - last > SIGN_OF_LIFE_SECONDS:
            if connection.in_atomic_block:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
            last = time.monotonic()
        yield row


def _limit(seconds: float | None) -> None:
    milliseconds = 0 if seconds is None else math.ceil(seconds * 1000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])


def _explained(error: Error, seconds: float | None) -> str:
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or ""
    if isinstance(cause, errors.QueryCanceled) and seconds is not None:
        return gettext("%(problem)s A statement of the database took more than %(seconds)s s.") % {
            "problem": TOOK_TOO_LONG,
            "seconds": f"{seconds:,g}",
        }
    if isinstance(cause, _HELD):
        return gettext(
            "Other work holds the same rows, such as another import. %(nothing)s %(again)s"
        ) % {"nothing": NOTHING, "again": AGAIN}
    if isinstance(cause, _IDLE):
        return gettext(
            "The database ended the import, as it had paused for too long. %(nothing)s %(again)s"
        ) % {"nothing": NOTHING, "again": AGAIN}
    if isinstance(error, InterfaceError) or not state or state[:2] in _GONE:
        return gettext(
            "The database ended the import or cannot be reached. %(nothing)s %(again)s"
        ) % {"nothing": NOTHING, "again": AGAIN}
    return gettext(
        "The database refused the rows of the file: %(cause)s. %(nothing)s Mend the "
        "file; if it looks right, show this to an operator."
    ) % {"cause": cause, "nothing": NOTHING}
