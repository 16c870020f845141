"""Campaigns on the start page: those under way, and the last that are over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists
from django.db.models.functions import Now
from django.utils.translation import gettext

from admin_kit.base import Visitor
from admin_kit.words.numbers import number, percent
from campaigns.admin.campaign_list import Facts, Rate
from campaigns.admin.progress import MOVING, OVER, Progress
from campaigns.models import SubTaskStatus, Tally, Task, TaskStatus
from campaigns.models.tally import TaskCounts
from dispatch.models import LastCount, TaskCount
from dispatch.waiting import glance, looking_back, words
from dispatch.waiting.estimate import Estimate
from dispatch.waiting.why import Cause, Why

MOST_UNDER_WAY, MOST_OVER = 10, 5
SAID_BY_STATE = (Cause.NOT_LAUNCHED, Cause.LAUNCHING, Cause.OVER)
"""What the state of a campaign says already."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A campaign that is launched and not over. `said`: how fast, until when, why not now."""

    progress: Progress
    said: Sequence[str]


@dataclass(frozen=True, slots=True)
class Result:
    """A campaign that is over, with its rates as they are written."""

    task: Task
    progress: Progress
    rates: Sequence[Rate]


def under_way(user: Visitor) -> tuple[list[UnderWay], int]:
    """The newest, and how many there are more."""
    moving = Task.objects.visible_to(user).filter(status__in=MOVING)
    tasks = list(moving[: MOST_UNDER_WAY + 1])
    more = moving.count() - MOST_UNDER_WAY if len(tasks) > MOST_UNDER_WAY else 0
    shown = tasks[:MOST_UNDER_WAY]
    counts = Tally.objects.counts_of(task.pk for task in shown)
    said = outlooks(shown, counts)
    return [UnderWay(Progress(task, counts[task.pk]), said[task.pk]) for task in shown], more


def outlooks(tasks: Sequence[Task], counts: Mapping[int, TaskCounts]) -> dict[int, list[str]]:
    """How fast each of these campaigns goes, when it will be done, and why nothing starts now: in
    sentences, in as many queries for one as for all.
    """
    moving = [task for task in tasks if task.status in MOVING]
    if not moving:
        return {task.pk: [] for task in tasks}
    whys = glance.glance(moving, counts)
    sending = [task.pk for task in moving if task.status == TaskStatus.SENDING]
    ends, rates = looking_back.expected_lately(sending), per_minute(sending)
    said = {
        task.pk: _said(whys[task.pk], ends.get(task.pk), rates.get(task.pk, 0.0)) for task in moving
    }
    return {task.pk: said.get(task.pk, []) for task in tasks}


def _said(why: Why, end: Estimate | None, rate: float) -> list[str]:
    speed = gettext("%(number)s a minute.") % {"number": number(rate)} if rate >= 1 else ""
    done = words.end(end, why.now) if end and why.next_at else ""
    if any(reason.cause in SAID_BY_STATE for reason in why.reasons):
        return []
    waits = words.sentences(why)
    return [*filter(None, [speed, done]), *waits]


def facts(tasks: Sequence[Task], counts: Mapping[int, TaskCounts]) -> dict[int, Facts]:
    """What the list of campaigns says of each beside its progress."""
    said = outlooks(tasks, counts)
    return {task.pk: Facts(said[task.pk], rates(task, counts[task.pk])) for task in tasks}


def per_minute(task_ids: Iterable[int]) -> dict[int, float]:
    """How many messages of these tasks are sent a minute, as counted lately."""
    lately = LastCount.objects.filter(at__gt=Now() - looking_back.LATELY)
    rows = TaskCount.objects.filter(Exists(lately), pk__in=list(task_ids), sent_per_minute__gt=0)
    return dict(rows.values_list("pk", "sent_per_minute"))


def last_results(user: Visitor) -> list[Result]:
    """Those launched last that are over and have sent anything."""
    over = Task.objects.visible_to(user).filter(status__in=OVER, launched_at__isnull=False)
    tasks = list(over.order_by("-pk")[:MOST_OVER])
    counts = Tally.objects.counts_of(task.pk for task in tasks)
    return [
        Result(task, Progress(task, counts[task.pk]), rates(task, counts[task.pk]))
        for task in tasks
    ]


def rates(task: Task, counts: TaskCounts) -> list[Rate]:
    """What part of a campaign's messages was delivered, opened and clicked, as its page says."""
    if not counts.accepted:
        return []
    clicked = counts[SubTaskStatus.CLICKED]
    opened = clicked + counts[SubTaskStatus.OPENED]
    delivered = opened + counts[SubTaskStatus.DELIVERED]
    arrived = counts.accepted - counts[SubTaskStatus.BOUNCED]
    reported = percent(delivered, counts.accepted) if delivered else gettext("not reported")
    unknown = gettext("not recorded")
    return [
        Rate("delivered", gettext("Delivered"), reported, delivered > 0),
        Rate(
            "opened",
            gettext("Opened"),
            percent(opened, arrived) if task.track_opens else unknown,
            task.track_opens,
        ),
        Rate(
            "clicked",
            gettext("Clicked"),
            percent(clicked, arrived) if task.track_clicks else unknown,
            task.track_clicks,
        ),
    ]
