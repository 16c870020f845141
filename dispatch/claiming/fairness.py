"""Whose turn it is: owners take turns, then an owner's tasks by priority and turn. Per service, in
the database.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable

from dispatch.claiming.agenda import TaskPlan
from dispatch.models import Turn

NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
LastServed = dict[int, dict[int, dt.datetime]]


def last_served(service_ids: Collection[int], task_ids: Collection[int]) -> LastServed:
    """When each of these services last served each of these tasks; not asked while there is but
    one. Call with the services' Pace rows locked.
    """
    served: LastServed = defaultdict(dict)
    if len(task_ids) < 2:
        return served
    turns = Turn.objects.filter(service__in=service_ids, task_id__in=task_ids)
    for service_id, task_id, at in turns.values_list("service_id", "task_id", "served_at"):
        served[service_id][task_id] = at
    return served


def in_turn(tasks: Iterable[TaskPlan], served: dict[int, dt.datetime]) -> list[TaskPlan]:
    """The tasks in the order in which a service serves them.

    The owner who was served longest ago comes first; among an owner's tasks the higher priority,
    then the one served longest ago.
    """
    by_owner: dict[int, list[TaskPlan]] = defaultdict(list)
    for task in tasks:
        by_owner[task.owner_id].append(task)
    owners = sorted(
        by_owner.values(),
        key=lambda plans: (max(served.get(task.id, NEVER) for task in plans), plans[0].owner_id),
    )
    return [
        task
        for plans in owners
        for task in sorted(
            plans, key=lambda task: (-task.priority, served.get(task.id, NEVER), task.id)
        )
    ]


def record(turns: Iterable[tuple[int, int]], now: dt.datetime) -> None:
    """Note that these (service, task) pairs were served now. Call with the services' Pace rows
    locked.
    """
    rows = [
        Turn(service_id=service, task_id=task, served_at=now)
        for service, task in sorted(set(turns))
    ]
    if rows:
        Turn.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["service", "task_id"],
            update_fields=["served_at"],
        )
