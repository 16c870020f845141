"""Guarantee 5: never over a service's daily quota in its period, even after a crash."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dispatch.audit.pace import SETTLED_SECONDS
from dispatch.audit.result import AuditResult, one, rows
from dispatch.clock import database_time
from dispatch.limits import Limits
from dispatch.models import EmailService

# By period, since the beginning of the one in which the limits were last changed: what was handed
# over once the change had taken effect, and how much of that came when the quota was used up. The
# boundaries are those that the dispatcher goes by; PostgreSQL has its own mind about an hour that
# the clocks skip or repeat.
PERIODS_SQL = """
WITH started AS (
    SELECT coalesce(started_at, slot_at) AS at FROM dispatch_attempt
    WHERE service_id = %(service)s AND outcome NOT IN ('not_started', 'restored')
                                   AND (started_at >= %(first)s
                                        OR started_at IS NULL AND slot_at >= %(first)s)
), numbered AS (
    SELECT at, period, row_number() OVER (PARTITION BY period ORDER BY at) AS n
    FROM started, width_bucket(at, %(boundaries)s::timestamptz[]) AS period
)
SELECT coalesce(max(used), 0), coalesce(max(over), 0) FROM (
    SELECT count(*) FILTER (WHERE at >= %(judged_from)s) AS used,
           count(*) FILTER (WHERE at >= %(judged_from)s AND n > %(quota)s) AS over
    FROM numbered GROUP BY period
) AS periods
"""

# What the Pace row says is used of the running period against what was started in it.
UNCHARGED_SQL = """
SELECT e.name, p.quota_used, count(*) FROM dispatch_emailservice e
JOIN dispatch_pace p ON p.service_id = e.id
JOIN dispatch_attempt a ON a.service_id = e.id AND a.started_at >= p.quota_period_start
WHERE e.daily_quota IS NOT NULL GROUP BY e.id, p.quota_used HAVING count(*) > p.quota_used
ORDER BY e.name
"""


def exact_quota() -> AuditResult:
    now = database_time()
    limited = EmailService.objects.exclude(daily_quota=None).select_related("pace")
    used, offenders = [], []
    for service in limited:
        most, over = _highest(service, now)
        used.append(f"{service} {most} of {service.daily_quota}")
        if over:
            offenders.append(f"{service}: {over} messages more in a day than its quota allows")
    offenders += [
        f"{name}: {started} messages started in the running day, only {charged} are charged"
        for name, charged, started in rows(UNCHARGED_SQL)
    ]
    return AuditResult(
        "5 quota is exact",
        "highest use of a day: " + ("; ".join(used) or "no service has a quota"),
        offenders,
    )


def _highest(service: EmailService, now: dt.datetime) -> tuple[int, int]:
    """The most that was used of the quota in any period, and the most by which it was exceeded."""
    limits = service.limits
    changed = service.pace.limits_changed_at
    boundaries = _boundaries(limits, changed, now)
    parameters: dict[str, Any] = {
        "service": service.pk,
        "quota": limits.daily_quota,
        "first": boundaries[0],
        "boundaries": boundaries,
        "judged_from": changed + dt.timedelta(seconds=SETTLED_SECONDS),
    }
    most, over = one(PERIODS_SQL, parameters)
    return most, over


def _boundaries(limits: Limits, since: dt.datetime, now: dt.datetime) -> list[dt.datetime]:
    """The beginnings of all periods from the one of `since` to the one of `now`."""
    start, end = limits.period(since)
    boundaries = [start]
    while end <= now:
        start, end = limits.period(end)
        boundaries.append(start)
    return boundaries
