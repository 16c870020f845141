"""What waits: SubTasks by task, launches, and the background work of django-q2."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Now
from django_q.models import OrmQ

from campaigns.models import BackgroundJob, Launch, SubTask, Tally, Task, TaskStatus
from campaigns.models.subtask import HELD
from campaigns.models.tally import TaskCounts
from dispatch.claiming.agenda import Agenda
from tracking.models import EventTally

OPEN = (TaskStatus.SENDING, TaskStatus.PAUSED)
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class TaskReading:
    """A task that is being sent or paused, by its tallies."""

    id: int
    name: str
    status: str
    counts: TaskCounts
    waiting_since: dt.datetime | None
    """Since when its first pending SubTask could be sent; None when none could yet, or when it is
    paused.
    """


@dataclass(frozen=True, slots=True)
class InFlight:
    """The SubTask that a dispatcher has held for longest."""

    id: int
    task_id: int
    service_id: int
    dispatcher_id: int
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class BackgroundWork:
    """What django-q2 has to do. Both are counted up to MOST_COUNTED."""

    waiting: int
    """Not taken by any worker yet."""
    taken: int
    """With a worker: a dispatcher's slice is one of them."""
    failing: int = 0
    """Jobs that failed and are tried again."""
    set_aside: int = 0
    """Jobs that failed too often, within a week."""


def open_tasks(now: dt.datetime, agenda: Agenda) -> list[TaskReading]:
    """The tasks with most left to do come first."""
    tasks = Task.objects.filter(status__in=OPEN).order_by().values_list("pk", "name", "status")
    rows = list(tasks)
    counts = Tally.objects.counts_of([pk for pk, _, _ in rows])
    first = {task.id: task.available_at for task in agenda.tasks.values()}
    readings = [
        TaskReading(pk, name, status, counts[pk], _due(first.get(pk), now))
        for pk, name, status in rows
    ]
    return sorted(readings, key=lambda task: (-task.counts.open, task.id))


def _due(available_at: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
    return available_at if available_at is not None and available_at <= now else None


def oldest_in_flight() -> InFlight | None:
    """Reads what dispatchers hold now, by index subtask_held."""
    held = SubTask.objects.filter(status__in=HELD, dispatcher_id__isnull=False)
    row = (
        held.annotate(since=Coalesce("sending_at", "allocated_at"))
        .order_by("since")
        .values_list("pk", "task_id", "service_id", "dispatcher_id", "since")
        .first()
    )
    return InFlight(*row) if row else None


def launches() -> QuerySet[Launch]:
    """Those in progress."""
    running = Launch.objects.filter(task__status=TaskStatus.QUEUED, finished_at=None)
    return running.select_related("task").order_by("pk")


def background_work() -> BackgroundWork:
    waiting = OrmQ.objects.filter(lock__lte=Now())
    taken = OrmQ.objects.filter(lock__gt=Now())
    jobs = BackgroundJob.objects.aggregate(
        failing=Count("pk", filter=Q(set_aside_at=None) & ~Q(reason="")),
        set_aside=Count("set_aside_at"),
    )
    return BackgroundWork(waiting[:MOST_COUNTED].count(), taken[:MOST_COUNTED].count(), **jobs)


def feedback() -> dict[str, int]:
    """What came back about messages so far, by kind of event: a row per task, kind and actor."""
    return dict(EventTally.objects.values_list("kind").annotate(Sum("events")).order_by("kind"))
