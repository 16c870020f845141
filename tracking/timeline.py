"""Everything that was sent to a person, and what came of it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.utils.translation import gettext

from admin_kit.words.listing import headed
from admin_kit.words.stored_texts import shown
from campaigns.models import Contact, SubTask, SubTaskStatus, Task
from campaigns.models.ab_test import UNTIL_RELEASED
from tracking.event_kinds import EventKind
from tracking.models import Event, EventState

MESSAGES = 10
"""On a page."""
MOST_PAGES = 500
MOST_TASKS = 2_000
"""Newer tasks of an owner hide older ones from the timeline."""
MOST_EVENTS = 30
"""Shown of a message, the newest."""
WAITING = (SubTaskStatus.PENDING, SubTaskStatus.ALLOCATED, SubTaskStatus.SENDING)
COLOURS = {
    EventKind.DELIVERED: "success",
    EventKind.OPENED: "success",
    EventKind.CLICKED: "success",
    EventKind.DEFERRED: "warning",
    EventKind.SOFT_BOUNCED: "warning",
    EventKind.HARD_BOUNCED: "danger",
    EventKind.REJECTED: "danger",
    EventKind.COMPLAINED: "danger",
    EventKind.UNSUBSCRIBED: "warning",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. `by` says whether a person or a machine did it; "" for servers."""

    at: dt.datetime | None
    what: str
    by: str = ""
    link: str = ""
    colour: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Message:
    subtask: SubTask
    task: Task
    lines: list[Line] = field(default_factory=list)
    more: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of messages, newest first. `older` and `newer` are numbers of pages, 0 for none."""

    messages: list[Message]
    newer: int
    older: int


def timeline_of(contact: Contact, page: int = 1) -> Timeline:
    """Of the messages of the owner's tasks. Three queries."""
    page = min(max(page, 1), MOST_PAGES)
    first = (page - 1) * MESSAGES
    found = list(_messages_to(contact)[first : first + MESSAGES + 1])
    shown = found[:MESSAGES]
    events = _events_of(shown)
    messages = [_message(subtask, events[subtask.pk]) for subtask in shown]
    return Timeline(messages, page - 1, page + 1 if len(found) > MESSAGES else 0)


def _messages_to(contact: Contact) -> QuerySet[SubTask]:
    """By the keys of the tasks: so index subtask_recipient_once finds each."""
    tasks = Task.objects.filter(owner=contact.owner_id, launched_at__isnull=False)
    keys = list(tasks.order_by("-pk").values_list("pk", flat=True)[:MOST_TASKS])
    messages = SubTask.objects.filter(task__in=keys, recipient_email=contact.email)
    return messages.select_related("task").defer("variables").order_by("-pk")


def _events_of(subtasks: list[SubTask]) -> dict[int, list[Event]]:
    """By message, the newest first; one more than is shown. Uses index event_subtask."""
    found: dict[int, list[Event]] = defaultdict(list)
    keys = [subtask.pk for subtask in subtasks]
    events = Event.objects.filter(subtask__in=keys, state=EventState.APPLIED).defer("raw")
    for event in events.order_by("-pk")[: len(keys) * (MOST_EVENTS + 1)]:
        if event.subtask_id and len(found[event.subtask_id]) <= MOST_EVENTS:
            found[event.subtask_id].append(event)
    return found


def _message(subtask: SubTask, events: list[Event]) -> Message:
    lines = [
        Line(
            event.occurred_at or event.received_at,
            _words(event),
            event.by,
            event.url,
            COLOURS.get(EventKind(event.kind), ""),
            event.times,
        )
        for event in events[:MOST_EVENTS]
    ]
    lines += _own_lines(subtask, {event.kind for event in events})
    return Message(subtask, subtask.task, lines, len(events) > MOST_EVENTS)


def _words(event: Event) -> str:
    """With what was chosen on the page of the subscription: those words are ours."""
    kind = str(event.get_kind_display())
    return headed(kind, shown(event.detail)) if event.kind == EventKind.PREFERENCES else kind


def _own_lines(subtask: SubTask, told: set[str]) -> list[Line]:
    """What the message itself knows, and no event tells."""
    lines = []
    if subtask.failed_at:
        why = str(subtask.get_failure_reason_display())
        lines.append(Line(subtask.failed_at, why, colour="danger"))
    if subtask.bounced_at and not told & {EventKind.HARD_BOUNCED, EventKind.SOFT_BOUNCED}:
        lines.append(Line(subtask.bounced_at, gettext("Bounced"), colour="danger"))
    if subtask.delivered_at and EventKind.DELIVERED not in told:
        lines.append(Line(subtask.delivered_at, gettext("Delivered"), colour="success"))
    if subtask.sent_at:
        lines.append(Line(subtask.sent_at, gettext("Sent"), colour="primary"))
    elif subtask.in_doubt_since:
        lines.append(
            Line(subtask.in_doubt_since, gettext("Handed over, no reply"), colour="warning")
        )
    elif subtask.status in WAITING and subtask.available_at == UNTIL_RELEASED:
        lines.append(
            Line(subtask.created_at, gettext("Waits for the result of an A/B test"), colour="info")
        )
    elif subtask.status in WAITING:
        lines.append(Line(subtask.available_at, gettext("Not sent yet"), colour="info"))
    return lines
