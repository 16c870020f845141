"""What was sent and came back by the hour, for charts: a chore of maintenance writes down by how
much the counts grew. No big table is read: tallies and what dispatchers count about themselves.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from dispatch import counters
from dispatch.models import Freeze, LastCount, ServiceHour, TaskHour
from dispatch.monitoring import activity

EVERY = dt.timedelta(seconds=30)
KEEP = dt.timedelta(days=32)
KEEP_FREEZES = dt.timedelta(days=90)
OUTCOMES = ("accepted", "deferred", "rejected", "service_error", "unknown")
ONLY = 1
"""The key of the one row of LastCount."""

# As the funnel of a campaign counts: who opened got the message, and who clicked opened it.
CURRENT = """
SELECT task_id, sum(count) AS sent,
       coalesce(sum(count) FILTER (WHERE status IN ('delivered', 'opened', 'clicked')), 0)
           AS delivered,
       coalesce(sum(count) FILTER (WHERE status = 'bounced'), 0) AS bounced,
       coalesce(sum(count) FILTER (WHERE status IN ('opened', 'clicked')), 0) AS opened,
       coalesce(sum(count) FILTER (WHERE status = 'clicked'), 0) AS clicked
FROM campaigns_tally
WHERE status IN ('sent', 'delivered', 'bounced', 'opened', 'clicked')
GROUP BY task_id
"""
# What grew since the last count is noted as grown in this hour; so is, in TaskCount, how fast a
# task goes, also when it stands still now.
COUNT_TASKS = f"""
WITH current AS MATERIALIZED ({CURRENT}),
grown AS MATERIALIZED (
    SELECT c.task_id, greatest(0, c.sent - coalesce(b.sent, 0)) AS sent,
           greatest(0, c.delivered - coalesce(b.delivered, 0)) AS delivered,
           greatest(0, c.bounced - coalesce(b.bounced, 0)) AS bounced,
           greatest(0, c.opened - coalesce(b.opened, 0)) AS opened,
           greatest(0, c.clicked - coalesce(b.clicked, 0)) AS clicked
    FROM current c LEFT JOIN dispatch_taskcount b USING (task_id)
    WHERE b.task_id IS NULL OR b.sent_per_minute > 0
       OR (c.sent, c.delivered, c.bounced, c.opened, c.clicked)
          IS DISTINCT FROM (b.sent, b.delivered, b.bounced, b.opened, b.clicked)
),
counted AS (
    INSERT INTO dispatch_taskcount
        (task_id, sent, delivered, bounced, opened, clicked, sent_per_minute)
    SELECT c.task_id, c.sent, c.delivered, c.bounced, c.opened, c.clicked,
           CASE WHEN %(notes)s THEN g.sent / %(minutes)s::float8 ELSE 0 END
    FROM current c JOIN grown g USING (task_id)
    ON CONFLICT (task_id) DO UPDATE SET
        sent = EXCLUDED.sent, delivered = EXCLUDED.delivered, bounced = EXCLUDED.bounced,
        opened = EXCLUDED.opened, clicked = EXCLUDED.clicked,
        sent_per_minute = EXCLUDED.sent_per_minute
)
INSERT INTO dispatch_taskhour AS h (task_id, hour, sent, delivered, bounced, opened, clicked)
SELECT task_id, date_trunc('hour', statement_timestamp()), sent, delivered, bounced, opened, clicked
FROM grown WHERE %(notes)s AND sent + delivered + bounced + opened + clicked > 0
ON CONFLICT (hour, task_id) DO UPDATE SET
    sent = h.sent + EXCLUDED.sent, delivered = h.delivered + EXCLUDED.delivered,
    bounced = h.bounced + EXCLUDED.bounced, opened = h.opened + EXCLUDED.opened,
    clicked = h.clicked + EXCLUDED.clicked
"""
COUNT_SERVICES = """
INSERT INTO dispatch_servicehour AS h
    (service_id, hour, accepted, deferred, rejected, service_error, unknown)
SELECT service_id, date_trunc('hour', statement_timestamp()),
       accepted, deferred, rejected, service_error, unknown
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS v(service_id, accepted, deferred, rejected, service_error, unknown)
ON CONFLICT (service_id, hour) DO UPDATE SET
    accepted = h.accepted + EXCLUDED.accepted, deferred = h.deferred + EXCLUDED.deferred,
    rejected = h.rejected + EXCLUDED.rejected,
    service_error = h.service_error + EXCLUDED.service_error,
    unknown = h.unknown + EXCLUDED.unknown
"""


def count() -> None:
    """Write down by how much the counts grew since the last count, unless that was a moment ago.
    The first count of all notes what there is, which grew before. Run by one process at a time.
    """
    if LastCount.objects.filter(pk=ONLY, at__gt=Now() - EVERY).exists():
        return
    now = activity.read_counts()
    with transaction.atomic():
        last = LastCount.objects.filter(pk=ONLY).first()
        if last is not None:
            _count_services(counters.since(last.services, now.services))
        _count_tasks(last, now.at)
        values = {"at": now.at, "services": now.services}
        LastCount.objects.update_or_create(pk=ONLY, defaults=values)
    _forget()


def _count_tasks(last: LastCount | None, now: dt.datetime) -> None:
    minutes = max((now - last.at).total_seconds(), 1.0) / 60 if last else 1.0
    with connection.cursor() as cursor:
        cursor.execute(COUNT_TASKS, {"notes": last is not None, "minutes": minutes})


def _count_services(grown: dict[str, Any]) -> None:
    rows = [
        (int(key), *(outcomes.get(name, 0) for name in OUTCOMES))
        for key, outcomes in grown.items()
        if any(outcomes.get(name, 0) for name in OUTCOMES)
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(COUNT_SERVICES, [list(column) for column in zip(*rows, strict=True)])


def _forget() -> None:
    """Forget hours and freezes that no page shows any more."""
    TaskHour.objects.filter(hour__lt=Now() - KEEP).delete()
    ServiceHour.objects.filter(hour__lt=Now() - KEEP).delete()
    Freeze.objects.filter(frozen_at__lt=Now() - KEEP_FREEZES, ended_at__isnull=False).delete()
