"""What happened to a SubTask, in the order it happened: its own times, hand-overs, decisions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.words.moments import to_the_second
from admin_kit.words.stored_texts import shown_reply
from campaigns.models import FailureReason, SubTask
from dispatch.models import Attempt, Decision
from tracking.event_kinds import EventKind

TIMES = (
    ("created_at", _("Made by the launch")),
    ("in_doubt_since", _("In doubt")),
)
OUTCOMES = (
    (EventKind.DELIVERED, "delivered_at", _("Delivered")),
    (EventKind.HARD_BOUNCED, "bounced_at", _("Bounced")),
    (EventKind.OPENED, "opened_at", _("Opened")),
    (EventKind.CLICKED, "clicked_at", _("Clicked")),
)


class Event(NamedTuple):
    at: dt.datetime
    what: str
    who: str = ""
    detail: str = ""


def story_of(subtask: SubTask, told: Collection[str] = ()) -> dict[str, Any]:
    """A table for unfold's component, without the kinds of events that are told beside it."""
    attempts = list(_attempts(subtask))
    own = [*_times(subtask, attempts), *_outcomes(subtask, told)]
    events = sorted([*own, *attempts, *_decisions(subtask)])
    return {
        "headers": [
            gettext("When"),
            gettext("What"),
            gettext("Service or person"),
            gettext("Reply"),
        ],
        "rows": [
            [to_the_second(event.at), event.what, event.who, event.detail] for event in events
        ],
    }


def _times(subtask: SubTask, attempts: Collection[Event]) -> Iterator[Event]:
    at = subtask.allocated_at
    if at and not any(each.at >= at for each in attempts):  # else the hand-over says it
        yield Event(at, gettext("Reserved for a service"), str(subtask.service or ""))
    for name, what in TIMES:
        if at := getattr(subtask, name):
            yield Event(at, str(what))
    if subtask.failed_at and subtask.failure_reason == FailureReason.CANCELLED:
        yield Event(subtask.failed_at, gettext("Cancelled"))
    elif subtask.failed_at:
        yield Event(
            subtask.failed_at, gettext("Failed"), detail=subtask.get_failure_reason_display()
        )


def _outcomes(subtask: SubTask, told: Collection[str]) -> Iterator[Event]:
    for kind, name, what in OUTCOMES:
        if kind not in told and (at := getattr(subtask, name)):
            yield Event(at, str(what))


def _attempts(subtask: SubTask) -> Iterator[Event]:
    for attempt in Attempt.objects.filter(subtask=subtask).select_related("service"):
        at = attempt.started_at or attempt.finished_at
        reply = f"{attempt.code or ''} {shown_reply(attempt.reply)}".strip()
        yield Event(
            at,
            gettext("Handed over: %(what)s") % {"what": attempt.get_outcome_display().lower()},
            str(attempt.service),
            reply,
        )


def _decisions(subtask: SubTask) -> Iterator[Event]:
    for decision in Decision.objects.filter(subtask=subtask).select_related("user"):
        what = gettext("Decided: %(what)s") % {"what": decision.get_choice_display().lower()}
        yield Event(decision.decided_at, what, str(decision.user))
