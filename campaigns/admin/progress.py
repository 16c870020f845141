"""How far a task is, from its tallies: no row of a SubTask is ever counted here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode

from campaigns.models import FailureReason, Launch, SubTaskStatus, Tally, Task, TaskStatus
from campaigns.models.tally import Counts

S = SubTaskStatus
MOVING = (TaskStatus.SCHEDULED, TaskStatus.QUEUED, TaskStatus.SENDING, TaskStatus.PAUSED)


class Cell(NamedTuple):
    """A number on the task's page, and the SubTasks behind it."""

    label: str
    count: int
    url: str


class Progress:
    """What the templates show about a task."""

    def __init__(self, task: Task, counts: Counts) -> None:
        self.task = task
        self.counts = counts

    @property
    def url(self) -> str:
        return reverse("admin:campaigns_task_progress", args=[self.task.pk])

    @property
    def refreshes(self) -> bool:
        """Whether anything may still change by itself, also after the end: feedback comes in."""
        return self.task.status in MOVING or self.counts.open > 0 or self.counts.in_doubt > 0

    @property
    def is_launched(self) -> bool:
        return self.counts.total > 0 or self.task.status == TaskStatus.QUEUED

    @property
    def needs_attention(self) -> bool:
        """All that is left to do is in doubt: only a person can go on."""
        return self.task.status == TaskStatus.SENDING and self.in_doubt_only

    @property
    def in_doubt_only(self) -> bool:
        return self.counts.open == 0 and self.counts.in_doubt > 0

    @property
    def accepted_percent(self) -> float:
        return self._percent(self.counts.accepted)

    @property
    def failed_percent(self) -> float:
        return self._percent(self.counts[S.FAILED])

    @property
    def in_doubt_percent(self) -> float:
        return self._percent(self.counts.in_doubt)

    @property
    def done(self) -> int:
        return self.counts.accepted + self.counts[S.FAILED]

    @property
    def summary(self) -> str:
        if not self.counts.total:
            return "–"
        text = f"{self.counts.accepted:,} of {self.counts.total:,} sent"
        if self.counts[S.FAILED]:
            text += f", {self.counts[S.FAILED]:,} failed"
        return text + (f", {self.counts.in_doubt:,} in doubt" if self.counts.in_doubt else "")

    @cached_property
    def launch(self) -> Launch | None:
        """How far the audience has been walked, while the task is being launched."""
        if self.task.status != TaskStatus.QUEUED:
            return None
        return Launch.objects.filter(task=self.task).first()

    @property
    def launch_percent(self) -> float:
        launch = self.launch
        return 100 * launch.walked / launch.audience_size if launch and launch.audience_size else 0

    @property
    def suppressed(self) -> int:
        """Recipients left out when the task was launched."""
        launch = Launch.objects.filter(task=self.task).first()
        return sum(launch.suppressed.values()) if launch else 0

    def cells(self) -> Iterator[Cell]:
        for status in SubTaskStatus:
            yield Cell(status.label, self.counts[status], self._link(status__exact=status))
            if status == S.SENDING:
                yield Cell("In doubt", self.counts.in_doubt, self.in_doubt_url)

    def reasons(self) -> list[Cell]:
        return [
            Cell(reason.label, count, self._link(failure_reason__exact=reason))
            for reason in FailureReason
            if (count := self.counts.by_reason.get(reason, 0))
        ]

    @property
    def in_doubt_url(self) -> str:
        return self._link(in_doubt="yes")

    def _link(self, **filters: str) -> str:
        query = urlencode({"task__id__exact": self.task.pk, **filters})
        return f"{reverse('admin:campaigns_subtask_changelist')}?{query}"

    def _percent(self, part: int) -> float:
        return round(100 * part / self.counts.total, 2) if self.counts.total else 0


def progress_of(task: Task) -> Progress:
    return Progress(task, Tally.objects.counts(task.pk))


def bar(progress: Progress) -> str:
    """The progress bar of a list row."""
    if not progress.is_launched:
        return "–"
    return render_to_string("admin/campaigns/task/bar.html", {"progress": progress})
