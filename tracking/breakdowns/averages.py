"""A campaign's rates beside those of its owner's earlier campaigns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from admin_kit.words.numbers import percent
from campaigns.models import Tally, Task
from campaigns.models import stage as stages
from campaigns.models.stage import Stage
from campaigns.models.tally import TaskCounts
from tracking.event_kinds import EventKind
from tracking.models import EventTally

MOST_CAMPAIGNS = 20
FEWEST_SENT = 20
"""Sent to fewer, a campaign says nothing: it is a test, or a letter."""
NAMES = {
    "delivered": _("Delivered, of those sent"),
    "bounced": _("Bounced, of those sent"),
    "opened": _("Opened, of those that did not bounce"),
    "clicked": _("Clicked, of those that did not bounce"),
    "unsubscribed": _("Unsubscribed, of those that did not bounce"),
    "complained": _("Reported as spam, of those that did not bounce"),
}
LEAVING = (EventKind.UNSUBSCRIBED, EventKind.COMPLAINED)

Rates = dict[str, float]


class Beside(NamedTuple):
    """Rates as they are shown."""

    name: str
    own: str
    usual: str


class Compared(NamedTuple):
    """`campaigns` are those before; each counts alike, however many it was sent to."""

    campaigns: int
    rows: list[Beside]


def compared(task: Task) -> Compared | None:
    """None when nothing can be compared. Three queries over few rows."""
    if task.launched_at is None:
        return None
    before = Task.objects.filter(owner=task.owner_id, launched_at__lt=task.launched_at)
    keys = list(before.order_by("-launched_at").values_list("pk", flat=True)[:MOST_CAMPAIGNS])
    found = _rates([task.pk, *keys])
    own = found.pop(task.pk, None)
    if own is None or not found:
        return None
    rows = [
        Beside(
            str(name),
            percent(own[key], 1),
            percent(fmean(rates[key] for rates in found.values()), 1),
        )
        for key, name in NAMES.items()
    ]
    return Compared(len(found), rows)


def _rates(task_ids: list[int]) -> dict[int, Rates]:
    """Of those sent to enough people."""
    left = _left(task_ids)
    return {
        pk: _rates_of(counts, left[pk])
        for pk, counts in Tally.objects.counts_of(task_ids).items()
        if counts.accepted >= FEWEST_SENT
    }


def _rates_of(counts: TaskCounts, left: dict[str, int]) -> Rates:
    sent, bounced = counts.accepted, stages.number(Stage.BOUNCED, counts)
    reached = max(1, sent - bounced)
    return {
        "delivered": stages.number(Stage.DELIVERED, counts) / sent,
        "bounced": bounced / sent,
        "opened": stages.number(Stage.OPENED, counts) / reached,
        "clicked": stages.number(Stage.CLICKED, counts) / reached,
        "unsubscribed": left[EventKind.UNSUBSCRIBED] / reached,
        "complained": left[EventKind.COMPLAINED] / reached,
    }


def _left(task_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """How many recipients unsubscribed or complained, by task and kind."""
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for tally in EventTally.objects.filter(task_id__in=list(task_ids), kind__in=LEAVING):
        found[tally.task_id][tally.kind] += tally.recipients
    return found
