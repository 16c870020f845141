"""Each email service: whether it may send, how much of its quota is used, how punctual it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from dispatch.claiming.agenda import Agenda
from dispatch.counters import NestedCounts
from dispatch.limits import Limits
from dispatch.models import EmailService, Pace
from dispatch.monitoring.activity import CountsNow
from dispatch.pace import pace_rows
from dispatch.providers import account_reports

# How late the newest starts were: at most 200 for each service, by index attempt_pace.
LATENESS = """
SELECT service.id, count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY newest.late),
       percentile_cont(0.99) WITHIN GROUP (ORDER BY newest.late),
       max(newest.late)
FROM dispatch_emailservice service CROSS JOIN LATERAL (
    SELECT extract(epoch FROM started_at - slot_at)::float8 AS late
    FROM dispatch_attempt
    WHERE service_id = service.id AND started_at >= statement_timestamp() - interval '10 minutes'
    ORDER BY started_at DESC LIMIT 200
) AS newest
WHERE service.sending_interval > 0 AND (%(only)s::bigint IS NULL OR service.id = %(only)s)
GROUP BY service.id
"""
# Looks at no more of the partial index subtask_in_doubt than is said; uses it even while PostgreSQL
# takes all of a new table to be in doubt, as its order is asked for.
IN_DOUBT = """
SELECT service_id, count(*) FROM (
    SELECT service_id FROM campaigns_subtask WHERE in_doubt_since IS NOT NULL
    ORDER BY task_id, id LIMIT %s
) AS in_doubt GROUP BY service_id
"""
MOST_IN_DOUBT = 1_000


@dataclass(frozen=True, slots=True)
class Lateness:
    """How long after their slots the newest messages of a service started, in seconds."""

    starts: int
    p50: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class ServiceReading:
    """One service now. `total` counts outcomes since ever."""

    service: EmailService
    frozen: bool
    quota_used: int
    has_work: bool
    """Whether a task waits that it may send."""
    total: NestedCounts
    in_doubt: int
    lateness: Lateness | None

    @property
    def pace(self) -> Pace:
        pace: Pace = self.service.pace
        return pace

    @property
    def limits(self) -> Limits:
        return self.service.limits

    @property
    def quota_is_used_up(self) -> bool:
        quota = self.service.daily_quota
        return quota is not None and self.quota_used >= quota

    @property
    def can_send(self) -> bool:
        return self.service.enabled and not self.frozen and not self.quota_is_used_up

    @property
    def most_per_second(self) -> float | None:
        """What its pace allows; None when it has none."""
        interval = float(self.service.sending_interval)
        return 1 / interval if interval else None


def read(counts: CountsNow, agenda: Agenda) -> list[ServiceReading]:
    """All services, by name."""
    now, late, unsettled = counts.at, lateness(), in_doubt()
    busy = {
        service_id
        for task in agenda.tasks.values()
        if task.available_at <= now
        for service_id in task.service_ids
    }
    return [
        ServiceReading(
            service=service,
            frozen=pace_rows.is_frozen(service.pace, now),
            quota_used=_quota_used(service, now),
            has_work=service.pk in busy,
            total=counts.services.get(str(service.pk), {}),
            in_doubt=unsettled.get(service.pk, 0),
            lateness=late.get(service.pk),
        )
        for service in EmailService.objects.select_related(
            "pace", "account_report", "domain_report", "bounce_mailbox"
        )
        .annotate(sends_since=account_reports.sends_since())
        .defer("credentials")
    ]


def lateness(only: int | None = None) -> dict[int, Lateness]:
    """How late each paced service was that has sent something in the last ten minutes; or `only`
    this one.
    """
    with connection.cursor() as cursor:
        cursor.execute(LATENESS, {"only": only})
        return {key: Lateness(*values) for key, *values in cursor.fetchall()}


def in_doubt() -> dict[int, int]:
    """How many SubTasks are in doubt, by the service that handed them over; MOST_IN_DOUBT are
    looked at.
    """
    with connection.cursor() as cursor:
        cursor.execute(IN_DOUBT, [MOST_IN_DOUBT])
        return dict(cursor.fetchall())


def _quota_used(service: EmailService, now: dt.datetime) -> int:
    limits = service.limits
    left = pace_rows.quota_left(service.pace, limits, now)
    return 0 if limits.daily_quota is None or left is None else limits.daily_quota - left
