"""Guarantee 3: nothing is lost, everything adds up, and no row is without a next step."""

from __future__ import annotations

from dispatch.audit.result import MOST_NAMED, AuditResult, one, rows
from dispatch.lease_terms import LEASE_SECONDS

HELD_AT_MOST_SECONDS = 900.0
"""No claim lasts so long: it is handed over within seconds or goes back, and no transport waits
so long for a reply. What is held longer is held by a dispatcher that has forgotten it.
"""

SWEPT_SECONDS = 60.0
"""What a cancelled task still has pending is failed in chunks; so long it does not stand still."""

TOTALS_SQL = "SELECT coalesce(sum(count), 0), count(DISTINCT task_id) FROM campaigns_tally"

TALLY_DIFFERENCES_SQL = """
WITH counted AS (
    SELECT task_id, status, in_doubt_since IS NOT NULL AS in_doubt, failure_reason, count(*) AS n
    FROM campaigns_subtask GROUP BY 1, 2, 3, 4
), tallied AS (
    SELECT task_id, status, in_doubt, failure_reason, sum(count) AS n
    FROM campaigns_tally GROUP BY 1, 2, 3, 4
)
SELECT task_id,
       CASE WHEN in_doubt THEN 'in doubt' ELSE trim(status::text || ' ' || failure_reason) END,
       coalesce(t.n, 0), coalesce(c.n, 0), count(*) OVER ()
FROM counted c FULL JOIN tallied t USING (task_id, status, in_doubt, failure_reason)
WHERE coalesce(t.n, 0) <> coalesce(c.n, 0) ORDER BY 1, 2 LIMIT %(most)s
"""

# SubTasks that a launch made and that are not there any more, or that it did not make.
LAUNCH_DIFFERENCES_SQL = """
SELECT l.task_id, l.inserted, coalesce(sum(t.count), 0)
FROM campaigns_launch l LEFT JOIN campaigns_tally t ON t.task_id = l.task_id
GROUP BY 1, 2 HAVING l.inserted <> coalesce(sum(t.count), 0) ORDER BY 1 LIMIT %(most)s
"""

# What segments know of sent messages, which a trigger writes: by numbers alone, as comparing each
# address would cost more than all other checks.
SENT_DIFFERENCES_SQL = """
WITH sent AS (
    SELECT task_id, count(*) AS n FROM campaigns_subtask WHERE sent_at IS NOT NULL GROUP BY 1
), known AS (
    SELECT task_id, count(*) AS n FROM campaigns_engagement WHERE kind = 1 GROUP BY 1
)
SELECT task_id, coalesce(k.n, 0), coalesce(s.n, 0)
FROM sent s FULL JOIN known k USING (task_id)
WHERE coalesce(k.n, 0) <> coalesce(s.n, 0) ORDER BY 1 LIMIT %(most)s
"""

# Pending in a task that is not, and will not be, sent; or held by a dispatcher that has forgotten
# it. A cancelled task's are failed by maintenance, a chunk a second, and only while there is any.
WITHOUT_NEXT_STEP_SQL = """
WITH pending AS (
    SELECT s.id, s.status, 'its task is ' || t.status AS why FROM campaigns_task t
    JOIN campaigns_subtask s ON s.task_id = t.id AND s.status = 'pending'
    WHERE t.status NOT IN ('queued', 'sending', 'paused', 'cancelled')
       OR (t.status = 'cancelled' AND t.cancelled_at < now() - make_interval(secs => %(swept)s)
           AND EXISTS (SELECT 1 FROM dispatch_dispatcher d
                       WHERE d.ended_at IS NULL
                         AND d.heartbeat_at > now() - make_interval(secs => %(lease)s)
                         AND d.started_at < now() - make_interval(secs => %(swept)s))
           AND NOT EXISTS (SELECT 1 FROM campaigns_subtask f
                           WHERE f.task_id = t.id AND f.status = 'failed'
                             AND f.failed_at > now() - make_interval(secs => %(swept)s)))
), forgotten AS (
    SELECT id, status, 'it has been since ' || to_char(allocated_at, 'YYYY-MM-DD HH24:MI:SS TZ')
    FROM campaigns_subtask
    WHERE status IN ('allocated', 'sending') AND in_doubt_since IS NULL
      AND allocated_at < now() - make_interval(secs => %(held)s)
)
SELECT id, status::text, why, count(*) OVER ()
FROM (SELECT * FROM pending UNION ALL SELECT * FROM forgotten) AS stuck ORDER BY 1 LIMIT %(most)s
"""


def nothing_lost() -> AuditResult:
    total, tasks = one(TOTALS_SQL)
    limits = {
        "held": HELD_AT_MOST_SECONDS,
        "swept": SWEPT_SECONDS,
        "lease": LEASE_SECONDS,
        "most": MOST_NAMED,
    }
    differences = rows(TALLY_DIFFERENCES_SQL, limits)
    stuck = rows(WITHOUT_NEXT_STEP_SQL, limits)
    return AuditResult(
        "3 nothing lost",
        f"{total} SubTasks of {tasks} tasks, {differences[0][4] if differences else 0} tallies "
        f"differ from the counts, {stuck[0][3] if stuck else 0} SubTasks without a next step",
        [
            f"task {task}: the tally says {tallied} {state}, there are {counted}"
            for task, state, tallied, counted, _ in differences
        ]
        + [
            f"task {task}: the launch made {made} SubTasks, there are {there}"
            for task, made, there in rows(LAUNCH_DIFFERENCES_SQL, limits)
        ]
        + [
            f"task {task}: segments know of {known} sent messages, there are {sent}"
            for task, known, sent in rows(SENT_DIFFERENCES_SQL, limits)
        ]
        + [
            f"SubTask {pk} is {status} and nothing will change that: {why}"
            for pk, status, why, _ in stuck
        ],
    )
