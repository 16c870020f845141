"""A campaign's rates beside those of its owner's earlier campaigns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
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
"""Without those that are not known: few servers report what they deliver, and opens and clicks are
recorded where the campaign says so."""
UNKNOWN = "–"


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
    found = _rates([task, *before.order_by("-launched_at")[:MOST_CAMPAIGNS]])
    own = found.pop(task.pk, None)
    if own is None or not found:
        return None
    return Compared(len(found), list(_rows(own, list(found.values()))))


def _rows(own: Rates, earlier: list[Rates]) -> Iterator[Beside]:
    for key, name in NAMES.items():
        usual = [rates[key] for rates in earlier if key in rates]
        if usual or key in own:
            yield Beside(
                str(name),
                percent(own[key], 1) if key in own else UNKNOWN,
                percent(fmean(usual), 1) if usual else UNKNOWN,
            )


def _rates(tasks: Iterable[Task]) -> dict[int, Rates]:
    """Of those sent to enough people."""
    by_key = {task.pk: task for task in tasks}
    left = _left(by_key)
    return {
        pk: _known(by_key[pk], _rates_of(counts, left[pk]))
        for pk, counts in Tally.objects.counts_of(list(by_key)).items()
        if counts.accepted >= FEWEST_SENT
    }


def _known(task: Task, rates: Rates) -> Rates:
    recorded = {"delivered": False, "opened": task.track_opens, "clicked": task.track_clicks}
    return {key: rate for key, rate in rates.items() if rate or recorded.get(key, True)}


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
