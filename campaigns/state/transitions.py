"""The transitions of a task's status: the one table of what may follow what.

`campaigns.state.lifecycle` takes these steps, and the admin offers those that are possible.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from campaigns.models import Task, TaskStatus

T = TaskStatus


class Transition(NamedTuple):
    """From any of `start`; with no `end` the task stays what it is. `participle` is what a task in
    another state cannot be.
    """

    start: tuple[TaskStatus, ...]
    end: TaskStatus | None
    participle: str


TRANSITIONS: Mapping[str, Transition] = {
    # Staff
    "launch": Transition((T.DRAFT, T.SCHEDULED), T.QUEUED, "launched"),
    "schedule": Transition((T.DRAFT, T.SCHEDULED), T.SCHEDULED, "scheduled"),
    "unschedule": Transition((T.SCHEDULED,), T.DRAFT, "taken off the schedule"),
    "pause": Transition((T.SENDING,), T.PAUSED, "paused"),
    "resume": Transition((T.PAUSED,), T.SENDING, "resumed"),
    "cancel": Transition((T.SCHEDULED, T.QUEUED, T.SENDING, T.PAUSED), T.CANCELLED, "cancelled"),
    "retry_failed": Transition((T.SENDING, T.PAUSED, T.COMPLETED), None, "retried"),
    "reopen": Transition((T.COMPLETED,), T.SENDING, "reopened"),
    # Time
    "launch_due": Transition((T.SCHEDULED,), T.QUEUED, "launched"),
    "start_sending": Transition((T.QUEUED,), T.SENDING, "sent"),
    "back_to_draft": Transition((T.SCHEDULED, T.QUEUED), T.DRAFT, "made a draft"),
    "complete": Transition((T.SENDING,), T.COMPLETED, "completed"),
}


def move(task_ids: Collection[int], name: str, **values: Any) -> int:
    """Take a step with those of these tasks that may, and set other fields. Returns how many."""
    step = TRANSITIONS[name]
    if step.end is None:
        raise ValueError(f"{name} leaves a task what it is")
    tasks = Task.objects.filter(pk__in=task_ids, status__in=step.start)
    return tasks.update(status=step.end, **values)


def why_not(task: Task, name: str) -> str:
    """Why a task, as it was read, cannot take a step; "" when it can."""
    step = TRANSITIONS[name]
    if task.status in step.start:
        return ""
    status = "a draft" if task.status == T.DRAFT else task.get_status_display().lower()
    return f"“{task}” is {status} and cannot be {step.participle}."
