"""Folding tallies: the many small changes of a task's counts become one row per state."""

from __future__ import annotations

from django.db import connection

FOLD_FROM = 50
"""A task whose tallies have this many rows is folded; reading fewer costs nothing."""

# One statement: whoever reads meanwhile sees the rows before or after, never between. Tallies of
# tasks that are gone go with them. Rows that are appended meanwhile are not seen and stay.
FOLD_SQL = """
WITH long AS (
    SELECT task_id FROM campaigns_tally GROUP BY task_id HAVING count(*) >= %s
), taken AS (
    DELETE FROM campaigns_tally WHERE task_id IN (SELECT task_id FROM long)
    RETURNING task_id, status, in_doubt, failure_reason, count
)
INSERT INTO campaigns_tally (task_id, status, in_doubt, failure_reason, count)
SELECT task_id, status, in_doubt, failure_reason, sum(count) FROM taken
WHERE EXISTS (SELECT 1 FROM campaigns_task t WHERE t.id = task_id)
GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0
"""


def fold() -> None:
    """Fold the tallies of busy tasks. Run by one process at a time."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD_SQL, [FOLD_FROM])
