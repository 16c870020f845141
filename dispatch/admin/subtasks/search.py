"""Finding SubTasks among millions, by what there are indexes for."""

from __future__ import annotations

from addressing.addresses import AddressError, normalise
from admin_kit.base import Visitor
from campaigns.models import SubTask, Task

MOST_FOUND = 1_000


def own_task_ids(user: Visitor) -> list[int]:
    """The keys of the tasks a user may see, as values: with a subquery the planner would not walk
    the index on (task, recipient).
    """
    return list(Task.objects.visible_to(user).order_by().values_list("pk", flat=True))


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
