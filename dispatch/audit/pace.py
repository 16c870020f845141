"""Guarantee 4: two starts of one service are never closer than its interval, beyond its burst."""

from __future__ import annotations

from dispatch.audit.result import MOST_NAMED, AuditResult, rows
from dispatch.lease_terms import LEASE_SECONDS

SETTLED_SECONDS = LEASE_SECONDS
"""So long after staff changed a service's limits, messages may start that were granted before."""

# With burst b, any b + 1 starts in a row take at least one interval; more exactly (generic cell
# rate algorithm), the j-th start is never earlier than any i-th one plus (j - i - b + 1) intervals.
# x is the start minus n intervals: it may fall behind its running maximum by (b - 1) intervals at
# most. Unknown starts (the dispatcher died) are left out.
STARTS_SQL = """
WITH starts AS (
    SELECT a.service_id, a.id, e.sending_interval AS interval, e.burst,
           extract(epoch FROM a.started_at) AS at, row_number() OVER starts AS n,
           extract(epoch FROM a.started_at - lag(a.started_at) OVER starts) AS gap
    FROM dispatch_emailservice e JOIN dispatch_pace p ON p.service_id = e.id
    JOIN dispatch_attempt a ON a.service_id = e.id
     AND a.started_at >= p.limits_changed_at + make_interval(secs => %(settled)s)
    WHERE e.sending_interval > 0
    WINDOW starts AS (PARTITION BY a.service_id ORDER BY a.started_at, a.id)
), placed AS (
    SELECT service_id, id, interval, burst, gap, at - n * interval AS x,
           max(at - n * interval) OVER (
               PARTITION BY service_id ORDER BY n ROWS UNBOUNDED PRECEDING) AS highest
    FROM starts
), judged AS (
    SELECT service_id, id, interval, gap, highest - (burst - 1) * interval - x AS too_early
    FROM placed
)
"""
SMALLEST_GAPS_SQL = (
    STARTS_SQL
    + """
SELECT e.name, e.sending_interval, e.burst, min(j.gap),
       count(*) FILTER (WHERE j.too_early >= 0.000001)
FROM judged j JOIN dispatch_emailservice e ON e.id = j.service_id
GROUP BY e.id HAVING count(*) > 1 ORDER BY e.name
"""
)
TOO_EARLY_SQL = (
    STARTS_SQL
    + """
SELECT e.name, j.id, round(j.too_early, 6), j.interval
FROM judged j JOIN dispatch_emailservice e ON e.id = j.service_id
WHERE j.too_early >= 0.000001 ORDER BY 3 DESC LIMIT %(most)s
"""
)
BEFORE_ITS_SLOT_SQL = """
SELECT id, subtask_id FROM dispatch_attempt WHERE started_at < slot_at ORDER BY 1 LIMIT %(most)s
"""


def exact_pace() -> AuditResult:
    limits = {"settled": SETTLED_SECONDS, "most": MOST_NAMED}
    smallest = rows(SMALLEST_GAPS_SQL, limits)
    gaps = [
        f"{name} {gap:.3f} s for {interval:.3f} s" + (f" (burst {burst})" if burst > 1 else "")
        for name, interval, burst, gap, _ in smallest
    ]
    too_early = rows(TOO_EARLY_SQL, limits) if any(row[4] for row in smallest) else []
    return AuditResult(
        "4 pace is exact",
        "smallest gaps: " + ("; ".join(gaps) or "no service with an interval has sent twice"),
        [
            f"{name}: attempt {attempt} started {early} s too early for {interval} s"
            for name, attempt, early, interval in too_early
        ]
        + [
            f"attempt {attempt} at SubTask {subtask} started before its slot"
            for attempt, subtask in rows(BEFORE_ITS_SLOT_SQL, limits)
        ],
    )
