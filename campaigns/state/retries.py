"""Retry failed SubTasks: what staff may ask for, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Exists, QuerySet
from django.utils.translation import gettext, ngettext

from campaigns import suppressions
from campaigns.models import FailureReason, SubTask, SubTaskStatus, TaskStatus
from campaigns.models.contacts import SuppressionReason
from campaigns.state import lifecycle, states
from campaigns.wording import filled, listed, sentences

CHUNK = 5_000
LOOKED_AT = 1_000
"""The most failed SubTasks that are searched for a retryable one; beyond it, some are assumed."""


@dataclass(slots=True)
class RetryPlan:
    """How many SubTasks are tried again, and how many are left out for which reason. `ids` are
    those that have been retried.
    """

    retryable: int = 0
    in_doubt: int = 0
    """Those among the retryable that were given up while in doubt."""
    suppressed: int = 0
    hard_bounced: int = 0
    cancelled: int = 0
    not_failed: int = 0
    ids: list[int] = field(default_factory=list, compare=False)

    def explain(self) -> str:
        again = filled(
            ngettext(
                "%(count)s failed message will be sent again.",
                "%(count)s failed messages will be sent again.",
                self.retryable,
            ),
            self.retryable,
        )
        parts = (again, self._may_arrive_twice(), self.left_out())
        return sentences(*filter(None, parts))

    def _may_arrive_twice(self) -> str:
        if not self.in_doubt:
            return ""
        return filled(
            ngettext(
                "Of these, %(count)s was given up while in doubt and may arrive twice.",
                "Of these, %(count)s were given up while in doubt and may arrive twice.",
                self.in_doubt,
            ),
            self.in_doubt,
        )

    def left_out(self) -> str:
        """What is not tried again, with numbers; "" for nothing."""
        counts = (
            (self.suppressed, gettext("on the suppression list")),
            (self.hard_bounced, gettext("bounced for good")),
            (self.cancelled, gettext("of a cancelled campaign")),
            (self.not_failed, gettext("not failed")),
        )
        reasons = listed(f"{count:,} {why}" for count, why in counts if count)
        return gettext("Left out: %(reasons)s.") % {"reasons": reasons} if reasons else ""


def plan(subtasks: QuerySet[SubTask]) -> RetryPlan:
    """The effect of retrying these."""
    listed = suppressions.entries_for("recipient_email")
    bounced = listed.filter(reason=SuppressionReason.HARD_BOUNCE)
    failed = subtasks.filter(status=SubTaskStatus.FAILED)
    is_bounced = Exists(bounced)
    return RetryPlan(
        retryable=_retryable(subtasks).count(),
        in_doubt=_retryable(subtasks).filter(failure_reason=FailureReason.DISCARDED).count(),
        hard_bounced=failed.filter(is_bounced).count()
        + subtasks.filter(status=SubTaskStatus.BOUNCED).count(),
        suppressed=failed.filter(Exists(listed)).exclude(is_bounced).count(),
        cancelled=failed.exclude(Exists(listed)).filter(task__status=TaskStatus.CANCELLED).count(),
        not_failed=subtasks.exclude(
            status__in=[SubTaskStatus.FAILED, SubTaskStatus.BOUNCED]
        ).count(),
    )


def may_help(subtasks: QuerySet[SubTask]) -> bool:
    """Whether some of these failed SubTasks can be sent again, judged by the first ones. Reads at
    most LOOKED_AT rows of the index subtask_failed."""
    first = (
        subtasks.filter(status=SubTaskStatus.FAILED)
        .order_by("task", "id")
        .values_list("pk", flat=True)
    )
    ids = list(first[: LOOKED_AT + 1])
    return len(ids) > LOOKED_AT or _retryable(SubTask.objects.filter(pk__in=ids)).exists()


def retry_failed(subtasks: QuerySet[SubTask]) -> RetryPlan:
    """Send failed SubTasks again, unless suppressed, bounced for good or cancelled; reopens
    completed tasks.

    Works in chunks of their own transactions, so that any number can be retried.
    """
    done = plan(subtasks)
    ids = list(_retryable(subtasks).order_by("id").values_list("id", flat=True))
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        with transaction.atomic():
            tasks = SubTask.objects.filter(pk__in=chunk).values_list("task_id", flat=True)
            lifecycle.reopen(set(tasks))
            done.ids += states.retry(chunk)
    done.retryable = len(done.ids)
    return done


def _retryable(subtasks: QuerySet[SubTask]) -> QuerySet[SubTask]:
    failed = subtasks.filter(status=SubTaskStatus.FAILED).exclude(task__status=TaskStatus.CANCELLED)
    return suppressions.not_suppressed(failed, "recipient_email")
