"""Checking guarantees 1 to 6 of the design from the database alone, on live data.

Each check is one query that returns the offending rows; a summary says how far from the limit
everything else is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from dispatch.leases import LEASE_SECONDS
from dispatch.providers import PROVIDERS

MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `offenders` are sentences that name rows; none means that the
    guarantee holds.
    """

    guarantee: str
    summary: str
    offenders: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.offenders


def audit() -> Iterator[Finding]:
    """Run every check, without time limit."""
    with transaction.atomic():
        _execute("SET LOCAL statement_timeout = 0")
        _execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield from [check() for check in CHECKS]


# 1. Rows that nobody living holds: given up by a dispatcher that ended, or by one that died and was
# not recovered.
HELD_BY_NOBODY = """
SELECT s.id, s.status::text, s.dispatcher_id FROM campaigns_subtask s
LEFT JOIN dispatch_dispatcher d ON d.id = s.dispatcher_id
WHERE s.status IN ('allocated', 'sending') AND s.dispatcher_id IS NOT NULL
  AND (d.id IS NULL OR d.ended_at IS NOT NULL OR d.heartbeat_at < now() - make_interval(secs => %s))
ORDER BY s.id LIMIT %s
"""
HELD = """
SELECT count(*) FILTER (WHERE in_doubt_since IS NULL), count(DISTINCT dispatcher_id),
       count(*) FILTER (WHERE in_doubt_since IS NOT NULL)
FROM campaigns_subtask WHERE status IN ('allocated', 'sending')
"""


def one_claim() -> Finding:
    held, dispatchers, in_doubt = _one(HELD)
    return Finding(
        "1 one claim, one service",
        f"{held} SubTasks held by {dispatchers} dispatchers, {in_doubt} in doubt",
        [
            f"SubTask {pk} is {status} but dispatcher {dispatcher} is dead"
            for pk, status, dispatcher in _all(HELD_BY_NOBODY, [3 * LEASE_SECONDS, MOST_NAMED])
        ],
    )


# 2. SubTasks handed over more often than people allowed: each decision about a doubt allows one
# more. An attempt that repeats one in doubt is the same hand-over: through the same service, under
# the same key (which `sending_at` stands for), within the window of its provider, in seconds. Where
# a service was connected anew since, what its provider was is not known any more.
DUPLICATES = """
WITH windows AS (
    SELECT * FROM unnest(%s::text[], %s::float8[]) AS w(provider, seconds)
), again AS (
    SELECT subtask_id FROM dispatch_attempt WHERE outcome IN ('accepted', 'unknown')
    GROUP BY subtask_id HAVING count(*) > 1
), handed_over AS (
    SELECT a.*, a.sending_at + make_interval(secs => CASE
               WHEN e.connection_changed_at > a.sending_at THEN (SELECT max(seconds) FROM windows)
               ELSE coalesce(w.seconds, 0) END) AS window_end
    FROM again JOIN dispatch_attempt a USING (subtask_id)
    JOIN dispatch_emailservice e ON e.id = a.service_id
    LEFT JOIN windows w ON w.provider = e.provider
    WHERE a.outcome IN ('accepted', 'unknown')
), counted AS (
    SELECT h.subtask_id, count(*) AS handed_over,
           (SELECT count(*) FROM dispatch_decision d
            WHERE d.subtask_id = h.subtask_id AND d.choice <> 'was_sent') AS allowed
    FROM handed_over h WHERE NOT EXISTS (
        SELECT 1 FROM handed_over f
        WHERE f.subtask_id = h.subtask_id AND f.service_id = h.service_id AND f.id < h.id
          AND f.outcome = 'unknown' AND f.sending_at = h.sending_at
          AND coalesce(h.started_at, h.slot_at) < h.window_end)
    GROUP BY h.subtask_id
)
SELECT * FROM counted WHERE handed_over > allowed + 1 ORDER BY 1 LIMIT %s
"""
# … and those whose state contradicts the proof.
CONTRADICTIONS = """
SELECT s.id, s.status::text FROM campaigns_subtask s
WHERE s.status IN ('pending', 'allocated')
  AND EXISTS (SELECT 1 FROM dispatch_attempt a WHERE a.subtask_id = s.id AND a.outcome = 'accepted')
  AND NOT EXISTS (SELECT 1 FROM dispatch_decision d WHERE d.subtask_id = s.id)
UNION ALL
SELECT s.id, s.status::text FROM campaigns_subtask s
WHERE s.status = 'sent'
  AND NOT EXISTS (SELECT 1 FROM dispatch_attempt a
                  WHERE a.subtask_id = s.id AND a.outcome IN ('accepted', 'unknown'))
LIMIT %s
"""


