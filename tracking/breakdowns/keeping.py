"""Counts a small campaign at once; has the cluster count a big one, and keeps the result."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Sum
from django.utils import timezone

from campaigns import background
from campaigns.models import BackgroundJob, Tally, Task
from tracking.breakdowns.counting import count
from tracking.models import Breakdown, EventTally

KIND = "breakdown"
AT_ONCE = 20_000
"""Messages of a campaign that is counted while its page is made."""
OLD = dt.timedelta(minutes=1)
TIMES_ITS_COST = 20
"""So many times longer than counting took, it is not counted again."""
TRIED_AGAIN = dt.timedelta(hours=1)
"""After this, where counting failed."""


@dataclass(frozen=True, slots=True)
class Found:
    """`data` is None while nothing was counted yet."""

    data: dict[str, Any] | None
    counted_at: dt.datetime | None = None
    is_being_counted: bool = False
    trouble: str = ""


def breakdown_of(task: Task) -> Found:
    """What is known, and has it counted anew where that is due."""
    total = Tally.objects.counts(task.pk).total
    now = timezone.now()
    if total <= AT_ONCE:
        return Found(count(task, now) if total else None, now)
    kept = Breakdown.objects.filter(pk=task.pk).first()
    data, counted_at = (kept.data, kept.counted_at) if kept else (None, None)
    if kept and (_is_recent(kept, now) or kept.state == _state(task.pk)):
        return Found(data, counted_at)
    job = BackgroundJob.objects.filter(kind=KIND, about=task.pk).first()
    if job and job.set_aside_at and job.set_aside_at > now - TRIED_AGAIN:
        return Found(data, counted_at, trouble=job.reason)
    if job is None or job.set_aside_at:
        background.ask(
            KIND,
            task.pk,
            "tracking.breakdowns.keeping.count_and_keep",
            name=f"count campaign {task.pk}",
        )
    return Found(data, counted_at, is_being_counted=True)


@background.job(KIND, seconds=180, attempts=1)
def count_and_keep(task_id: int) -> None:
    """What comes in meanwhile makes it old again: the tallies are read first."""
    task, state, began = Task.objects.get(pk=task_id), _state(task_id), time.monotonic()
    at = timezone.now()
    data = count(task, at)
    values = {
        "counted_at": at,
        "seconds": time.monotonic() - began,
        "state": state,
        "data": data,
    }
    Breakdown.objects.update_or_create(task_id=task_id, defaults=values)


def _is_recent(kept: Breakdown, now: dt.datetime) -> bool:
    pause = max(OLD, TIMES_ITS_COST * dt.timedelta(seconds=kept.seconds))
    return now < kept.counted_at + pause


def _state(task_id: int) -> str:
    """Other than before when something has happened to a message."""
    counts = Tally.objects.counts(task_id)
    events = EventTally.objects.filter(task_id=task_id).aggregate(n=Sum(F("events")))["n"] or 0
    states = " ".join(f"{status}={n}" for status, n in sorted(counts.by_status.items()) if n)
    return f"{states} doubt={counts.in_doubt} events={events}"
