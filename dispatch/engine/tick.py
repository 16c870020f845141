"""The transaction of a tick: record outcomes, mark the next messages as sending, grant slots and
claim.

One commit for every service's progress is what makes it fast; that nothing is acted upon before the
commit is what makes it safe. Lock order: the dispatcher's own row, then SubTasks by id. Task and
Pace rows, and SubTasks to claim, are passed over where they are locked: so a tick may lock Pace
rows after SubTasks, which no other transaction may.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from campaigns.models import SubTask
from campaigns.models.subtask import HELD
from campaigns.state import lifecycle, states
from campaigns.state.states import Held
from dispatch.claiming import agenda as agendas
from dispatch.claiming import connections, grants, leases
from dispatch.claiming.agenda import Agenda
from dispatch.claiming.deliveries import Delivery, LaneReport, NotStarted
from dispatch.claiming.grants import GrantRequest
from dispatch.clock import DatabaseClock
from dispatch.models import Pace
from dispatch.pace import pace_rows
from dispatch.pace.gate import Gate
from dispatch.pace.pace_rows import PaceChanges
from dispatch.results import attempts
from dispatch.results.outcomes import DeliveryResult, judge


@dataclass(frozen=True, slots=True)
class TickRequest:
    """What a dispatcher wants to have done in one tick."""

    dispatcher_id: int
    figures: dict[str, Any] | None = None
    """What the dispatcher has counted, when it is to be written again."""
    reports: Sequence[LaneReport] = ()
    """Outcomes to record: all that no commit has recorded yet."""
    mark: Sequence[Delivery] = ()
    """Deliveries whose SubTask is to become `sending`."""
    pace_changes: Mapping[int, PaceChanges] = field(default_factory=dict)
    """What earlier ticks could not write to the Pace row, by service."""
    gates: Mapping[int, Gate] = field(default_factory=dict)
    """The gate of every service that this dispatcher runs."""
    capacity: Mapping[int, int] = field(default_factory=dict)
    """How many messages may be claimed, by service."""
    lanes: Mapping[int, int] = field(default_factory=dict)
    """How many connections are wanted for these, where that is more than there are."""
    kept: Mapping[int, int] = field(default_factory=dict)
    """How many connections are still open, of services of which others have been closed."""
    agenda: Agenda | None = None
    """None: read a new one."""
    winding_up: bool = False
    """It claims nothing from now on."""
    remembered: frozenset[Held] | None = None
    """After a failed commit: the claims this dispatcher knows of; all others it holds are given
    back.
    """


class Stored(NamedTuple):
    """What a tick has put into a service's `next_send_at`, and what was there before."""

    before: dt.datetime
    after: dt.datetime


@dataclass(slots=True)
class TickResult:
    """What a tick has done."""

    clock: DatabaseClock
    agenda: Agenda
    delivery_results: list[DeliveryResult] = field(default_factory=list)
    """One for each report, in their order."""
    lost: set[int] = field(default_factory=set)
    """SubTasks of which nothing was written, as their claim was gone."""
    marked: dict[int, dt.datetime] = field(default_factory=dict)
    """When the hand-over of each SubTask that may now be handed over was first marked."""
    granted: list[list[Delivery]] = field(default_factory=list)
    """New deliveries, a list for each service that got any."""
    claim_seconds: float | None = None
    """How long granting and claiming took; None when no service could be granted anything."""
    shares: dict[int, int] = field(default_factory=dict)
    """How many connections this dispatcher has now, of the services for which it wanted more."""
    paces: dict[int, Pace] = field(default_factory=dict)
    """The Pace rows it could lock, as they are after the commit, by service."""
    stored: dict[int, Stored] = field(default_factory=dict)
    """Of the locked rows whose service this dispatcher runs."""
    unwritten: dict[int, PaceChanges] = field(default_factory=dict)
    """What there is to say of services whose Pace row could not be locked: said in the next tick.
    """
    exhausted_tasks: set[int] = field(default_factory=set)
    """Tasks that had fewer SubTasks to claim than was requested."""
    paused: set[int] = field(default_factory=set)
    """Tasks that were to be paused and are not being sent any more."""


def run(request: TickRequest) -> TickResult:
    """Apply a tick request in a single transaction. Raises LeaseLost, or OperationalError /
    InterfaceError of the database: then run it again.
    """
    with transaction.atomic():
        clock = leases.beat(request.dispatcher_id, request.figures, request.winding_up)
        result = TickResult(clock, request.agenda or agendas.read())
        if request.remembered is not None:
            _forget(request.dispatcher_id, request.remembered)
        if request.kept:
            connections.lower_shares(request.dispatcher_id, request.kept)
        result.paused = _pause(request.reports)
        pace_changes = _record(request, result)
        result.marked = states.begin_sending([delivery.held for delivery in request.mark])
        _grant(request, result, pace_changes)
    return result


