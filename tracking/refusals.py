"""Counting the requests that were refused: all that is kept of them.

Each appends a row, so that they never wait for each other; housekeeping folds the rows of a day
into one per address and reason.
"""

from __future__ import annotations

import logging

from django.db import Error, connection

logger = logging.getLogger(__name__)

COUNT_SQL = """
INSERT INTO tracking_refusal (day, endpoint, reason, count) VALUES (current_date, %s, %s, 1)
"""

# One statement: whoever reads meanwhile sees the rows before or after, never between. What is
# appended meanwhile is not seen and stays.
FOLD_SQL = """
WITH many AS (
    SELECT day, endpoint, reason FROM tracking_refusal GROUP BY 1, 2, 3 HAVING count(*) > 1
), taken AS (
    DELETE FROM tracking_refusal WHERE (day, endpoint, reason) IN (SELECT * FROM many)
    RETURNING day, endpoint, reason, count
)
INSERT INTO tracking_refusal (day, endpoint, reason, count)
SELECT day, endpoint, reason, sum(count) FROM taken GROUP BY 1, 2, 3
"""


# All of them: folded, there is a row a day for each.
TOTALS_SQL = "SELECT endpoint, reason, sum(count) FROM tracking_refusal GROUP BY 1, 2 ORDER BY 1, 2"


def count(endpoint: str, reason: str) -> None:
    """A request to this endpoint was refused. Both are our own words, never the stranger's."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(COUNT_SQL, [endpoint[:40], reason[:40]])
    except Error as error:
        logger.warning("a refused request to %s (%s) was not counted: %s", endpoint, reason, error)


def totals() -> dict[tuple[str, str], int]:
    """How many were refused so far, by endpoint and reason."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS_SQL)
        return {(endpoint, reason): int(count) for endpoint, reason, count in cursor.fetchall()}


def fold() -> None:
    """Run by one process at a time."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD_SQL)
