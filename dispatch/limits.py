"""What becomes of a service's pace and quota when its staff change its limits."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from dispatch.agenda import limits_of
from dispatch.models import EmailService, Pace
from dispatch.pacing import carried_over

# Handed over since then, or held by a dispatcher and so charged already. One statement, so that a
# message whose hand-over is being recorded is counted once.
USED_SQL = """
SELECT (SELECT count(*) FROM dispatch_attempt WHERE service_id = %(service)s
        AND (started_at >= %(start)s OR started_at IS NULL AND slot_at >= %(start)s)
        AND outcome <> 'not_started')
     + (SELECT count(*) FROM campaigns_subtask WHERE service_id = %(service)s
        AND status IN ('allocated', 'sending') AND in_doubt_since IS NULL)
"""


def change(pace: Pace, before: EmailService, service: EmailService) -> None:
    """Have a locked Pace row follow the limits that its service had before and has now. Saves it.

    From this commit on nothing is granted by the old limits; what was granted before still starts,
    within a second or two. A quota period with other boundaries begins with what has been used
    since, so that no boundary can be moved to send more.
    """
    now = _clock()
    before.pace = service.pace = pace
    old, new = limits_of(before), limits_of(service)
    pace.next_send_at = carried_over(pace.next_send_at, old, new, now)
    start, _ = new.period(now)
    if start != old.period(now)[0]:
        pace.quota_period_start, pace.quota_used = start, _used_since(service.pk, start)
    pace.limits_changed_at = now
    pace.save()


def _clock() -> dt.datetime:
    """After the lock: no grant that was made before it has a later time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: dt.datetime = cursor.fetchone()[0]
        return now


def _used_since(service_id: int, start: dt.datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(USED_SQL, {"service": service_id, "start": start})
        used: int = cursor.fetchone()[0]
        return used
