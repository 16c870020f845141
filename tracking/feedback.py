"""Feedback on a task in numbers: one query over a few rows, for any size of task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from admin_kit.words.numbers import percent
from campaigns.models import SubTask
from tracking.event_kinds import BY_RECIPIENTS, Actor, EventKind
from tracking.events.inbox import LONGEST_URL
from tracking.models import Event, EventState, EventTally, Link, LinkTally

SHOWN = (
    EventKind.OPENED,
    EventKind.CLICKED,
    EventKind.UNSUBSCRIBED,
    EventKind.RESUBSCRIBED,
    EventKind.PREFERENCES,
    EventKind.COMPLAINED,
    EventKind.HARD_BOUNCED,
    EventKind.SOFT_BOUNCED,
    EventKind.REJECTED,
)
"""The other kinds are shown as states of SubTasks."""
OF_REACHED = (EventKind.OPENED, EventKind.CLICKED, EventKind.UNSUBSCRIBED, EventKind.COMPLAINED)
"""Of these a rate is told."""


@dataclass(slots=True)
class Line:
    """One kind of event, or one link: how many recipients did it themselves, through a proxy, by a
    machine, and how often it happened. A recipient may be in several columns."""

    label: str
    recipients: dict[str, int] = field(default_factory=dict)
    events: int = 0
    is_theirs: bool = True
    """Whether recipients do it: a bounce is reported by a server."""
    whole: int = 0
    """Of how many messages they are a part; 0 where no rate is told."""

    @property
    def concerned(self) -> int:
        """How many recipients a server reported on."""
        return sum(self.recipients.values())

    @property
    def rate(self) -> str:
        """Of the people, or of those that a server reported on; "" where there are none."""
        part = self.people if self.is_theirs else self.concerned
        return percent(part, self.whole) if part and self.whole else ""

    @property
    def people(self) -> int:
        return self.recipients.get(Actor.PERSON, 0)

    @property
    def proxies(self) -> int:
        return self.recipients.get(Actor.PROXY, 0)

    @property
    def machines(self) -> int:
        return self.recipients.get(Actor.MACHINE, 0)


MOST_EVENTS = 200
MOST_LINKS = 100


def events_of(subtask: SubTask) -> list[Event]:
    """The newest events of one message. Uses index event_subtask."""
    events = Event.objects.filter(subtask=subtask, state=EventState.APPLIED).defer("raw")
    return list(events.order_by("-received_at", "-pk")[:MOST_EVENTS])


def feedback_of(task_id: int, reached: int = 0) -> list[Line]:
    """A line for each kind that happened, in a fixed order; with rates of those whom it reached."""
    lines = {kind: Line(str(kind.label), is_theirs=kind in BY_RECIPIENTS) for kind in SHOWN}
    for kind in OF_REACHED:
        lines[kind].whole = reached
    for tally in EventTally.objects.filter(task_id=task_id, kind__in=SHOWN):
        line = lines[EventKind(tally.kind)]
        line.recipients[tally.actor] = tally.recipients
        line.events += tally.events
    return [line for line in lines.values() if line.events]


def links_of(task_id: int, reached: int = 0) -> list[Line]:
    """A line for each link of the task's messages, in their order, followed or not; with rates of
    those whom it reached."""
    links = Link.objects.filter(content__task=task_id).order_by("position", "content")
    lines: dict[str, Line] = {}
    for destination in links.values_list("destination", flat=True)[:MOST_LINKS]:
        lines.setdefault(destination[:LONGEST_URL], Line(destination, whole=reached))
    for tally in LinkTally.objects.filter(task_id=task_id, url__in=lines):
        line = lines[tally.url]
        line.recipients[tally.actor] = tally.recipients
        line.events += tally.clicks
    return list(lines.values())


def has_clicks_of_no_link(lines: Sequence[Line], links: Sequence[Line]) -> bool:
    """Whether more people clicked than the links tell of: a provider reported the others, whose own
    addresses for a link are not known here."""
    clicked = sum(line.people for line in lines if line.label == str(EventKind.CLICKED.label))
    return clicked > sum(link.people for link in links)
