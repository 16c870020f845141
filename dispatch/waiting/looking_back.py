"""What was expected of a campaign's end, kept when it began and compared when it is over."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from campaigns.models import Task, TaskStatus
from dispatch.models import EndEstimate
from dispatch.waiting import words
from dispatch.waiting.estimate import UNKNOWN, estimates


def keep_estimates() -> None:
    """Keep what is expected of each task that has begun to be sent and of which nothing is kept."""
    kept = EndEstimate.objects.filter(pk=OuterRef("pk"))
    sending = Task.objects.filter(status=TaskStatus.SENDING)
    new = list(sending.exclude(Exists(kept)).order_by("pk").values_list("pk", flat=True))
    if not new:
        return
    expected = estimates()
    rows = []
    for task_id in new:
        estimate = expected.get(task_id, UNKNOWN)
        rows.append(
            EndEstimate(task_id=task_id, expected_at=estimate.expected, latest_at=estimate.latest)
        )
    EndEstimate.objects.bulk_create(rows, ignore_conflicts=True)


def compared(task: Task) -> str:
    """How good the estimate of a completed task was, in a sentence; "" without one."""
    kept = EndEstimate.objects.filter(pk=task.pk, expected_at__isnull=False).first()
    if kept is None or kept.expected_at is None or task.completed_at is None:
        return ""
    return words.compared(kept.expected_at, kept.latest_at, task.completed_at)
