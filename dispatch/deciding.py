"""The decision about more messages in doubt than a request may settle, in the cluster."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.translation import gettext_noop

from admin_kit.words import stored_texts
from campaigns.models import OperationKind, SubTask
from campaigns.state import bulk
from campaigns.state.bulk import step
from dispatch.decisions import decide
from dispatch.doubts import doubts, tasks_in_doubt
from dispatch.models import DecisionChoice

__all__ = ["DECIDE", "step"]

DECIDE = "campaigns.decide_subtask"


def in_doubt_until(at: dt.datetime) -> Q:
    return Q(in_doubt_since__lte=at)


def _in_doubt_in_all(user: User, chosen: bulk.Selection) -> int:
    """By index subtask_in_doubt. Of a group with those of others, which it costs more to tell."""
    found = SubTask.objects.filter(in_doubt_until(chosen.at))
    if chosen.service_id is not None:
        found = found.filter(service=chosen.service_id)
    tasks = tasks_in_doubt(user, chosen.task_id)
    return (found if tasks is None else found.filter(task__in=tasks)).count()


def _next_in_doubt(user: User, chosen: bulk.Selection, after: Sequence[int]) -> bulk.Piece | None:
    about = {"task_id": chosen.task_id, "service_id": chosen.service_id}
    found = doubts(user, chosen.at, bulk.PIECE, after, **about)
    if not found:
        return None
    ids = [each.id for each in found if chosen.group in ("", each.key)]
    return bulk.Piece(ids, len(found), (found[-1].task_id, found[-1].id))


def _decision(choice: DecisionChoice) -> bulk.Deed:
    with stored_texts.in_english():
        entry = gettext_noop("Decided: %(reason)s.") % {"reason": choice.label}

    def settle(ids: Sequence[int], user: User) -> bulk.Changed:
        return bulk.Changed(decide(ids, choice, user), {})

    return bulk.Deed(
        OperationKind.DECIDE_DOUBTS,
        DECIDE,
        entry,
        in_doubt_until,
        _in_doubt_in_all,
        _next_in_doubt,
        settle,
    )


bulk.DEEDS.update({choice.value: _decision(choice) for choice in DecisionChoice})
