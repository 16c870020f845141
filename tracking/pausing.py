"""Pause tasks with too many unknown addresses or too many spam complaints.

A paused task shows the reason; staff may resume it, and then counting starts anew. Reads existing
counts of the few tasks that are being sent, at the same cost for any size of task.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_noop

from campaigns.models import FailureReason, Tally, Task, TaskStatus
from campaigns.state import lifecycle
from tracking.event_kinds import EventKind
from tracking.models import EventTally, PauseBaseline

logger = logging.getLogger(__name__)

HARD, COMPLAINT = EventKind.HARD_BOUNCED, EventKind.COMPLAINED
TOO_MANY = {
    HARD: gettext_noop(
        "Paused automatically: %(count)s of %(messages)s messages bounced for good, %(percent)s "
        "%%; the limit is %(limit)s %%. Mailbox providers take that for a list that was bought or "
        "is old. Find out where the addresses come from, and take out unconfirmed ones. Resume "
        "the campaign to go on; what came before no longer counts then."
    ),
    COMPLAINT: gettext_noop(
        "Paused automatically: %(count)s of %(messages)s messages were reported as spam, "
        "%(percent)s %%; the limit is %(limit)s %%. Mailbox providers block senders for that. "
        "Find out whether these people asked for mail, and how easily they can unsubscribe. "
        "Resume the campaign to go on; what came before no longer counts then."
    ),
}


@dataclass(frozen=True, slots=True)
class PauseCounts:
    """The counts of a task: messages that a provider has accepted or refused, and what recipients
    did."""

    messages: int
    hard_bounces: int
    complaints: int

    def since(self, baseline: PauseBaseline | None) -> PauseCounts:
        if baseline is None:
            return self
        return PauseCounts(
            max(0, self.messages - baseline.messages),
            max(0, self.hard_bounces - baseline.hard_bounces),
            max(0, self.complaints - baseline.complaints),
        )


def pause_bad_tasks() -> int:
    """Pause the tasks whose limits are exceeded. Returns how many."""
    tasks = list(Task.objects.filter(status=TaskStatus.SENDING).order_by("pk"))
    baselines = PauseBaseline.objects.in_bulk([task.pk for task in tasks])
    resumed = {
        task.pk: task.resumed_at
        for task in tasks
        if task.resumed_at and not _is_known(task.resumed_at, baselines.get(task.pk))
    }
    bounced = _recipients([task.pk for task in tasks])
    looked_at = {*resumed, *bounced}
    counts = _counts(looked_at, bounced) if looked_at else {}
    for task_id, resumed_at in resumed.items():
        _begin_anew(task_id, resumed_at, counts[task_id])
    return sum(
        _pause(task, why)
        for task in tasks
        if task.pk in counts
        and task.pk not in resumed
        and (why := too_many(counts[task.pk].since(baselines.get(task.pk))))
    )


def too_many(counts: PauseCounts) -> str:
    """The reason, for staff, why a task with these counts is paused; "" when it is not."""
    if counts.messages < settings.PAUSE_MIN_MESSAGES:
        return ""
    limits = (
        (HARD, counts.hard_bounces, settings.PAUSE_HARD_BOUNCE_PERCENT),
        (COMPLAINT, counts.complaints, settings.PAUSE_COMPLAINT_PERCENT),
    )
    for kind, count, limit in limits:
        percent = 100 * count / counts.messages
        if limit and percent > limit:
            return TOO_MANY[kind] % {
                "count": f"{count:,}",
                "messages": f"{counts.messages:,}",
                "percent": f"{percent:.2f}",
                "limit": f"{limit:g}",
            }
    return ""


def _is_known(resumed_at: dt.datetime, baseline: PauseBaseline | None) -> bool:
    """Whether the counts at the time the task was resumed are known."""
    return baseline is not None and baseline.resumed_at == resumed_at


def _recipients(task_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """By task and kind, how many recipients hard-bounced or complained; tasks without any are left
    out."""
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = EventTally.objects.filter(task_id__in=task_ids, kind__in=(HARD, COMPLAINT))
    for task_id, kind, recipients in rows.values_list("task_id", "kind", "recipients"):
        found[task_id][kind] += recipients
    return found


def _counts(
    task_ids: Collection[int], bounced: dict[int, dict[str, int]]
) -> dict[int, PauseCounts]:
    return {
        task_id: PauseCounts(
            tally.accepted + tally.by_reason.get(FailureReason.REJECTED, 0),
            bounced.get(task_id, {}).get(HARD, 0),
            bounced.get(task_id, {}).get(COMPLAINT, 0),
        )
        for task_id, tally in Tally.objects.counts_of(task_ids).items()
    }


def _begin_anew(task_id: int, resumed_at: dt.datetime, counts: PauseCounts) -> None:
    PauseBaseline.objects.update_or_create(
        task_id=task_id,
        defaults={
            "resumed_at": resumed_at,
            "messages": counts.messages,
            "hard_bounces": counts.hard_bounces,
            "complaints": counts.complaints,
        },
    )


def _pause(task: Task, why: str) -> bool:
    try:
        lifecycle.pause(task, why)
    except lifecycle.NotPossible:
        return False  # it was paused, cancelled or completed at this moment
    logger.warning("task %s: %s", task.pk, why, extra={"task_id": task.pk})
    return True
