"""Finding SubTasks among millions, by what there are indexes for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Sum
from django.http import QueryDict

from addressing.addresses import AddressError, normalise
from admin_kit.base import Visitor
from campaigns.models import FailureReason, SubTask, SubTaskStatus, Tally, Task, TaskStatus

MOST_FOUND = 1_000


def own_task_ids(user: Visitor) -> list[int]:
    """The keys of the tasks a user may see, as values: with a subquery the planner would not walk
    the index on (task, recipient).
    """
    return list(Task.objects.visible_to(user).order_by().values_list("pk", flat=True))


STATES: Mapping[str, Collection[str]] = {
    "status": SubTaskStatus.values,
    "failure_reason": FailureReason.values,
}
"""What a list may be asked for that tallies count, by their values."""


def states_asked(asked: QueryDict) -> dict[str, Any]:
    """Of the parameters of a list, as a condition of tallies. One that is given several times asks
    for any of its values."""
    given = {field: asked.getlist(f"{field}__exact") for field in STATES}
    found: dict[str, Any] = {
        f"{field}__in": values
        for field, values in given.items()
        if values and all(value in STATES[field] for value in values)
    }
    return found if asked.get("in_doubt") != "yes" else {**found, "in_doubt": True}


def unfinished_task_ids() -> list[int]:
    """The keys of all tasks in which a message may wait or be under way."""
    tasks = Task.objects.exclude(status__in=(TaskStatus.DRAFT, TaskStatus.COMPLETED))
    return list(tasks.order_by().values_list("pk", flat=True))


def tasks_with(states: Mapping[str, Any], task_ids: Collection[int]) -> list[int]:
    """The keys of those that have messages in such a state.

    Where a list ends after a page, the planner walks its order until that is full, and cannot tell
    that all that waits is in an old campaign, behind all that newer ones have sent.
    """
    tallies = Tally.objects.filter(task_id__in=task_ids, **states)
    counts = tallies.values("task_id").annotate(n=Sum("count")).filter(n__gt=0)
    return list(counts.values_list("task_id", flat=True))


def subtasks_to(address: str, user: Visitor) -> list[int]:
    """The keys of a recipient's SubTasks, the newest MOST_FOUND.

    The unique index on (task, recipient) finds them once per task; together with the order and the
    limit of a list the planner would rather walk the whole table.
    """
    found = SubTask.objects.filter(
        task__in=Task.objects.visible_to(user), recipient_email=_stored_form(address)
    )
    return sorted(found.values_list("pk", flat=True), reverse=True)[:MOST_FOUND]


def _stored_form(address: str) -> str:
    try:
        return normalise(address)
    except AddressError:
        return address.strip().lower()
