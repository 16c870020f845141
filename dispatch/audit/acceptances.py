"""Guarantee 2: no recipient of a task gets two messages, unless a person decided so about a doubt.

An attempt that was accepted, or whose outcome is unknown, may have reached its recipient. Each
decision about a doubt, other than that it was sent, allows one more. One that repeats a hand-over
in doubt is the same hand-over: through the same service, under the same key, which `sending_at`
stands for, and within the window in which its provider de-duplicates. Where a service was connected
anew since, what its provider was is not known any more; it had the longest window at most.
"""

from __future__ import annotations

from dispatch.audit.result import MOST_NAMED, AuditResult, one, rows
from dispatch.providers import PROVIDERS

# Where the state of a SubTask contradicts its attempts: handed over more often than allowed; to be
# sent (again) although every hand-over that was allowed has been made, which is the doubt that was
# retried blindly before it becomes a duplicate; or sent or in doubt without ever being handed over.
CONTRADICTIONS_SQL = """
WITH windows AS (
    SELECT * FROM unnest(%(providers)s::text[], %(windows)s::float8[]) AS w(provider, seconds)
), attempted AS (
    SELECT subtask_id, count(*) AS times FROM dispatch_attempt
    WHERE outcome IN ('accepted', 'unknown', 'restored') GROUP BY 1
), again AS (
    SELECT a.*, a.sending_at + make_interval(secs => CASE
               WHEN e.connection_changed_at > a.sending_at THEN (SELECT max(seconds) FROM windows)
               ELSE coalesce(w.seconds, 0) END) AS window_end
    FROM attempted t JOIN dispatch_attempt a ON a.subtask_id = t.subtask_id AND t.times > 1
    JOIN dispatch_emailservice e ON e.id = a.service_id
    LEFT JOIN windows w ON w.provider = e.provider
    WHERE a.outcome IN ('accepted', 'unknown', 'restored')
), repeated AS (
    SELECT r.subtask_id, count(*) AS times FROM again r WHERE EXISTS (
        SELECT 1 FROM again f
        WHERE f.subtask_id = r.subtask_id AND f.service_id = r.service_id AND f.id < r.id
          AND f.outcome = 'unknown' AND f.sending_at = r.sending_at
          AND coalesce(r.started_at, r.slot_at) < r.window_end)
    GROUP BY 1
), handed_over AS (
    SELECT subtask_id, t.times - coalesce(r.times, 0) AS times
    FROM attempted t LEFT JOIN repeated r USING (subtask_id)
), decided AS (
    SELECT subtask_id, count(*) AS times FROM dispatch_decision
    WHERE choice <> 'was_sent' GROUP BY 1
), compared AS (
    SELECT s.id, s.status::text AS status, coalesce(h.times, 0) AS times,
           coalesce(d.times, 0) AS decided,
           s.in_doubt_since IS NULL
               AND s.status IN ('pending', 'allocated', 'sending', 'failed')
               AND NOT (s.status = 'sending' AND EXISTS (  -- being repeated
                   SELECT 1 FROM dispatch_attempt a
                   WHERE a.subtask_id = s.id AND a.service_id = s.service_id
                     AND a.outcome = 'unknown' AND a.sending_at = s.sending_at)) AS may_be_sent
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


def one_acceptance() -> AuditResult:
    windows = {each.name: each.idempotency_window_seconds for each in PROVIDERS}
    contradictions = rows(
        CONTRADICTIONS_SQL,
        {
            "most": MOST_NAMED,
            "providers": list(windows),
            "windows": [float(seconds) for seconds in windows.values()],
        },
    )
    twice = rows(TWICE_IN_A_TASK_SQL, {"most": MOST_NAMED})
    duplicates = contradictions[0][4] if contradictions else 0
    return AuditResult(
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
