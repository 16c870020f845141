"""Exact counts of a task's SubTasks by state, without counting rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import models
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from campaigns.db.enum_field import DatabaseEnumField
from campaigns.models.subtask import FailureReason, SubTaskStatus


@dataclass(slots=True)
class TaskCounts:
    """A task's SubTasks by state; `sending` leaves out those in doubt, so that the states add up to
    `total`.
    """

    by_status: dict[str, int] = field(default_factory=dict)
    by_reason: dict[str, int] = field(default_factory=dict)
    in_doubt: int = 0

    def __getitem__(self, status: str) -> int:
        """How many have this status. Raises KeyError for what is none: a template that asks for
        `counts.total` looks it up here before it takes the property.
        """
        if status not in SubTaskStatus.values:
            raise KeyError(status)
        return self.by_status.get(status, 0)

    @property
    def total(self) -> int:
        return sum(self.by_status.values()) + self.in_doubt

    @property
    def open(self) -> int:
        """Not yet in a final state, not counting those in doubt."""
        return sum(
            self[status]
            for status in (SubTaskStatus.PENDING, SubTaskStatus.ALLOCATED, SubTaskStatus.SENDING)
        )

    @property
    def cancelled(self) -> int:
        """Not sent because the task was cancelled. Their status is failed, but nothing failed."""
        return self.by_reason.get(FailureReason.CANCELLED, 0)

    @property
    def failed(self) -> int:
        """Given up for any other reason."""
        return self[SubTaskStatus.FAILED] - self.cancelled

    @property
    def accepted(self) -> int:
        """Accepted by a provider, including those that bounced later."""
        return self.total - self.open - self.in_doubt - self[SubTaskStatus.FAILED]

    @property
    def done_percent(self) -> int:
        return 100 * (self.total - self.open - self.in_doubt) // self.total if self.total else 0


class TallyQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def counts_of(self, task_ids: Iterable[int]) -> dict[int, TaskCounts]:
        """The counts of each task, one query. Tasks without SubTasks have zero counts."""
        counts = {task_id: TaskCounts() for task_id in task_ids}
        rows = (
            self.filter(task_id__in=counts)
            .values_list("task_id", "status", "in_doubt", "failure_reason")
            .annotate(n=Sum("count"))
        )
        for task_id, status, in_doubt, reason, n in rows:
            of_task = counts[task_id]
            if in_doubt:
                of_task.in_doubt += n
            else:
                of_task.by_status[status] = of_task.by_status.get(status, 0) + n
            if reason:
                of_task.by_reason[reason] = of_task.by_reason.get(reason, 0) + n
        return counts

    def counts(self, task_id: int) -> TaskCounts:
        return self.counts_of([task_id])[task_id]


class Tally(models.Model):
    """A change in the number of a task's SubTasks in one state; the sum is the number.

    Appended by a statement-level trigger on the SubTask table, for every writer, so that writers
    never wait for each other; `dispatch.process.maintenance` folds the rows of a task into one per
    state. No foreign key: it would lock the Task row with every batch.
    """

    task_id = models.BigIntegerField()
    status = DatabaseEnumField(type_setting="SUBTASK_STATUS_TYPE", choices=SubTaskStatus)
    in_doubt = models.BooleanField(default=False)
    failure_reason = models.CharField(max_length=20, choices=FailureReason, blank=True)
    count = models.BigIntegerField()

    objects = TallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("tallies")
        # Reading and folding: WHERE task_id IN (…)
        indexes = [models.Index("task_id", name="tally_task")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.status} {self.count:+}"
