"""Saving a service: the one verb that changes its limits, with the Pace row that follows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models.functions import Now

from dispatch.clock import database_time
from dispatch.models import EmailService, Pace
from dispatch.models.service import CONNECTION, LIMITS
from dispatch.pace.slots import carried_over

# Handed over since then, or held by a dispatcher and so charged already. One statement, so that a
# message whose hand-over is being recorded is counted once.
USED_SQL = """
SELECT (SELECT count(*) FROM dispatch_attempt WHERE service_id = %(service)s
        AND (started_at >= %(start)s OR started_at IS NULL AND slot_at >= %(start)s)
        AND outcome <> 'not_started')
     + (SELECT count(*) FROM campaigns_subtask WHERE service_id = %(service)s
        AND status IN ('allocated', 'sending') AND in_doubt_since IS NULL)
"""


def save(service: EmailService) -> None:
    """Save a service, new or changed: its Pace row follows its limits, and it is known since when
    the service connects as it does.

    Locks the Pace row before the service, as all code does. Raises CredentialsError when a new
    service's webhook key cannot be encrypted.
    """
    with transaction.atomic():
        pace = Pace.objects.select_for_update(no_key=True).filter(service=service.pk).first()
        before = EmailService.objects.filter(pk=service.pk).first()
        with _writing_limits():
            service.save()
        service.refresh_from_db(fields=LIMITS)
        if before and pace and _differ(before, service, LIMITS):
            _follow(pace, before, service)
        if before and _differ(before, service, CONNECTION):
            EmailService.objects.filter(pk=service.pk).update(connection_changed_at=Now())


@contextmanager
def _writing_limits() -> Iterator[None]:
    """Within the block the trigger dispatch_limits_guard lets limits be changed."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL dispatch.saving_service = 'on'")
        yield
        cursor.execute("SET LOCAL dispatch.saving_service = 'off'")


def _differ(before: EmailService, service: EmailService, names: tuple[str, ...]) -> bool:
    return any(getattr(before, name) != getattr(service, name) for name in names)


def _follow(pace: Pace, before: EmailService, service: EmailService) -> None:
    """Have a locked Pace row follow the limits that its service had before and has now. Saves it.

    From this commit on nothing is granted by the old limits; what was granted before still starts,
    within a second or two. A quota period with other boundaries begins with what has been used
    since, so that no boundary can be moved to send more.
    """
    now = database_time()  # after the lock: no grant that was made before it has a later time
    before.pace = service.pace = pace
    old, new = before.limits, service.limits
    pace.next_send_at = carried_over(pace.next_send_at, old, new, now)
    start, _ = new.period(now)
    if start != old.period(now)[0]:
        pace.quota_period_start, pace.quota_used = start, _used_since(service.pk, start)
    pace.limits_changed_at = now
    pace.save()


def _used_since(service_id: int, start: dt.datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(USED_SQL, {"service": service_id, "start": start})
        used: int = cursor.fetchone()[0]
        return used
