"""How long the statements of an import may take: as long as they need where an operator waits for
them, and not long in the browser.
"""

from __future__ import annotations

import math

from django.db import OperationalError, connection
from psycopg.errors import QueryCanceled

from campaigns.csv_source import TOOK_TOO_LONG
from campaigns.file_rows import FileImportError


def begin(seconds: float | None) -> None:
    """For each statement until the end of the transaction; None for no limit."""
    milliseconds = 0 if seconds is None else math.ceil(seconds * 1000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])


def explained(error: OperationalError) -> Exception:
    """The error in words when it is this limit, else itself."""
    if isinstance(error.__cause__, QueryCanceled):
        return FileImportError(TOOK_TOO_LONG)
    return error
