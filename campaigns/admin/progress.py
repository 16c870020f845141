"""The progress of a task, from its tallies: SubTask rows are never counted here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.typed import Colours
from admin_kit.words.moments import with_its_zone
from campaigns import background
from campaigns.admin.ab_tests.panel import TestPanel, panel_of
from campaigns.admin.funnel import MAKES_SEGMENTS, Step, funnel, url_of
from campaigns.admin.languages import results as languages
from campaigns.admin.recipients import numbers
from campaigns.admin.recipients.numbers import Comparison, Number
from campaigns.models import Launch, SubTaskStatus, Tally, Task, TaskStatus
from campaigns.models.stage import Stage
from campaigns.models.tally import TaskCounts
from campaigns.tasks import LAUNCH
from campaigns.wording import filled, listed

S = SubTaskStatus
MOVING = (TaskStatus.SCHEDULED, TaskStatus.QUEUED, TaskStatus.SENDING, TaskStatus.PAUSED)
OVER = (TaskStatus.COMPLETED, TaskStatus.CANCELLED)
NEEDS_ATTENTION = _("Needs attention")
STATUS_COLOURS = Colours(
    {
        TaskStatus.DRAFT.label: "",
        TaskStatus.SCHEDULED.label: "info",
        TaskStatus.QUEUED.label: "info",
        TaskStatus.SENDING.label: "primary",
        TaskStatus.PAUSED.label: "warning",
        TaskStatus.COMPLETED.label: "success",
        TaskStatus.CANCELLED.label: "danger",
        NEEDS_ATTENTION: "warning",
    }
)


class Wait(NamedTuple):
    """Why a task or one of its services is waiting: a word, its colour, its subject, and a
    sentence. What is no trouble has the sentence alone."""

    word: str
    colour: str
    name: str
    why: str


WAITS: list[Callable[[Task, User | AnonymousUser], list[Wait]]] = []
"""Functions of dependent apps (dispatch) that say why a task that is being sent waits, and of a
completed one whether it was done when it was expected to be."""


class Progress:
    """The progress of a task, for the templates."""

    def __init__(
        self,
        task: Task,
        counts: TaskCounts,
        waits: Sequence[Wait] = (),
        lists: bool = False,
        makes_segments: bool = False,
    ) -> None:
        """`lists`: whether the user may see the contacts behind the numbers; `makes_segments`:
        whether they may make segments of them."""
        self.task = task
        self.counts = counts
        self.waits = waits
        self.lists = lists
        self.makes_segments = makes_segments

    @property
    def url(self) -> str:
        """The URL to poll, with the known status: another status reloads the whole page."""
        address = reverse("admin:campaigns_task_progress", args=[self.task.pk])
        return f"{address}?{urlencode({'status': self.task.status})}"

    @property
    def refreshes(self) -> bool:
        """Whether the figures may still change, also after the end: feedback arrives later."""
        return self.task.status in MOVING or self.counts.open > 0 or self.counts.in_doubt > 0

    @property
    def is_launched(self) -> bool:
        return self.counts.total > 0 or self.task.status == TaskStatus.QUEUED

    @property
    def has_results(self) -> bool:
        """Whether anything can have come back."""
        return self.counts.total > 0 or self.task.status in (TaskStatus.SENDING, TaskStatus.PAUSED)

    @property
    def needs_attention(self) -> bool:
        """Only SubTasks in doubt are left: a person has to decide."""
        is_waiting = self.counts.open == 0 and self.counts.in_doubt > 0
        return self.task.status in (TaskStatus.SENDING, *OVER) and is_waiting

    @property
    def ends(self) -> int:
        """How many messages of a cancelled task are not in a final state yet."""
        return self.counts.open if self.task.status == TaskStatus.CANCELLED else 0

    @property
    def status_text(self) -> str:
        waits = self.needs_attention and self.task.status == TaskStatus.SENDING
        return str(NEEDS_ATTENTION if waits else self.task.get_status_display())

    @property
    def status_colour(self) -> str:
        return STATUS_COLOURS[self.status_text]

    @property
    def scheduled_for(self) -> str:
        at = self.task.scheduled_at
        return with_its_zone(at) if at else ""

    @property
    def accepted_percent(self) -> float:
        return self._percent(self.counts.accepted)

    @property
    def failed_percent(self) -> float:
        return self._percent(self.failed)

    @property
    def in_doubt_percent(self) -> float:
        return self._percent(self.counts.in_doubt)

    @property
    def failed(self) -> int:
        return self.counts.failed

    @property
    def cancelled_percent(self) -> float:
        return self._percent(self.counts.cancelled)

    @property
    def done(self) -> int:
        return self.counts.accepted + self.counts[S.FAILED]

    @property
    def summary(self) -> str:
        if not self.counts.total:
            return ""
        sent = gettext("%(accepted)s of %(total)s sent") % {
            "accepted": f"{self.counts.accepted:,}",
            "total": f"{self.counts.total:,}",
        }
        others = (
            (self.failed, gettext("%(count)s failed")),
            (self.counts.cancelled, gettext("%(count)s cancelled")),
            (self.counts.in_doubt, gettext("%(count)s in doubt")),
        )
        return listed([sent, *(filled(text, number) for number, text in others if number)])

    @cached_property
    def test(self) -> TestPanel | None:
        return panel_of(self.task)

    @cached_property
    def languages_url(self) -> str:
        return languages.url_of(self.task) if self.is_launched else ""

    @cached_property
    def launch(self) -> Launch | None:
        """The position of the launch in the audience, and the contacts left out."""
        return Launch.objects.filter(task=self.task).first()

    @property
    def launch_percent(self) -> float:
        launch = self.launch
        return 100 * launch.walked / launch.audience_size if launch and launch.audience_size else 0

    @cached_property
    def launch_trouble(self) -> str:
        """Why the last attempt of a launch failed that is retried; "" when none did."""
        if self.task.status != TaskStatus.QUEUED:
            return ""
        failed = background.failures(LAUNCH, self.task.pk)
        if failed is None:
            return ""
        attempts = gettext("%(attempts)s of %(most)s attempts") % {
            "attempts": failed.attempts,
            "most": background.MOST_ATTEMPTS,
        }
        return gettext("Launching it failed (%(attempts)s). %(reason)s") % {
            "attempts": attempts,
            "reason": failed.reason,
        }

    @property
    def suppressed(self) -> int:
        """Contacts left out by the launch so far."""
        if self.launch is None:
            return 0
        counts = self.launch.suppressed if self.launch.left_out is None else self.launch.left_out
        return sum(counts.values())

    @property
    def left_out(self) -> list[Number]:
        """The same by reason, each with its list, of launches that recorded it."""
        return numbers.left_out(self.launch) if self.launch and self.lists else []

    @cached_property
    def comparison(self) -> Comparison | None:
        return numbers.comparison(self.launch)

    @cached_property
    def funnel(self) -> list[Step]:
        """What became of everyone in the audience."""
        return funnel(self.task, self.counts, self.suppressed, self.left_out, self.makes_segments)

    @property
    def in_doubt_url(self) -> str:
        return url_of(self.task, Stage.IN_DOUBT)

    def _percent(self, part: int) -> float:
        return round(100 * part / self.counts.total, 2) if self.counts.total else 0


def progress_of(task: Task, user: User | AnonymousUser) -> Progress:
    """For this user, who may not be allowed to see every service's state."""
    counts = Tally.objects.counts(task.pk)
    is_told = (
        task.status == TaskStatus.COMPLETED or task.status == TaskStatus.SENDING and counts.open
    )
    waits = [wait for waits in WAITS for wait in waits(task, user)] if is_told else []
    makes_segments = user.has_perms(MAKES_SEGMENTS)
    return Progress(task, counts, waits, numbers.may_list(user), makes_segments)


def bar(progress: Progress) -> str:
    """The progress bar of a list row."""
    if not progress.is_launched:
        return "–"
    return render_to_string("admin/campaigns/task/bar.html", {"progress": progress})
