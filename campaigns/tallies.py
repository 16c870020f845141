"""Fold tallies: merge the many small changes of a task's counts into one row per state."""

from __future__ import annotations

from django.db import connection

FOLD_FROM = 50
"""Tasks with at least this many tally rows are folded; reading fewer is cheap."""

NEWEST = 2_000
"""Only tasks among this many of the newest rows are checked: tasks whose counts no longer change
are folded already, and their number keeps growing."""

# One statement: a concurrent reader sees the rows before or after, never between. Tallies of tasks
# that are gone go with them. Rows that are appended meanwhile are not seen and stay. Arrays, so
# that each task's rows are found by index tally_task however many there are in all.
FOLD_SQL = """
WITH taken AS (
    DELETE FROM campaigns_tally WHERE task_id = ANY (ARRAY(
        SELECT task_id FROM campaigns_tally WHERE task_id = ANY (ARRAY(
            SELECT DISTINCT task_id FROM (
                SELECT task_id FROM campaigns_tally ORDER BY id DESC LIMIT %s) AS newest))
        GROUP BY task_id HAVING count(*) >= %s))
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
        cursor.execute(FOLD_SQL, [NEWEST, FOLD_FROM])
