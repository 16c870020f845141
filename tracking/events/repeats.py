"""Repeated visits: add the pending numbers to their events, and to the counts.

Run by maintenance, before events are applied. Locks the events by id, skipping locked ones (they
are left for later), and waits for requests that are raising a number.
"""

from __future__ import annotations

from django.db import connection, transaction

from campaigns.models import SubTask, SubTaskStatus
from tracking.events import effects, engagement, link_counts
from tracking.events.effects import Matched
from tracking.events.match import LockedSubTask
from tracking.models import Event, EventState

CHUNK = 1_000
MOST_CHUNKS = 10
"""Maintenance has other work, too."""

# Without statistics, PostgreSQL would plan a join as a scan of all events.
WHICH_SQL = "SELECT event_id FROM tracking_repeat ORDER BY event_id LIMIT %s"
LOCK_SQL = """
SELECT id FROM tracking_event WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
TAKE_SQL = """
WITH taken AS (
    DELETE FROM tracking_repeat WHERE event_id = ANY(%s) RETURNING event_id, times, last_at
)
UPDATE tracking_event e SET times = e.times + taken.times, last_at = taken.last_at
FROM taken WHERE e.id = taken.event_id
RETURNING e.id, taken.times
"""


def fold() -> None:
    """Add pending repeats to their events, and to the counts of events that count already."""
    for _ in range(MOST_CHUNKS):
        if _fold_chunk() < CHUNK:
            break


@transaction.atomic
def _fold_chunk() -> int:
    with connection.cursor() as cursor:
        cursor.execute(WHICH_SQL, [CHUNK])
        if not (ids := [pk for (pk,) in cursor.fetchall()]):
            return 0
        cursor.execute(LOCK_SQL, [ids])
        ids = [pk for (pk,) in cursor.fetchall()]
        cursor.execute(TAKE_SQL, [ids])
        repeated = dict(cursor.fetchall())
    matched = _applied(repeated)
    effects.count(matched)
    link_counts.count(matched)
    engagement.record(matched)
    return len(ids)


def _applied(repeated: dict[int, int]) -> list[Matched]:
    """The events whose first occurrence is counted, with the number of their repeats."""
    applied = Event.objects.filter(pk__in=repeated, state=EventState.APPLIED).defer("raw")
    events = list(applied.order_by("pk"))
    for event in events:
        event.times = repeated[event.pk]
    found = SubTask.objects.filter(pk__in={event.subtask_id for event in events}).values_list(
        "id", "task_id", "recipient_email", "status", "sent_at"
    )
    rows = {
        pk: LockedSubTask(pk, task_id, email, SubTaskStatus(status), sent_at)
        for pk, task_id, email, status, sent_at in found
    }
    return [Matched(event, rows[event.subtask_id]) for event in events if event.subtask_id in rows]
