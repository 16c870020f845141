"""The transaction of a tick: record outcomes, mark the next messages as sending, grant slots and
claim.

One commit for every service's progress is what makes it fast; that nothing is acted upon before the
commit is what makes it safe. Lock order: the dispatcher's own row, Pace rows (never waited for),
SubTasks by id.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from campaigns import states
from campaigns.models import SubTask, SubTaskStatus
from dispatch import agenda as agendas
from dispatch import connections, grants, leases, ledger, messages, paces
from dispatch.agenda import Agenda
from dispatch.clock import DatabaseClock
from dispatch.models import Pace
from dispatch.orders import Order, Report
from dispatch.outcomes import Verdict, judge
from dispatch.paces import Notes


@dataclass(frozen=True, slots=True)
class Intent:
    """What a dispatcher wants to have done in one tick."""

    dispatcher_id: int
    figures: dict[str, Any] | None = None
    """What the dispatcher has counted, when it is to be written again."""
    reports: Sequence[Report] = ()
    mark: Sequence[Order] = ()
    notes: Mapping[int, Notes] = field(default_factory=dict)
    room: Mapping[int, int] = field(default_factory=dict)
    """How many messages may be claimed, by service; a service with work is here even with room for
    none.
    """
    lanes: Mapping[int, int] = field(default_factory=dict)
    """How many connections are wanted, by service, where that is more than there are."""
    returned: Collection[int] = ()
    """Services whose connections are all closed."""
    agenda: Agenda | None = None
    """None: read a new one."""
    remembered: frozenset[int] | None = None
    """After a failed commit: the SubTasks this dispatcher knows it holds; all others it holds are
    given back.
    """


@dataclass(slots=True)
class Done:
    """What a tick has done."""

    clock: DatabaseClock
    agenda: Agenda
    verdicts: list[Verdict] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)
    marked: set[int] = field(default_factory=set)
    granted: list[list[Order]] = field(default_factory=list)
    claim_seconds: float | None = None
    """How long granting and claiming took; None when there was nothing to ask for."""
    shares: dict[int, int] = field(default_factory=dict)
    paces: dict[int, Pace] = field(default_factory=dict)
    unwritten: dict[int, Notes] = field(default_factory=dict)
    dry: set[int] = field(default_factory=set)


def run(intent: Intent) -> Done:
    """Do it, in one transaction. Raises LeaseLost, or OperationalError / InterfaceError of the
    database: then run it again.
    """
    with transaction.atomic():
        clock = leases.beat(intent.dispatcher_id, intent.figures)
        done = Done(clock, intent.agenda or agendas.read())
        if intent.remembered is not None:
            _forget(intent.dispatcher_id, intent.remembered)
        if intent.returned:
            connections.return_shares(intent.dispatcher_id, intent.returned)
        notes = _record(intent, done)
        done.marked = states.begin_sending([order.held for order in intent.mark])
        _grant(intent, done, notes)
    return done


def _forget(dispatcher_id: int, remembered: frozenset[int]) -> None:
    """Give back claims of a commit whose reply was lost. Their quota stays used: at worst it is
    used up early.
    """
    held = SubTask.objects.filter(dispatcher_id=dispatcher_id, status=SubTaskStatus.ALLOCATED)
    states.release(held.exclude(pk__in=remembered))


def _record(intent: Intent, done: Done) -> dict[int, Notes]:
    """Write the outcomes. Returns what is to be said about each service, old and new."""
    notes: dict[int, Notes] = defaultdict(Notes)
    for service_id, old in intent.notes.items():
        notes[service_id].add(old)
    done.verdicts = [judge(report) for report in intent.reports]
    changed = states.settle(verdict.settlement for verdict in done.verdicts)
    for verdict in done.verdicts:
        service_notes = notes[verdict.report.order.grant.service_id]
        if verdict.settlement.id not in changed:
            done.lost.add(verdict.settlement.id)
            continue
        service_notes.succeeded |= verdict.succeeded
        service_notes.failures += verdict.failed
        service_notes.freeze = verdict.freeze or service_notes.freeze
        if not verdict.report.started:
            service_notes.quota_back[verdict.report.order.grant.period_start] += 1
    ledger.record(
        [verdict for verdict in done.verdicts if verdict.settlement.id in changed],
        intent.dispatcher_id,
    )
    return notes


def _grant(intent: Intent, done: Done, notes: dict[int, Notes]) -> None:
    now: dt.datetime = done.clock.reading
    locked = paces.lock({*intent.room, *notes}) if intent.room or notes else {}
    before = {service_id: paces.written(pace) for service_id, pace in locked.items()}
    for service_id in list(notes):
        if service_id in locked:
            paces.apply(notes.pop(service_id), locked[service_id], now)
    done.unwritten, done.paces = notes, locked
    wanted = {
        service_id: lanes
        for service_id, lanes in intent.lanes.items()
        if service_id in locked and service_id in done.agenda.services
    }
    done.shares = connections.raise_shares(intent.dispatcher_id, wanted, done.agenda.services)
    room = {
        service_id: 0 if done.shares.get(service_id) == 0 else messages
        for service_id, messages in intent.room.items()
    }
    wished = grants.wishes(done.agenda, locked, room, now)
    if wished:
        began = time.monotonic()
        done.granted, done.dry = grants.fulfil(wished, intent.dispatcher_id, now)
        done.claim_seconds = time.monotonic() - began
    for orders in done.granted:
        for order in orders:
            messages.frozen_content(order.claim.content_id)
    paces.save(pace for pace in locked.values() if paces.written(pace) != before[pace.pk])