def one_acceptance() -> Finding:
    accepted = _one("SELECT count(*) FROM dispatch_attempt WHERE outcome = 'accepted'")[0]
    windows = {each.name: each.idempotency_window_seconds for each in PROVIDERS}
    duplicates = _all(DUPLICATES, [list(windows), list(windows.values()), MOST_NAMED])
    return Finding(
        "2 at most one acceptance",
        f"{accepted} messages accepted, {len(duplicates)} duplicates",
        [
            f"SubTask {pk} was handed over {times} times, {allowed} more were allowed by staff"
            for pk, times, allowed in duplicates
        ]
        + [
            f"SubTask {pk} is {status}, which its attempts contradict"
            for pk, status in _all(CONTRADICTIONS, [MOST_NAMED])
        ],
    )


# 3. Tallies against a real count, and rows that nothing will ever move on.
TALLY_DIFFERENCES = """
WITH counted AS (
    SELECT task_id, status, in_doubt_since IS NOT NULL AS in_doubt, failure_reason, count(*) AS n
    FROM campaigns_subtask GROUP BY 1, 2, 3, 4
), tallied AS (
    SELECT task_id, status, in_doubt, failure_reason, sum(count) AS n
    FROM campaigns_tally GROUP BY 1, 2, 3, 4
)
SELECT task_id, status::text, coalesce(t.n, 0), coalesce(c.n, 0)
FROM counted c FULL JOIN tallied t USING (task_id, status, in_doubt, failure_reason)
WHERE coalesce(t.n, 0) <> coalesce(c.n, 0) LIMIT %s
"""
WITHOUT_NEXT_STEP = """
SELECT s.id, s.status::text, t.status FROM campaigns_task t
JOIN campaigns_subtask s ON s.task_id = t.id AND s.status = 'pending'
WHERE t.status = 'completed'
   OR (t.status = 'cancelled' AND t.cancelled_at < now() - interval '1 minute')
   OR t.status NOT IN ('queued', 'sending', 'paused', 'completed', 'cancelled')
LIMIT %s
"""


def nothing_lost() -> Finding:
    total, tasks = _one(
        "SELECT coalesce(sum(count), 0), count(DISTINCT task_id) FROM campaigns_tally"
    )
    return Finding(
        "3 nothing lost",
        f"{total} SubTasks of {tasks} tasks add up",
        [
            f"task {task}: the tally says {tallied} {status}, there are {counted}"
            for task, status, tallied, counted in _all(TALLY_DIFFERENCES, [MOST_NAMED])
        ]
        + [
            f"SubTask {pk} is {status} but its task is {task_status}: nothing will send it"
            for pk, status, task_status in _all(WITHOUT_NEXT_STEP, [MOST_NAMED])
        ],
    )


# 4. With burst b, any b + 1 starts in a row take at least one interval; more exactly (generic cell
# rate algorithm), the j-th start is never earlier than any i-th one plus (j - i - b + 1) intervals.
# x is the start minus n intervals: it may fall behind its running maximum by (b - 1) intervals at
# most. `slack` is in seconds.
PACE = """
WITH starts AS (
    SELECT e.id AS service_id, e.name, e.sending_interval AS interval, e.burst, a.id AS attempt_id,
           extract(epoch FROM a.started_at) AS at,
           row_number() OVER service AS n,
           lag(a.started_at) OVER service AS previous, a.started_at
    FROM dispatch_attempt a JOIN dispatch_emailservice e ON e.id = a.service_id
    WHERE a.started_at >= e.limits_changed_at AND e.sending_interval > 0
    WINDOW service AS (PARTITION BY a.service_id ORDER BY a.started_at, a.id)
), placed AS (
    SELECT *, at - n * interval AS x,
           max(at - n * interval) OVER (
               PARTITION BY service_id ORDER BY n ROWS UNBOUNDED PRECEDING) AS highest
    FROM starts
)
"""
TOO_CLOSE = (
    PACE
    + """
SELECT name, attempt_id, round((highest - (burst - 1) * interval - x)::numeric, 6) AS too_early,
       interval
FROM placed WHERE x < highest - (burst - 1) * interval - 0.0000005 ORDER BY 3 DESC LIMIT %s
"""
)
SMALLEST_GAPS = (
    PACE
    + """
SELECT name, interval, burst, min(extract(epoch FROM started_at - previous))
FROM placed GROUP BY 1, 2, 3 HAVING count(*) > 1 ORDER BY 1
"""
)
EARLY = """
SELECT a.id, a.subtask_id FROM dispatch_attempt a WHERE a.started_at < a.slot_at LIMIT %s
"""


