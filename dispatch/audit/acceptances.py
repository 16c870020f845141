"""Guarantee 2: no recipient of a task gets two messages, unless a person decided so about a doubt.

An attempt that was accepted, or whose outcome is unknown, may have reached its recipient. Each
decision about a doubt, other than that it was sent, allows one more.
"""

from __future__ import annotations

from dispatch.audit.finding import MOST_NAMED, Finding, one, rows

# Where the state of a SubTask contradicts its attempts: handed over more often than allowed; to be
# sent (again) although every hand-over that was allowed has been made, which is the doubt that was
# retried blindly before it becomes a duplicate; or sent or in doubt without ever being handed over.
CONTRADICTIONS_SQL = """
WITH handed_over AS (
    SELECT subtask_id, count(*) AS times FROM dispatch_attempt
    WHERE outcome IN ('accepted', 'unknown') GROUP BY 1
), decided AS (
    SELECT subtask_id, count(*) AS times FROM dispatch_decision
    WHERE choice <> 'was_sent' GROUP BY 1
), compared AS (
    SELECT s.id, s.status::text AS status, coalesce(h.times, 0) AS times,
           coalesce(d.times, 0) AS decided,
           s.in_doubt_since IS NULL
               AND s.status IN ('pending', 'allocated', 'sending', 'failed') AS may_be_sent
    FROM campaigns_subtask s
    LEFT JOIN handed_over h ON h.subtask_id = s.id
    LEFT JOIN decided d ON d.subtask_id = s.id
)
SELECT id, status, times, decided, count(*) FILTER (WHERE times > decided + 1) OVER ()
FROM compared
WHERE times > decided + CASE WHEN may_be_sent THEN 0 ELSE 1 END OR (times = 0 AND NOT may_be_sent)
ORDER BY times DESC, id LIMIT %(most)s
"""

TWICE_IN_A_TASK_SQL = """
SELECT task_id, recipient_email, count(*) FROM campaigns_subtask
GROUP BY 1, 2 HAVING count(*) > 1 LIMIT %(most)s
"""

ACCEPTED_SQL = "SELECT count(*) FROM dispatch_attempt WHERE outcome = 'accepted'"


def one_acceptance() -> Finding:
    contradictions = rows(CONTRADICTIONS_SQL, {"most": MOST_NAMED})
    twice = rows(TWICE_IN_A_TASK_SQL, {"most": MOST_NAMED})
    duplicates = contradictions[0][4] if contradictions else 0
    return Finding(
        "2 at most one acceptance",
        f"{one(ACCEPTED_SQL)[0]} messages accepted, {duplicates} duplicates",
        [_describe(pk, status, times, decided) for pk, status, times, decided, _ in contradictions]
        + [
            f"task {task} has {number} SubTasks for {recipient}"
            for task, recipient, number in twice
        ],
    )


def _describe(pk: int, status: str, times: int, decided: int) -> str:
    if not times:
        return f"SubTask {pk} is {status} but was never handed over"
    handed_over = f"SubTask {pk} was handed over {times} times and people allowed {decided} more"
    return handed_over if times > decided + 1 else f"{handed_over}, but it is {status}"
