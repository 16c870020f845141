"""Detect scanners: compare the opens and clicks of one message.

Mail scanners fetch images and follow every link of a message as soon as it arrives; they also
follow the hidden link that people do not see.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop

from tracking.event_kinds import Actor, EventKind
from tracking.events.inbox import OWN_LINKS
from tracking.models import Event

TRAP_DETAIL = gettext_noop("the hidden link")
TOO_SOON = dt.timedelta(seconds=2)
"""No person reads a message so soon after it was sent."""
TOO_MANY_LINKS = 3
"""No person follows so many different links within TOGETHER."""
TOGETHER = dt.timedelta(seconds=2)


class Visit(NamedTuple):
    """An open or a click, with the fields that the comparison needs."""

    at: dt.datetime
    last_at: dt.datetime
    url: str
    is_trap: bool

    def is_near(self, moment: dt.datetime, window: dt.timedelta) -> bool:
        """Whether its first or last time lies within the window around the moment."""
        return abs(self.at - moment) <= window or abs(self.last_at - moment) <= window


@dataclass(frozen=True, slots=True)
class Company:
    """The opens and clicks of one message around the same time."""

    visits: tuple[Visit, ...]

    def is_scanner(self, event: Event) -> bool:
        """Whether this event is part of a scanner's visit."""
        window = dt.timedelta(seconds=settings.SCANNER_SECONDS)
        if any(v.is_trap and v.is_near(event.received_at, window) for v in self.visits):
            return True
        near = {v.url for v in self.visits if abs(v.at - event.received_at) <= TOGETHER and v.url}
        return event.kind == EventKind.CLICKED and len(near) >= TOO_MANY_LINKS


def companies(events: Collection[Event]) -> dict[int, Company]:
    """By SubTask, the opens and clicks by its own links around these events; {} when none need
    review."""
    own = [event for event in events if is_reviewed(event)]
    if not own:
        return {}
    window = dt.timedelta(seconds=settings.SCANNER_SECONDS)
    rows = Event.objects.filter(
        subtask__in={event.subtask_id for event in own},
        kind=EventKind.CLICKED,
        source__in=OWN_LINKS,
        received_at__lte=max(event.received_at for event in own) + window,
    ).annotate(until=Coalesce("last_at", "received_at"))
    rows = rows.filter(until__gte=min(event.received_at for event in own) - window)
    found: dict[int, list[Visit]] = defaultdict(list)
    columns = ("subtask_id", "received_at", "until", "url", "detail")
    for pk, at, last_at, url, detail in rows.values_list(*columns):
        found[pk].append(Visit(at, last_at, url, detail == TRAP_DETAIL))
    return {pk: Company(tuple(visits)) for pk, visits in found.items()}


def is_reviewed(event: Event) -> bool:
    """Whether it is a visit by our own links that looks like a person's."""
    return (
        settings.SCANNER_SECONDS > 0
        and event.source in OWN_LINKS
        and event.actor != Actor.MACHINE
        and event.subtask_id is not None
    )


def actor_of(event: Event, company: Mapping[int, Company], sent_at: dt.datetime | None) -> Actor:
    """The actor, given the other visits. Proxies fetch at once without a person reading."""
    if not is_reviewed(event):
        return Actor(event.actor)
    if event.kind == EventKind.CLICKED and sent_at and event.received_at - sent_at < TOO_SOON:
        return Actor.MACHINE
    around = company.get(event.subtask_id)  # type: ignore[arg-type]  # reviewed ones have one
    if around and around.is_scanner(event):
        return Actor.MACHINE
    return Actor(event.actor)
