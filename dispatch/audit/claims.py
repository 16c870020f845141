"""Guarantee 1: one claim, one service. A SubTask is held by at most one service at a time."""

from __future__ import annotations

from dispatch.audit.result import MOST_NAMED, AuditResult, one, rows
from dispatch.lease_terms import LEASE_SECONDS

RECOVERED_SECONDS = 3 * LEASE_SECONDS
"""A dispatcher dead for so long has been recovered, if any process was there to do it."""

CLOCK_SECONDS = 1.0
"""By so much two hand-overs may seem to overlap that did not: each dispatcher reads the clock over
the network.
"""

HELD_SQL = """
SELECT count(*) FILTER (WHERE in_doubt_since IS NULL), count(DISTINCT dispatcher_id),
       count(*) FILTER (WHERE in_doubt_since IS NOT NULL)
FROM campaigns_subtask WHERE status IN ('allocated', 'sending')
"""

# Held by no dispatcher; by one that has ended, which is recovered no more; or by one that is dead
# although another has been alive for long enough to recover it. (When everything stands still, the
# first that comes back does it.)
NOT_HELD_SQL = """
SELECT s.id, s.status::text, CASE
    WHEN s.service_id IS NULL OR s.claim_token IS NULL OR s.dispatcher_id IS NULL
        THEN 'no dispatcher holds it'
    WHEN d.id IS NULL OR d.ended_at IS NOT NULL
        THEN 'dispatcher ' || s.dispatcher_id || ' has ended'
    ELSE 'dispatcher ' || s.dispatcher_id || ' is dead' END
FROM campaigns_subtask s LEFT JOIN dispatch_dispatcher d ON d.id = s.dispatcher_id
WHERE s.status IN ('allocated', 'sending') AND s.in_doubt_since IS NULL
  AND (s.service_id IS NULL OR s.claim_token IS NULL OR d.id IS NULL OR d.ended_at IS NOT NULL
       OR (d.heartbeat_at < now() - make_interval(secs => %(recovered)s)
           AND EXISTS (SELECT 1 FROM dispatch_dispatcher l
                       WHERE l.ended_at IS NULL
                         AND l.heartbeat_at > now() - make_interval(secs => %(lease)s)
                         AND l.started_at < now() - make_interval(secs => %(recovered)s))))
ORDER BY s.id LIMIT %(most)s
"""

# Two hand-overs of one SubTask at the same time.
OVERLAPPING_SQL = """
WITH again AS MATERIALIZED (
    SELECT subtask_id FROM dispatch_attempt WHERE outcome <> 'not_started'
    GROUP BY 1 HAVING count(*) > 1
), held AS (
    SELECT subtask_id, id, coalesce(started_at, slot_at) AS since,
           lag(id) OVER claims AS before, lag(finished_at) OVER claims AS until
    FROM dispatch_attempt
    WHERE subtask_id IN (SELECT subtask_id FROM again) AND outcome <> 'not_started'
    WINDOW claims AS (PARTITION BY subtask_id ORDER BY coalesce(started_at, slot_at), id)
)
SELECT subtask_id, before, id FROM held WHERE since < until - make_interval(secs => %(clock)s)
ORDER BY 1 LIMIT %(most)s
"""


def one_claim() -> AuditResult:
    held, dispatchers, in_doubt = one(HELD_SQL)
    limits = {
        "recovered": RECOVERED_SECONDS,
        "lease": LEASE_SECONDS,
        "clock": CLOCK_SECONDS,
        "most": MOST_NAMED,
    }
    return AuditResult(
        "1 one claim, one service",
        f"{held} SubTasks held by {dispatchers} dispatchers, {in_doubt} in doubt",
        [f"SubTask {pk} is {status} but {why}" for pk, status, why in rows(NOT_HELD_SQL, limits)]
        + [
            f"SubTask {pk} was handed over twice at the same time: attempts {first} and {second}"
            for pk, first, second in rows(OVERLAPPING_SQL, limits)
        ],
    )
