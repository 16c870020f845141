"""How fast a campaign is being sent, beside what its services allow."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection
from django.utils import formats
from django.utils.translation import gettext, ngettext

from dispatch.models import EmailService

NEWEST = 100
"""So many starts of a service within the last minute tell its rate."""
MINUTE_SECONDS = 60.0

# By index attempt_pace, no more than NEWEST of each service.
RATES_SQL = """
SELECT count(*), count(*) FILTER (WHERE s.task_id = %(task)s),
       extract(epoch FROM statement_timestamp() - min(a.started_at))::float8
FROM unnest(%(services)s::bigint[]) AS v(id), LATERAL (
    SELECT subtask_id, started_at FROM dispatch_attempt
    WHERE service_id = v.id AND started_at >= statement_timestamp() - interval '60 seconds'
    ORDER BY started_at DESC LIMIT %(newest)s
) AS a JOIN campaigns_subtask s ON s.id = a.subtask_id
GROUP BY v.id
"""


def sentence(task_id: int, services: Collection[EmailService]) -> str:
    """Such as “About 118 messages a minute; its services allow 120 a minute.”"""
    rate = round(per_minute(task_id, [service.pk for service in services]))
    now = ngettext("About %(rate)s message a minute", "About %(rate)s messages a minute", rate) % {
        "rate": formats.number_format(rate, 0, force_grouping=True)
    }
    most = allowed(services)
    if most is None:
        return gettext("%(now)s; its services have no limit of pace.") % {"now": now}
    digits = 0 if most >= 10 or float(most).is_integer() else 1
    of = formats.number_format(most, digits, force_grouping=True)
    return gettext("%(now)s; its services allow %(most)s a minute, for all campaigns.") % {
        "now": now,
        "most": of,
    }


def per_minute(task_id: int, service_ids: Iterable[int]) -> float:
    """Of the last minute, or, where a service is fast, of its newest starts."""
    values: dict[str, Any] = {"task": task_id, "services": list(service_ids), "newest": NEWEST}
    with connection.cursor() as cursor:
        cursor.execute(RATES_SQL, values)
        rows = cursor.fetchall()
    return sum(_rate(*row) for row in rows)


def _rate(starts: int, own: int, seconds: float) -> float:
    within = max(seconds, 0.001) if starts >= NEWEST else MINUTE_SECONDS
    return own / within * MINUTE_SECONDS


def allowed(services: Iterable[EmailService]) -> float | None:
    """Messages a minute by the paces of those that are switched on; None where one has none."""
    intervals = [float(service.sending_interval) for service in services if service.enabled]
    if not all(intervals):
        return None
    return sum(MINUTE_SECONDS / interval for interval in intervals)
