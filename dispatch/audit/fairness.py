"""Guarantee 6: owners take turns, then an owner's tasks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from campaigns.models import Task
from dispatch.audit.result import MOST_NAMED, AuditResult, one, rows
from dispatch.claiming import agenda
from dispatch.claiming.agenda import TaskPlan

GRACE_SECONDS = 60.0
ROUNDS = 10
"""An owner who waits longer than this, and than so many rounds of all who are served, was passed
over.
"""

LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)

TURNS_SQL = """
SELECT n.service_id, n.task_id, t.owner_id, t.priority, n.served_at
FROM dispatch_turn n JOIN campaigns_task t ON t.id = n.task_id
"""
TAKEN_SQL = (
    "SELECT count(*), count(DISTINCT service_id), count(DISTINCT task_id) FROM dispatch_turn"
)


@dataclass(frozen=True, slots=True)
class Served:
    """A task that a service has served, and when it last did."""

    task_id: int
    owner_id: int
    priority: int
    at: dt.datetime


def fair() -> AuditResult:
    turns, services, tasks = one(TAKEN_SQL)
    return AuditResult(
        "6 fair",
        f"{services} services took turns between {tasks} tasks ({turns} pairs)",
        _passed_over()[:MOST_NAMED],
    )


def _passed_over() -> list[str]:
    """The tasks that could have been sent all the time, by what the dispatchers go by, while a
    service went on serving those whose turn it was not.
    """
    plan = agenda.read()
    served: dict[int, list[Served]] = {service_id: [] for service_id in plan.services}
    for service_id, *row in rows(TURNS_SQL):
        if service_id in served:
            served[service_id].append(Served(*row))
    moved = _last_moved(plan.tasks)
    found = []
    for task in plan.tasks.values():
        ready = max(task.available_at, moved[task.id])
        for service_id in task.service_ids:
            service, others = plan.services[service_id], served[service_id]
            waited = max(_for_owners(task, others, ready), _for_siblings(task, others, ready))
            round_seconds = max(service.limits.interval.total_seconds(), 1.0) * len(others)
            if waited.total_seconds() > GRACE_SECONDS + ROUNDS * round_seconds:
                seconds = waited.total_seconds()
                found.append(
                    f"task {task.id} waited {seconds:.0f} s while {service.name} served others"
                )
    return found


def _for_owners(task: TaskPlan, served: Iterable[Served], ready: dt.datetime) -> dt.timedelta:
    """How long other owners were served since it was this one's turn."""
    mine = max((each.at for each in served if each.owner_id == task.owner_id), default=LONG_AGO)
    others = max((each.at for each in served if each.owner_id != task.owner_id), default=LONG_AGO)
    return others - max(mine, ready)


def _for_siblings(task: TaskPlan, served: Iterable[Served], ready: dt.datetime) -> dt.timedelta:
    """How long tasks of the same owner were served that have no priority over this one."""
    mine = max((each.at for each in served if each.task_id == task.id), default=LONG_AGO)
    siblings = [
        each.at
        for each in served
        if each.owner_id == task.owner_id
        and each.task_id != task.id
        and each.priority <= task.priority
    ]
    return max(siblings, default=LONG_AGO) - max(mine, ready)


def _last_moved(task_ids: Iterable[int]) -> dict[int, dt.datetime]:
    """Since when each of these tasks is being sent."""
    tasks = Task.objects.filter(pk__in=list(task_ids))
    return {
        pk: max(filter(None, moments), default=LONG_AGO)
        for pk, *moments in tasks.values_list("pk", "started_at", "resumed_at")
    }
