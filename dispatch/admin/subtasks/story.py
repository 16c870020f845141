"""What happened to a SubTask, in the order it happened: its own times, hand-overs, decisions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.utils import formats, timezone

from campaigns.models import FailureReason, SubTask
from dispatch.models import Attempt, Decision

TIMES = (
    ("created_at", "Made by the launch"),
    ("allocated_at", "Reserved for a service"),
    ("in_doubt_since", "In doubt"),
    ("delivered_at", "Delivered"),
    ("bounced_at", "Bounced"),
    ("opened_at", "Opened"),
    ("clicked_at", "Clicked"),
)


class Event(NamedTuple):
    at: dt.datetime
    what: str
    who: str = ""
    detail: str = ""


def story_of(subtask: SubTask) -> dict[str, Any]:
    """A table for unfold's component."""
    events = sorted([*_times(subtask), *_attempts(subtask), *_decisions(subtask)])
    return {
        "headers": ["When", "What", "Service or person", "Reply"],
        "rows": [
            [_to_the_second(event.at), event.what, event.who, event.detail] for event in events
        ],
    }


def _to_the_second(at: dt.datetime) -> str:
    """In the language of who reads it. To the millisecond they are in the list of attempts."""
    local = timezone.localtime(at)
    return f"{formats.date_format(local, 'DATE_FORMAT')}, {formats.time_format(local, 'H:i:s')}"


def _times(subtask: SubTask) -> Iterator[Event]:
    for name, what in TIMES:
        if at := getattr(subtask, name):
            yield Event(at, what)
    if subtask.failed_at and subtask.failure_reason == FailureReason.CANCELLED:
        yield Event(subtask.failed_at, "Cancelled")
    elif subtask.failed_at:
        yield Event(subtask.failed_at, "Failed", detail=subtask.get_failure_reason_display())


def _attempts(subtask: SubTask) -> Iterator[Event]:
    for attempt in Attempt.objects.filter(subtask=subtask).select_related("service"):
        at = attempt.started_at or attempt.finished_at
        reply = f"{attempt.code or ''} {attempt.reply}".strip()
        yield Event(
            at, f"Handed over: {attempt.get_outcome_display().lower()}", str(attempt.service), reply
        )


def _decisions(subtask: SubTask) -> Iterator[Event]:
    for decision in Decision.objects.filter(subtask=subtask).select_related("user"):
        what = f"Decided: {decision.get_choice_display().lower()}"
        yield Event(decision.decided_at, what, str(decision.user))
