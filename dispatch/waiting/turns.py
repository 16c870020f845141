"""When a task's turn comes at a service that serves others too. Arithmetic only: the turns that
grants would give are taken one after the other, a message each.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dispatch.claiming import fairness
from dispatch.claiming.agenda import ServicePlan, TaskPlan
from dispatch.models import Pace
from dispatch.pace import openings
from dispatch.pace.openings import Hold

MOST_TURNS = 500
"""So many are looked at. Who has to wait for more waits for the end of another task."""


@dataclass(slots=True)
class Queue:
    """A service, and what it has to serve."""

    plan: ServicePlan
    pace: Pace
    tasks: list[TaskPlan]
    left: Mapping[int, int]
    """How many messages each of these tasks has still to send."""
    served: dict[int, dt.datetime]
    """When the service last served each task."""
    repeats: int = 0
    """Hand-overs in doubt that it repeats before anything else."""


@dataclass(slots=True)
class TurnAt:
    """When a service starts the next message of a task; None when that is not known."""

    service: ServicePlan
    at: dt.datetime | None
    holds: tuple[Hold, ...] = ()
    """What keeps the service from starting any message until then."""
    before: set[int] = field(default_factory=set)
    """The tasks that are served first."""


def next_turn(queue: Queue, task: TaskPlan, since: dt.datetime) -> TurnAt:
    """When the service starts the task's next message, not before `since`. Changes nothing."""
    limits, pace = queue.plan.limits, copy.copy(queue.pace)
    opening = openings.opening(pace, limits, max(since, task.available_at))
    turn = TurnAt(queue.plan, opening.at, opening.holds)
    left, served = Counter(dict(queue.left)), dict(queue.served)
    at, repeats = openings.opening(pace, limits, since).at, queue.repeats
    for _ in range(MOST_TURNS):
        if at is None:
            turn.at = None
            return turn
        available = [each for each in queue.tasks if each.available_at <= at and left[each.id] > 0]
        if repeats:
            repeats -= 1
        elif available:
            first = fairness.in_turn(available, served)[0]
            if first.id == task.id:
                turn.at = at
                return turn
            turn.before.add(first.id)
            served[first.id] = at
            left[first.id] -= 1
        else:
            at = _next_available(queue.tasks, left, at)
            at = at and openings.opening(pace, limits, at).at
            continue
        openings.start(pace, limits, at)
        at = openings.opening(pace, limits, at).at
    turn.at = None
    return turn


def _next_available(
    tasks: Iterable[TaskPlan], left: Mapping[int, int], after: dt.datetime
) -> dt.datetime | None:
    later = [task.available_at for task in tasks if left[task.id] and task.available_at > after]
    return min(later, default=None)
