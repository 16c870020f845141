"""Granting: what a service may start next, claimed for it, in the transaction of the tick.

Under the service's Pace lock, m = min(slots due, quota left, room on the connections); at most m
SubTasks are claimed, and what was not used is not charged. The services of a tick that turn to the
same task share one claim of it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dispatch.claiming import claims, compose, fairness
from dispatch.claiming.agenda import Agenda, ServicePlan, TaskPlan
from dispatch.claiming.deliveries import Claim, Delivery, Grant
from dispatch.models import Pace
from dispatch.pace import pace_rows
from dispatch.pace.gate import Gate


@dataclass(slots=True)
class Wish:
    """A service with its locked Pace row, what it may start, and the tasks it would serve, in
    turn.
    """

    plan: ServicePlan
    pace: Pace
    gate: Gate
    slots: list[dt.datetime]
    tasks: list[TaskPlan]
    may_repeat: bool
    claims: list[Claim] = field(default_factory=list)

    @property
    def missing(self) -> int:
        return len(self.slots) - len(self.claims)


def wishes(
    agenda: Agenda,
    locked: Mapping[int, Pace],
    room: Mapping[int, int],
    gates: Mapping[int, Gate],
    now: dt.datetime,
) -> list[Wish]:
    """The locked services that may start something now, given how much room (messages) this
    dispatcher has for each.
    """
    served = fairness.last_served(locked, agenda.tasks)
    found = []
    for service_id, pace in locked.items():
        plan = agenda.services.get(service_id)
        if plan is None or not room.get(service_id) or pace_rows.is_frozen(pace, now):
            continue
        gate = gates[service_id]
        if gate.limits.since != pace.limits_changed_at:
            continue  # the limits were changed, and this dispatcher has yet to read the new ones
        left = pace_rows.quota_left(pace, gate.limits, now)
        at_most = room[service_id] if left is None else min(room[service_id], left)
        if slots := gate.slots(pace.next_send_at, now, at_most):
            tasks = fairness.in_turn(agenda.tasks_for(service_id, now), served[service_id])
            may_repeat = service_id in agenda.doubtful
            found.append(Wish(plan, pace, gate, slots, tasks, may_repeat))
    return found


def fulfil(
    wished: list[Wish], dispatcher_id: int, now: dt.datetime
) -> tuple[list[list[Delivery]], set[int]]:
    """Claim for these services, what may be repeated first, charge what was claimed and note the
    turns. Changes the quota in the Pace rows, does not save them.

    Returns the deliveries, a list per service that got any, and the ids of the tasks that had less
    than was asked for.
    """
    token = uuid.uuid4()
    dry: set[int] = set()
    for wish in wished:
        if wish.may_repeat:
            window = wish.plan.repeat_window
            wish.claims += claims.repeat(wish.plan.id, window, wish.missing, token, dispatcher_id)
    while asked := _ask(wished, dry):
        for task_id, askers in asked.items():
            wanted = sum(wish.missing for wish in askers)
            found = claims.lock_claimable(task_id, wanted)
            if len(found) < wanted:
                dry.add(task_id)
            claims.take(_deal(found, askers), token, dispatcher_id)
    granted = [wish for wish in wished if wish.claims]
    had_choice = [wish for wish in granted if len(wish.tasks) > 1]
    fairness.record(
        ((wish.plan.id, claim.task_id) for wish in had_choice for claim in wish.claims), now
    )
    return [_grant(wish, token, now) for wish in granted], dry


def _ask(wished: Iterable[Wish], dry: set[int]) -> dict[int, list[Wish]]:
    """Which task each service that still misses something turns to next."""
    asked: dict[int, list[Wish]] = defaultdict(list)
    for wish in wished:
        task = next((task for task in wish.tasks if task.id not in dry), None)
        if task is not None and wish.missing:
            asked[task.id].append(wish)
    return asked


def _deal(found: list[Claim], askers: list[Wish]) -> list[tuple[Claim, int]]:
    """Deal claims out to the services, one each in turn."""
    dealt: list[tuple[Claim, int]] = []
    remaining = iter(found)
    while any(wish.missing for wish in askers):
        for wish in askers:
            if not wish.missing:
                continue
            claim = next(remaining, None)
            if claim is None:
                return dealt
            wish.claims.append(claim)
            dealt.append((claim, wish.plan.id))
    return dealt


def _grant(wish: Wish, token: uuid.UUID, now: dt.datetime) -> list[Delivery]:
    limits = wish.gate.limits
    pace_rows.charge(wish.pace, limits, now, len(wish.claims))
    grant = Grant(wish.plan.id, token, wish.gate, *limits.period(now))
    return [
        Delivery(claim, grant, slot, compose.frozen_content(claim.content_id))
        for claim, slot in zip(wish.claims, wish.slots, strict=False)
    ]
