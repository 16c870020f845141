"""The funnel of a campaign: what became of its audience, step by step, from tallies alone.

Each step is the sum of what stands beside it and the next step, so that every person of the
audience is in exactly one place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from admin_kit.words.numbers import percent
from campaigns.admin.recipients.numbers import Number
from campaigns.models import FailureReason, SubTaskStatus, Task
from campaigns.models import stage as stages
from campaigns.models.stage import Stage
from campaigns.models.tally import TaskCounts

STEPS = (
    (Stage.SENT, (Stage.WAITING, Stage.IN_DOUBT, Stage.FAILED, Stage.CANCELLED)),
    (Stage.DELIVERED, (Stage.BOUNCED, Stage.NOTHING_BACK)),
    (Stage.OPENED, (Stage.NOT_OPENED,)),
    (Stage.CLICKED, (Stage.NOT_CLICKED,)),
)
"""Each step, and where those are that did not get so far from the one before."""
EXPLAINED: dict[Stage, str | LazyText] = {
    Stage.SENT: gettext_lazy("accepted by a provider"),
    Stage.DELIVERED: gettext_lazy("as far as servers report it"),
    Stage.OPENED: gettext_lazy("or clicked; by people, or by their mail program for them"),
    Stage.CLICKED: gettext_lazy("followed a link"),
}
RATED = (Stage.FAILED, Stage.BOUNCED)
PEOPLE = (Stage.SENT, Stage.DELIVERED, Stage.OPENED, Stage.CLICKED, Stage.BOUNCED)
"""Of these a segment can be made."""
MAKES_SEGMENTS = ("campaigns.add_segment", "campaigns.view_contact")


class Part(NamedTuple):
    """A number, with the list of its messages. `rate` says what part of the step it is, where that
    is asked for."""

    label: str
    number: int
    rate: str = ""
    url: str = ""
    parts: Sequence[Number] = ()


class Step(NamedTuple):
    """`rate` is such as “12.5 %”, and `of` says of whom. `left` are those that did not get to the
    next step, wherever there are any. The number of what is not known is no nought."""

    name: str
    label: str
    number: int
    rate: str
    of: str
    note: str
    percent: float
    url: str
    people_url: str
    left: Sequence[Part]
    is_known: bool = True

    @property
    def width(self) -> str:
        """Of its bar; written for a style sheet."""
        return f"{self.percent:.2f}"


def funnel(
    task: Task, counts: TaskCounts, left_out: int, by_reason: Sequence[Number], makes_segments: bool
) -> list[Step]:
    """`left_out` at the launch; `by_reason` has their lists, for those who may read them."""
    audience = counts.total + left_out
    left = Part(_("Left out"), left_out, parts=by_reason)
    steps = [
        Step(
            "audience",
            _("Audience"),
            audience,
            "",
            "",
            "",
            100.0,
            "",
            "",
            [left] if left_out else [],
        )
    ]
    for step, beside in STEPS:
        found = stages.number(step, counts)
        steps[-1] = steps[-1]._replace(
            left=[*steps[-1].left, *_beside(task, counts, beside, steps[-1].number)]
        )
        steps.append(
            Step(
                step.value,
                str(step.label),
                found,
                *_rate_of(step, found, task, counts, audience),
                _note(step, found, task, counts),
                100 * found / audience if audience else 0.0,
                url_of(task, step) if found else "",
                people_url(task, step) if found and makes_segments else "",
                (),
                is_known(step, found, task, counts),
            )
        )
    return steps


def rate(part: int, whole: int) -> str:
    """Such as “12.5 %”; "" of nothing."""
    if not whole:
        return ""
    return percent(part, whole)


def url_of(task: Task, stage: Stage) -> str:
    """The list of the messages there."""
    chosen = {"in_doubt": "yes"} if stage == Stage.IN_DOUBT else {"stage": stage.value}
    query = urlencode({"task__id__exact": str(task.pk), **chosen})
    return f"{reverse('admin:campaigns_subtask_changelist')}?{query}"


def reason_url(task: Task, reason: FailureReason) -> str:
    query = urlencode({"task__id__exact": str(task.pk), "failure_reason__exact": reason.value})
    return f"{reverse('admin:campaigns_subtask_changelist')}?{query}"


def people_url(task: Task, stage: Stage) -> str:
    """Where a segment of them is made."""
    query = urlencode({"did": stage.value})
    return f"{reverse('admin:campaigns_task_people', args=[task.pk])}?{query}"


def _beside(task: Task, counts: TaskCounts, beside: Iterable[Stage], whole: int) -> Iterable[Part]:
    for stage in beside:
        if not (found := stages.number(stage, counts)):
            continue
        within = WITHIN.get(stage)
        yield Part(
            str(stage.label),
            found,
            rate(found, whole) if stage in RATED else "",
            url_of(task, stage),
            list(within(task, counts)) if within else (),
        )


def _reasons(task: Task, counts: TaskCounts) -> Iterable[Number]:
    for reason in FailureReason:
        if reason != FailureReason.CANCELLED and (found := counts.by_reason.get(reason, 0)):
            yield Number(str(reason.label), found, reason_url(task, reason))


def _on_the_way(task: Task, counts: TaskCounts) -> Iterable[Number]:
    if reserved := counts[SubTaskStatus.ALLOCATED]:
        yield Number(_("Reserved for a service"), reserved, "")
    if sending := counts[SubTaskStatus.SENDING]:
        yield Number(_("Being handed over"), sending, "")


WITHIN: dict[Stage, Callable[[Task, TaskCounts], Iterable[Number]]] = {
    Stage.WAITING: _on_the_way,
    Stage.FAILED: _reasons,
}


def _rate_of(
    step: Stage, found: int, task: Task, counts: TaskCounts, audience: int
) -> tuple[str, str]:
    """None of what is not known: 0 % would say that it did not happen."""
    if not is_known(step, found, task, counts):
        return "", ""
    if step == Stage.SENT:
        return rate(found, audience), _("of the audience")
    if step == Stage.DELIVERED:
        return rate(found, stages.number(Stage.SENT, counts)), _("of those sent")
    return rate(found, stages.reached(counts)), _("of those that did not bounce")


def is_known(step: Stage, found: int, task: Task, counts: TaskCounts) -> bool:
    """Whether none is said by someone. Few servers report what they deliver."""
    if found:
        return True
    if step == Stage.DELIVERED:
        return not stages.number(Stage.SENT, counts)
    return is_recorded(step, task)


def is_recorded(step: Stage, task: Task) -> bool:
    """By our own links and pictures; a provider may report it all the same."""
    return {Stage.OPENED: task.track_opens, Stage.CLICKED: task.track_clicks}.get(step, True)


def _note(step: Stage, found: int, task: Task, counts: TaskCounts) -> str:
    if step == Stage.DELIVERED and not is_known(step, found, task, counts):
        return _("not reported so far")
    if step == Stage.OPENED and not is_recorded(step, task):
        return _("opens are not recorded: only those who clicked, or as a provider reports")
    if step == Stage.CLICKED and not is_recorded(step, task):
        return _("clicks are not recorded")
    return str(EXPLAINED[step])
