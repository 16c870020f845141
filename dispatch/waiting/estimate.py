"""When a campaign will have sent its last message, with how sure that is.

From what is left of it and of all others, the services' limits, and how long their hand-overs took
lately. Reads only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import connection

from campaigns.models import ABTest, Tally, Task
from campaigns.models.ab_test import OPEN_STATES, TestState
from campaigns.models.tally import TaskCounts
from dispatch.claiming import agenda as agendas
from dispatch.claiming.agenda import Agenda, ServicePlan
from dispatch.clock import database_time
from dispatch.models import Pace
from dispatch.pace import openings, pace_rows
from dispatch.waiting import forecast
from dispatch.waiting.forecast import Server, Work

LATELY = 200
"""So many of a service's last hand-overs tell how it goes."""
USUAL_SECONDS = 0.1
"""How long a hand-over takes at a service of which none is known."""
SLOWER = 0.9
"""At worst a service reaches so much of its rate, without counting what it refuses for now."""

# The last hand-overs of each service, by index attempt_pace.
LATELY_SQL = """
SELECT s.id, avg(extract(epoch FROM a.finished_at - a.started_at)),
       avg((a.outcome IN ('deferred', 'service_error'))::int)
FROM unnest(%s::bigint[]) AS s(id), LATERAL (
    SELECT started_at, finished_at, outcome FROM dispatch_attempt
    WHERE service_id = s.id AND started_at IS NOT NULL
    ORDER BY started_at DESC LIMIT %s) AS a
GROUP BY s.id
"""


@dataclass(frozen=True, slots=True)
class Estimate:
    """`expected` if all goes on as it does; `latest` if services are slower and some messages take
    every try. None: not within a year, or not before a person does something.
    """

    expected: dt.datetime | None
    latest: dt.datetime | None


UNKNOWN = Estimate(None, None)


@dataclass(frozen=True, slots=True)
class Lately:
    """How a service's hand-overs went: their mean seconds, and the part refused for now."""

    seconds: float = USUAL_SECONDS
    refused: float = 0.0


def estimates(agenda: Agenda | None = None) -> dict[int, Estimate]:
    """Of each task that is being sent and has something left to send. By this agenda, if it was
    read just now.
    """
    agenda = agenda or agendas.read()
    return _estimates(agenda, _works(agenda))


def estimate_of_launch(task: Task, messages: int) -> Estimate:
    """Of a task as if it were launched now with so many messages."""
    agenda = agendas.read()
    services = agendas.services_for(task, agenda.services)
    now = database_time()
    new = Work(task.pk, task.owner_id, task.priority, services, now, messages)
    return _estimates(agenda, [*_works(agenda), new]).get(task.pk, UNKNOWN)


def _estimates(agenda: Agenda, works: Sequence[Work]) -> dict[int, Estimate]:
    now = database_time()
    lately = _lately(agenda.services)
    paces = Pace.objects.in_bulk(agenda.services)
    planned = [
        server
        for plan in agenda.services.values()
        if (server := _server(plan, paces[plan.id], lately.get(plan.id, Lately()), now))
    ]
    slow = [_slowed(server, lately.get(server.id, Lately())) for server in planned]
    # A copy each, because a forecast uses up what it is given.
    expected = forecast.ends([replace(each) for each in planned], works, now)
    latest = forecast.ends(slow, works, now)
    tries = _tries(agenda, lately.values())
    return {
        task_id: Estimate(at, last + tries if (last := latest[task_id]) else None)
        for task_id, at in expected.items()
    }


def _server(plan: ServicePlan, pace: Pace, lately: Lately, now: dt.datetime) -> Server | None:
    """None while a person must do something for it."""
    at = openings.opening(pace, plan.limits, now).at
    if at is None:
        return None
    by_connections = plan.max_connections / max(lately.seconds, 0.001)
    interval = plan.limits.interval.total_seconds()
    rate = min(1 / interval, by_connections) if interval else by_connections
    left = pace_rows.quota_left(pace, plan.limits, at)
    return Server(plan.id, plan.limits, at, rate, None if left is None else float(left))


def _slowed(server: Server, lately: Lately) -> Server:
    return replace(server, rate=server.rate * SLOWER * max(0.1, 1 - lately.refused))


def _tries(agenda: Agenda, lately: Iterable[Lately]) -> dt.timedelta:
    """How long the last messages may take that are refused for now at every try but the last."""
    if not any(each.refused for each in lately):
        return dt.timedelta(0)
    return dt.timedelta(seconds=sum(settings.RETRY_DELAYS_SECONDS))


def _works(agenda: Agenda) -> list[Work]:
    counts = Tally.objects.counts_of(agenda.tasks)
    tests = {test.pk: test for test in ABTest.objects.filter(task__in=agenda.tasks)}
    return [
        work
        for task_id, of_task in counts.items()
        for work in _works_of(agenda, task_id, of_task, tests.get(task_id))
    ]


def _works_of(
    agenda: Agenda, task_id: int, counts: TaskCounts, test: ABTest | None
) -> Iterable[Work]:
    """What a task can send now, and what waits for the result of its A/B test."""
    plan = agenda.tasks[task_id]
    waiting = test.rest - test.released if test else 0
    known = plan.owner_id, plan.priority, plan.service_ids
    if released := counts.open - waiting:
        yield Work(task_id, *known, plan.available_at, max(0, released))
    if test and waiting:
        decided = test.decide_at if test.state == TestState.COLLECTING else None
        since = plan.available_at if test.state not in OPEN_STATES else decided
        yield Work(task_id, *known, since or forecast.NEVER, waiting)


def _lately(service_ids: Iterable[int]) -> dict[int, Lately]:
    with connection.cursor() as cursor:
        cursor.execute(LATELY_SQL, [list(service_ids), LATELY])
        return {
            pk: Lately(float(seconds or 0), float(refused or 0))
            for pk, seconds, refused in cursor.fetchall()
        }
