"""The transitions of a task's status: the one table of what may follow what.

`campaigns.state.lifecycle` takes these steps, and the admin offers those that are possible.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy

from campaigns.models import Task, TaskStatus

T = TaskStatus


class Transition(NamedTuple):
    """From any of `start`; with no `end` the task stays what it is. `participle` is what a task in
    another state cannot be.
    """

    start: tuple[TaskStatus, ...]
    end: TaskStatus | None
    participle: Promise


TRANSITIONS: Mapping[str, Transition] = {
    # Staff
    "launch": Transition((T.DRAFT, T.SCHEDULED), T.QUEUED, pgettext_lazy("cannot be", "launched")),
    "schedule": Transition(
        (T.DRAFT, T.SCHEDULED), T.SCHEDULED, pgettext_lazy("cannot be", "scheduled")
    ),
    "unschedule": Transition(
        (T.SCHEDULED,), T.DRAFT, pgettext_lazy("cannot be", "taken off the schedule")
    ),
    "pause": Transition((T.SENDING,), T.PAUSED, pgettext_lazy("cannot be", "paused")),
    "resume": Transition((T.PAUSED,), T.SENDING, pgettext_lazy("cannot be", "resumed")),
    "cancel": Transition(
        (T.SCHEDULED, T.QUEUED, T.SENDING, T.PAUSED),
        T.CANCELLED,
        pgettext_lazy("cannot be", "cancelled"),
    ),
    "retry_failed": Transition(
        (T.SENDING, T.PAUSED, T.COMPLETED), None, pgettext_lazy("cannot be", "retried")
    ),
    "reopen": Transition((T.COMPLETED,), T.SENDING, pgettext_lazy("cannot be", "reopened")),
    # Time
    "launch_due": Transition((T.SCHEDULED,), T.QUEUED, pgettext_lazy("cannot be", "launched")),
    "start_sending": Transition((T.QUEUED,), T.SENDING, pgettext_lazy("cannot be", "sent")),
    "back_to_draft": Transition(
        (T.SCHEDULED, T.QUEUED), T.DRAFT, pgettext_lazy("cannot be", "made a draft")
    ),
    "complete": Transition((T.SENDING,), T.COMPLETED, pgettext_lazy("cannot be", "completed")),
}


def move(task_ids: Collection[int], name: str, **values: Any) -> int:
    """Take a step with those of these tasks that may, and set other fields. Returns how many."""
    step = TRANSITIONS[name]
    if step.end is None:
        raise AssertionError(f"{name} leaves a task what it is")
    tasks = Task.objects.filter(pk__in=task_ids, status__in=step.start)
    return tasks.update(status=step.end, **values)


def why_not(task: Task, name: str) -> str:
    """Why a task, as it was read, cannot take a step; "" when it can."""
    step = TRANSITIONS[name]
    if task.status in step.start:
        return ""
    status = gettext("a draft") if task.status == T.DRAFT else task.get_status_display().lower()
    return gettext("“%(task)s” is %(status)s and cannot be %(participle)s.") % {
        "task": task,
        "status": status,
        "participle": step.participle,
    }
