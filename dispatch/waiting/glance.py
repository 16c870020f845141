"""Why each of many campaigns waits, at a glance: for lists, in as many queries for one as for all.

As `why`, by what grants go by, without looking whose turn it is at each service: a campaign that is
served in turns does not wait.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Now

from campaigns.models import ABTest, Task, TaskStatus
from campaigns.models.ab_test import UNTIL_RELEASED
from campaigns.models.tally import TaskCounts
from dispatch.claiming import agenda as agendas
from dispatch.claiming import leases
from dispatch.claiming.agenda import Agenda, TaskPlan
from dispatch.clock import database_time
from dispatch.models import Pace
from dispatch.pace import openings
from dispatch.pace.openings import Opening
from dispatch.waiting import why as whys
from dispatch.waiting.why import Cause, Reason, Why


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the campaigns have in common, read once."""

    now: dt.datetime
    agenda: Agenda
    openings: Mapping[int, Opening]
    """Of each service that is switched on."""
    tests: Mapping[int, ABTest]
    off: Mapping[int, list[str]]
    """Of each task that no service carries: those that are switched off."""
    alive: bool


def glance(tasks: Iterable[Task], counts: Mapping[int, TaskCounts]) -> dict[int, Why]:
    """Of each of these tasks, with its counts: why nothing of it starts now."""
    tasks = list(tasks)
    around = _read() if any(task.status == TaskStatus.SENDING for task in tasks) else None
    now = around.now if around else database_time()
    return {
        task.pk: _of_sending(task, counts[task.pk], around)
        if around and task.status == TaskStatus.SENDING
        else whys.of_state(task, now)
        for task in tasks
    }


def _read() -> Surroundings:
    agenda = agendas.read()
    rows: list[Any] = list(Pace.objects.filter(pk__in=agenda.services).annotate(now=Now()))
    paces: dict[int, Pace] = {pace.pk: pace for pace in rows}
    now = rows[0].now if rows else database_time()
    left = [plan for plan in agenda.tasks.values() if not plan.service_ids]
    held = [pk for pk, plan in agenda.tasks.items() if plan.available_at >= UNTIL_RELEASED]
    return Surroundings(
        now,
        agenda,
        {pk: openings.opening(paces[pk], plan.limits, now) for pk, plan in agenda.services.items()},
        {test.pk: test for test in ABTest.objects.filter(task__in=held)},
        agendas.switched_off(left) if left else {},
        leases.alive().exists(),
    )


def _of_sending(task: Task, counts: TaskCounts, around: Surroundings) -> Why:
    plan = around.agenda.tasks.get(task.pk)
    if plan is None:
        return whys.of_the_last(counts, around.now)
    test = around.tests.get(task.pk) if plan.available_at >= UNTIL_RELEASED else None
    reasons = list(whys.not_yet(plan.available_at, around.now, test))
    if any(reason.until is None for reason in reasons):
        return Why(around.now, None, tuple(reasons))
    if not around.alive:
        return Why(around.now, None, (*reasons, Reason(Cause.NO_DISPATCHER)))
    return _by_services(plan, around, reasons)


def _by_services(plan: TaskPlan, around: Surroundings, reasons: list[Reason]) -> Why:
    """The service that can start first says until when: the others make no difference."""
    if not plan.service_ids:
        return Why(around.now, None, (*reasons, *whys.without_service(around.off[plan.id])))
    found = sorted(
        (around.openings[pk].at or dt.datetime.max.replace(tzinfo=dt.UTC), pk)
        for pk in plan.service_ids
    )
    first = found[0][1]
    opening, name = around.openings[first], around.agenda.services[first].name
    held = [Reason(Cause.SERVICE, hold.until, name, hold) for hold in opening.holds]
    at = max(opening.at, plan.available_at) if opening.at else None
    return Why(around.now, at, (*reasons, *held))
