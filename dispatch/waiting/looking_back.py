"""What is expected of a campaign's end: kept when it began, to be compared when it is over, and
renewed while it is being sent, for lists of campaigns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from campaigns.models import Task, TaskStatus
from dispatch.models import EndEstimate
from dispatch.waiting import words
from dispatch.waiting.estimate import UNKNOWN, Estimate, estimates

RENEW_AFTER = dt.timedelta(seconds=15)
LATELY = dt.timedelta(minutes=2)
"""What was expected longer ago is not told: maintenance does not run."""


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


def renew_estimates() -> None:
    """Compute anew what is expected of tasks that are being sent, each some seconds."""
    sending = EndEstimate.objects.filter(task__status=TaskStatus.SENDING)
    kept = {each.pk: each for each in sending}
    fresh = sending.filter(renewed_at__gt=Now() - RENEW_AFTER)
    if not kept or fresh.count() == len(kept):
        return
    expected = estimates()
    for task_id, each in kept.items():
        estimate = expected.get(task_id, UNKNOWN)
        each.expected_lately, each.latest_lately = estimate.expected, estimate.latest
        each.renewed_at = Now()
    fields = ["renewed_at", "expected_lately", "latest_lately"]
    EndEstimate.objects.bulk_update(kept.values(), fields)


def expected_lately(task_ids: Iterable[int]) -> dict[int, Estimate]:
    """Of those of these tasks whose end is known; one query."""
    rows = EndEstimate.objects.filter(
        pk__in=list(task_ids), renewed_at__gt=Now() - LATELY, expected_lately__isnull=False
    )
    return {each.pk: Estimate(each.expected_lately, each.latest_lately) for each in rows}


def compared(task: Task) -> str:
    """How good the estimate of a completed task was, in a sentence; "" without one."""
    kept = EndEstimate.objects.filter(pk=task.pk, expected_at__isnull=False).first()
    if kept is None or kept.expected_at is None or task.completed_at is None:
        return ""
    return words.compared(kept.expected_at, kept.latest_at, task.completed_at)
