"""Grant slots to services and claim SubTasks for them, in the transaction of the tick.

Under the service's Pace lock, m = min(slots due, quota left, capacity of the connections); at most
m SubTasks are claimed, and what was not used is not charged. The services of a tick that turn to
the same task share one claim of it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dispatch.claiming import claims, compose, fairness
from dispatch.claiming.agenda import Agenda, ServicePlan, TaskPlan
from dispatch.claiming.attached import attached_to
from dispatch.claiming.deliveries import Claim, Delivery, Grant
from dispatch.models import Pace
from dispatch.pace import pace_rows
from dispatch.pace.gate import Gate


@dataclass(slots=True)
class GrantRequest:
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


def grant_requests(
    agenda: Agenda,
    locked: Mapping[int, Pace],
    capacity: Mapping[int, int],
    gates: Mapping[int, Gate],
    now: dt.datetime,
) -> list[GrantRequest]:
    """The locked services that may start something now, given how much capacity (messages) this
    dispatcher has for each.
    """
    served = fairness.last_served(locked, agenda.tasks)
    found = []
    for service_id, pace in locked.items():
        plan = agenda.services.get(service_id)
        if plan is None or not capacity.get(service_id) or pace_rows.is_frozen(pace, now):
            continue
        gate = gates[service_id]
        if gate.limits.since != pace.limits_changed_at:
            continue  # the limits were changed, and this dispatcher has yet to read the new ones
        left = pace_rows.quota_left(pace, gate.limits, now)
        at_most = capacity[service_id] if left is None else min(capacity[service_id], left)
        if slots := gate.slots(pace.next_send_at, now, at_most):
            tasks = fairness.in_turn(agenda.tasks_for(service_id, now), served[service_id])
            may_repeat = service_id in agenda.in_doubt
            found.append(GrantRequest(plan, pace, gate, slots, tasks, may_repeat))
    return found


def fulfil(
    requests: list[GrantRequest], dispatcher_id: int, now: dt.datetime
) -> tuple[list[list[Delivery]], set[int]]:
    """Claim for these services, what may be repeated first, charge what was claimed and note the
    turns. Changes the quota in the Pace rows, does not save them.

    Returns the deliveries, a list per service that got any, and the ids of the tasks that had less
    than was requested.
    """
    token = uuid.uuid4()
    exhausted_tasks: set[int] = set()
    for request in requests:
        if request.may_repeat:
            window = request.plan.repeat_window
            request.claims += claims.repeat(
                request.plan.id, window, request.missing, token, dispatcher_id
            )
    while requested := _by_task(requests, exhausted_tasks):
        for task_id, of_task in requested.items():
            wanted = sum(request.missing for request in of_task)
            found = claims.lock_claimable(task_id, wanted)
            if len(found) < wanted:
                exhausted_tasks.add(task_id)
            claims.take(_deal(found, of_task), token, dispatcher_id)
    granted = [request for request in requests if request.claims]
    had_choice = [request for request in granted if len(request.tasks) > 1]
    fairness.record(
        ((request.plan.id, claim.task_id) for request in had_choice for claim in request.claims),
        now,
    )
    return [_grant(request, token, now) for request in granted], exhausted_tasks


def _by_task(
    requests: Iterable[GrantRequest], exhausted_tasks: set[int]
) -> dict[int, list[GrantRequest]]:
    """Which task each service that still misses something turns to next."""
    by_task: dict[int, list[GrantRequest]] = defaultdict(list)
    for request in requests:
        task = next((task for task in request.tasks if task.id not in exhausted_tasks), None)
        if task is not None and request.missing:
            by_task[task.id].append(request)
    return by_task


def _deal(found: list[Claim], requests: list[GrantRequest]) -> list[tuple[Claim, int]]:
    """Deal claims out to the services, one each in turn."""
    dealt: list[tuple[Claim, int]] = []
    remaining = iter(found)
    while any(request.missing for request in requests):
        for request in requests:
            if not request.missing:
                continue
            claim = next(remaining, None)
            if claim is None:
                return dealt
            request.claims.append(claim)
            dealt.append((claim, request.plan.id))
    return dealt


def _grant(request: GrantRequest, token: uuid.UUID, now: dt.datetime) -> list[Delivery]:
    limits = request.gate.limits
    pace_rows.charge(request.pace, limits, now, len(request.claims))
    grant = Grant(request.plan.id, token, request.gate, *limits.period(now))
    return [
        _delivery(claim, grant, slot)
        for claim, slot in zip(request.claims, request.slots, strict=False)
    ]


def _delivery(claim: Claim, grant: Grant, slot: dt.datetime) -> Delivery:
    content = compose.frozen_content(claim.content_id)
    return Delivery(claim, grant, slot, content, attached=attached_to(content))