def exact_pace() -> Finding:
    gaps = [
        f"{name} {gap:.3f} s for {interval:.3f} s" + (f" (burst {burst})" if burst > 1 else "")
        for name, interval, burst, gap in _all(SMALLEST_GAPS)
    ]
    return Finding(
        "4 pace is exact",
        "smallest gaps: " + ("; ".join(gaps) or "nothing paced was sent twice"),
        [
            f"{name}: attempt {attempt} started {too_early} s too early for {interval} s"
            for name, attempt, too_early, interval in _all(TOO_CLOSE, [MOST_NAMED])
        ]
        + [
            f"attempt {attempt} at SubTask {subtask} started before its slot"
            for attempt, subtask in _all(EARLY, [MOST_NAMED])
        ],
    )


# 5. Starts by quota period. A day that has begun before the limits were last changed is left out.
QUOTA = """
SELECT name, daily_quota, max(used) FROM (
    SELECT e.name, e.daily_quota,
           ((coalesce(a.started_at, a.slot_at) AT TIME ZONE e.quota_time_zone)
            - e.quota_reset_time)::date AS day,
           count(*) AS used
    FROM dispatch_attempt a JOIN dispatch_emailservice e ON e.id = a.service_id
    WHERE e.daily_quota IS NOT NULL AND coalesce(a.started_at, a.slot_at) >= e.limits_changed_at
    GROUP BY e.id, day
) AS days GROUP BY 1, 2 ORDER BY 1
"""


def exact_quota() -> Finding:
    rows = _all(QUOTA)
    return Finding(
        "5 quota is exact",
        "highest use of a day: "
        + (
            "; ".join(f"{name} {used} of {quota}" for name, quota, used in rows) or "no quotas used"
        ),
        [
            f"{name}: {used} messages in one day, the quota is {quota}"
            for name, quota, used in rows
            if used > quota
        ],
    )


# 6. Tasks that could have been sent and were passed over: the service served another owner, and
# came back to that one, for longer than a whole round of its owners takes.
PASSED_OVER = """
WITH waiting AS (
    SELECT t.id, t.owner_id, t.priority, t.started_at,
           (SELECT s.available_at FROM campaigns_subtask s
            WHERE s.task_id = t.id AND s.status = 'pending'
            ORDER BY s.available_at, s.id LIMIT 1) AS since
    FROM campaigns_task t WHERE t.status = 'sending'
), chosen AS (
    SELECT w.*, c.emailservice_id AS service_id
    FROM waiting w JOIN campaigns_task_services c ON c.task_id = w.id
), latest AS (
    SELECT n.service_id, t.owner_id, max(n.served_at) AS served_at
    FROM dispatch_turn n JOIN campaigns_task t ON t.id = n.task_id GROUP BY 1, 2
)
SELECT c.id, e.name,
       extract(epoch FROM max(l.served_at) - greatest(c.since, c.started_at, mine.served_at))
FROM chosen c
JOIN dispatch_emailservice e ON e.id = c.service_id AND e.enabled
JOIN latest l ON l.service_id = c.service_id AND l.owner_id <> c.owner_id
LEFT JOIN latest mine ON mine.service_id = c.service_id AND mine.owner_id = c.owner_id
WHERE c.since IS NOT NULL
GROUP BY c.id, e.name, e.sending_interval, c.since, c.started_at, mine.served_at
HAVING extract(epoch FROM max(l.served_at) - greatest(c.since, c.started_at, mine.served_at))
       > 60 + 10 * (1 + count(*)) * greatest(e.sending_interval, 1)
LIMIT %s
"""
TURNS = "SELECT count(*), count(DISTINCT service_id), count(DISTINCT task_id) FROM dispatch_turn"


def fair() -> Finding:
    turns, services, tasks = _one(TURNS)
    return Finding(
        "6 fair",
        f"{services} services took turns between {tasks} tasks ({turns} pairs)",
        [
            f"task {task} waited {seconds:.0f} s while {service} served other owners"
            for task, service, seconds in _all(PASSED_OVER, [MOST_NAMED])
        ],
    )


CHECKS: tuple[Callable[[], Finding], ...] = (
    one_claim,
    one_acceptance,
    nothing_lost,
    exact_pace,
    exact_quota,
    fair,
)


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _all(sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _one(sql: str) -> tuple[Any, ...]:
    return _all(sql)[0]