def _forget(dispatcher_id: int, remembered: frozenset[Held]) -> None:
    """Give back claims of a commit whose reply was lost. Their quota stays used: at worst it is
    used up early.

    A SubTask may be remembered under an older token: it was given back and claimed again in that
    commit.
    """
    held = SubTask.objects.filter(dispatcher_id=dispatcher_id, status__in=HELD)
    forgotten = _unremembered(held, remembered)
    states.release(forgotten)
    states.doubt(forgotten)  # repeats that were claimed, not begun


def _unremembered(held: QuerySet[SubTask], remembered: frozenset[Held]) -> QuerySet[SubTask]:
    rows = held.values_list("pk", "claim_token")
    claims = {Held(pk, token) for pk, token in rows if token}
    return held.filter(pk__in=[claim.id for claim in claims - remembered])


def _pause(reports: Sequence[LaneReport]) -> set[int]:
    """Pause the tasks of which a lane says so. One whose row is locked just now is paused when its
    next message says so again.
    """
    reasons = {
        report.delivery.claim.task_id: report.outcome.pause
        for report in reports
        if isinstance(report.outcome, NotStarted) and report.outcome.pause
    }
    return lifecycle.pause_at_once(reasons) if reasons else set()


def _record(request: TickRequest, result: TickResult) -> dict[int, PaceChanges]:
    """Write the outcomes. Returns what is to be said about each service, old and new."""
    pace_changes: dict[int, PaceChanges] = defaultdict(PaceChanges)
    for service_id, old in request.pace_changes.items():
        pace_changes[service_id].add(old)
    result.delivery_results = [judge(report) for report in request.reports]
    changed = states.settle(each.settlement for each in result.delivery_results)
    for each in result.delivery_results:
        of_service = pace_changes[each.report.delivery.grant.service_id]
        if each.settlement.id not in changed:
            result.lost.add(each.settlement.id)
            continue
        of_service.succeeded |= each.succeeded
        of_service.failures += each.failed
        of_service.freeze = each.freeze or of_service.freeze
        if not each.report.started:
            of_service.quota_back[each.report.delivery.grant.period_start] += 1
    attempts.record(
        [each for each in result.delivery_results if each.settlement.id in changed],
        request.dispatcher_id,
    )
    return pace_changes


def _grant(request: TickRequest, result: TickResult, pace_changes: dict[int, PaceChanges]) -> None:
    now: dt.datetime = result.clock.reading
    unsettled = {service_id for service_id, gate in request.gates.items() if gate.is_unsettled}
    concerned = {*request.capacity, *pace_changes, *unsettled}
    locked = pace_rows.lock(concerned) if concerned else {}
    before = {service_id: pace_rows.written(pace) for service_id, pace in locked.items()}
    for service_id in list(pace_changes):
        if service_id in locked:
            pace_rows.apply(pace_changes.pop(service_id), locked[service_id], now)
    result.unwritten, result.paces = pace_changes, locked
    requests = _connected(
        request,
        result,
        grants.grant_requests(result.agenda, locked, request.capacity, request.gates, now),
    )
    if requests:
        began = time.monotonic()
        result.granted, result.exhausted_tasks = grants.fulfil(requests, request.dispatcher_id, now)
        result.claim_seconds = time.monotonic() - began
    _store_paces(request, result)
    pace_rows.save(pace for pace in locked.values() if pace_rows.written(pace) != before[pace.pk])


def _connected(
    request: TickRequest, result: TickResult, requests: list[GrantRequest]
) -> list[GrantRequest]:
    """Get these services the connections they want; leaves those that have none at all."""
    wanted = {
        each.plan.id: request.lanes[each.plan.id]
        for each in requests
        if each.plan.id in request.lanes
    }
    result.shares = connections.raise_shares(request.dispatcher_id, wanted, result.agenda.services)
    return [each for each in requests if result.shares.get(each.plan.id) != 0]


def _store_paces(request: TickRequest, result: TickResult) -> None:
    granted = {
        deliveries[0].grant.service_id: [delivery.slot for delivery in deliveries]
        for deliveries in result.granted
    }
    for service_id, pace in result.paces.items():
        if gate := request.gates.get(service_id):
            before = pace.next_send_at
            pace.next_send_at = gate.padded(before, granted.get(service_id, ()))
            result.stored[service_id] = Stored(before, pace.next_send_at)
