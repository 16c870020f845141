"""Hold every task after a restore until a person has looked at it."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_noop

from campaigns.models import Task, TaskStatus
from campaigns.state import lifecycle

PAUSED = gettext_noop("Restored from a backup: resume it once what was sent since is carried over.")


def hold() -> Iterator[str]:
    """Pause what is being sent, take what is scheduled off the schedule, cancel what is being
    launched. Says of each what was done.
    """
    for task in Task.objects.filter(status=TaskStatus.SENDING).order_by("pk"):
        lifecycle.pause(task, PAUSED)
        yield f"Task {task.pk} “{task}” is paused."
    for task in Task.objects.filter(status=TaskStatus.SCHEDULED).order_by("pk"):
        due = task.scheduled_at
        lifecycle.unschedule(task)
        yield (
            f"Task {task.pk} “{task}” is a draft again; it was scheduled for {due:%Y-%m-%d %H:%M} "
            "UTC, and may have been sent."
        )
    for task in Task.objects.filter(status=TaskStatus.QUEUED).order_by("pk"):
        lifecycle.cancel(task)
        yield f"Task {task.pk} “{task}” was being launched and is cancelled; it may have been sent."
