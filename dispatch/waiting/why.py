"""Why a campaign or a message is not being sent right now, and when something can be.

Reads what dispatchers read (`dispatch.claiming.agenda`), takes turns as they do, and asks what they
ask of each service's limits. Locks nothing, changes nothing. The model in tests/model compares what
is said here with when the next hand-over begins.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from campaigns.models import ABTest, SubTask, SubTaskStatus, Tally, Task, TaskStatus
from campaigns.models.ab_test import UNTIL_RELEASED, TestState
from campaigns.models.subtask import HELD
from campaigns.models.tally import TaskCounts
from dispatch.claiming import agenda as agendas
from dispatch.claiming import fairness, leases
from dispatch.claiming.agenda import Agenda, TaskPlan
from dispatch.clock import database_time
from dispatch.models import Pace
from dispatch.pace.openings import Hold
from dispatch.waiting.turns import Queue, TurnAt, next_turn

MOST_REPEATS = 1_000
"""So many repeats of a service are counted; with more its turn is not known."""
MOST_COUNTED = 100_000
"""So many messages of a task that go before another are counted."""


class Cause(StrEnum):
    """Why something waits."""

    NOT_LAUNCHED = "not launched"
    SCHEDULED = "scheduled"
    LAUNCHING = "launching"
    PAUSED = "paused"
    OVER = "over"
    NO_DISPATCHER = "no dispatcher"
    NO_SERVICE = "no service"
    SERVICE_OFF = "service switched off"
    SERVICE = "service"
    """Its limits, or a freeze: `hold` says which."""
    TURN = "turn"
    RETRY = "retry"
    TEST = "A/B test"
    DECISION = "decision of an A/B test"
    IN_DOUBT = "in doubt"
    ON_ITS_WAY = "on its way"


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause, and until when it holds: None while no person acts, or when it is not known."""

    cause: Cause
    until: dt.datetime | None = None
    service: str = ""
    hold: Hold | None = None
    note: str = ""
    """What a person wrote, of a pause."""
    number: int = 0
    """Of messages, or of other campaigns that are served first."""


@dataclass(frozen=True, slots=True)
class Why:
    """When the next message can start: None when that takes a person or is not known, and then a
    reason without a time says why. `reasons` are those until then.
    """

    now: dt.datetime
    next_at: dt.datetime | None
    reasons: tuple[Reason, ...] = ()


def why(task: Task, agenda: Agenda | None = None) -> Why:
    """Of the whole task: when the next of its messages can start. By this agenda, if it was read
    just now.
    """
    now = database_time()
    if task.status == TaskStatus.SENDING:
        return _of_sending(task, agenda or agendas.read(), now)
    return of_state(task, now)


def of_state(task: Task, now: dt.datetime) -> Why:
    """Of a task that is not being sent."""
    reason, at = _of_state(task)
    return Why(now, at, (reason,))


def why_message(subtask: SubTask) -> Why:
    """Of one message. `number` of its turn's reason: the messages of its task that go before it."""
    now = database_time()
    if subtask.status in HELD:
        in_doubt = subtask.in_doubt_since is not None
        return Why(now, None, (Reason(Cause.IN_DOUBT if in_doubt else Cause.ON_ITS_WAY, number=1),))
    if subtask.status != SubTaskStatus.PENDING:
        return Why(now, None, (Reason(Cause.OVER),))
    of_task = why(subtask.task)
    if subtask.task.status != TaskStatus.SENDING:
        return of_task
    own = [*_not_yet(subtask.task, subtask.available_at, now), *_before(subtask)]
    if subtask.available_at >= UNTIL_RELEASED:
        return Why(now, own[0].until, tuple(own))
    times = [subtask.available_at, of_task.next_at] if of_task.next_at else []
    reasons = [each for each in of_task.reasons if each.cause not in (Cause.RETRY, Cause.TEST)]
    return Why(now, max(times, default=None), (*own, *reasons))


def _of_state(task: Task) -> tuple[Reason, dt.datetime | None]:
    match task.status:
        case TaskStatus.DRAFT:
            return Reason(Cause.NOT_LAUNCHED), None
        case TaskStatus.SCHEDULED:
            return Reason(Cause.SCHEDULED, task.scheduled_at), task.scheduled_at
        case TaskStatus.QUEUED:
            return Reason(Cause.LAUNCHING), None
        case TaskStatus.PAUSED:
            return Reason(Cause.PAUSED, note=task.note), None
        case _:
            return Reason(Cause.OVER), None


def _of_sending(task: Task, agenda: Agenda, now: dt.datetime) -> Why:
    plan = agenda.tasks.get(task.pk)
    if plan is None:
        return of_the_last(Tally.objects.counts(task.pk), now)
    reasons = list(_not_yet(task, plan.available_at, now))
    if any(reason.until is None for reason in reasons):
        return Why(now, None, tuple(reasons))
    if plan.available_at >= UNTIL_RELEASED:
        return Why(now, reasons[0].until, tuple(reasons))
    if not leases.alive().exists():
        return Why(now, None, (*reasons, Reason(Cause.NO_DISPATCHER)))
    turns = [next_turn(queue, plan, now) for queue in _queues(agenda, plan, now)]
    reasons += [*_off(task, plan), *_of_services(turns, now)]
    times = [turn.at for turn in turns if turn.at is not None]
    return Why(now, min(times, default=None), tuple(reasons))


def of_the_last(counts: TaskCounts, now: dt.datetime) -> Why:
    """Nothing of a task is pending: it waits for replies, or for a person."""
    reasons = []
    if counts.open:
        reasons.append(Reason(Cause.ON_ITS_WAY, number=counts.open))
    if counts.in_doubt:
        reasons.append(Reason(Cause.IN_DOUBT, number=counts.in_doubt))
    return Why(now, None, tuple(reasons) or (Reason(Cause.OVER),))


def _not_yet(task: Task, available_at: dt.datetime, now: dt.datetime) -> Iterable[Reason]:
    is_of_test = available_at >= UNTIL_RELEASED
    test = ABTest.objects.filter(task=task).first() if is_of_test else None
    return not_yet(available_at, now, test)


def not_yet(available_at: dt.datetime, now: dt.datetime, test: ABTest | None) -> Iterable[Reason]:
    """Why the first message that is left may not start yet. `test` is that of its task."""
    if available_at >= UNTIL_RELEASED:
        at = test.decide_at if test and test.state != TestState.ASKING else None
        yield Reason(Cause.TEST, at) if at else Reason(Cause.DECISION)
    elif available_at > now:
        yield Reason(Cause.RETRY, available_at)


def _queues(agenda: Agenda, plan: TaskPlan, now: dt.datetime) -> list[Queue]:
    """The services that may carry the task, each with all that it has to do."""
    paces = Pace.objects.in_bulk(plan.service_ids)
    served = fairness.last_served(plan.service_ids, agenda.tasks)
    counts = Tally.objects.counts_of(agenda.tasks)
    left = {pk: of_task[SubTaskStatus.PENDING] for pk, of_task in counts.items()}
    return [
        Queue(
            agenda.services[pk],
            paces[pk],
            [task for task in agenda.tasks.values() if pk in task.service_ids],
            left,
            served[pk],
            _repeats(agenda, pk),
        )
        for pk in sorted(plan.service_ids)
    ]


def _repeats(agenda: Agenda, service_id: int) -> int:
    if service_id not in agenda.in_doubt:
        return 0
    window = agenda.services[service_id].repeat_window
    return SubTask.objects.repeatable([service_id], window).order_by()[:MOST_REPEATS].count()


def _off(task: Task, plan: TaskPlan) -> list[Reason]:
    """Services that are off; beside others those that were chosen alone."""
    if plan.service_ids and not task.services.filter(enabled=False).exists():
        return []
    names = agendas.switched_off([plan])[plan.id]
    return without_service(names) if names or not plan.service_ids else []


def without_service(names: Iterable[str]) -> list[Reason]:
    """Why none of its services carries a task: these are off, or none may."""
    off = [Reason(Cause.SERVICE_OFF, service=name) for name in names]
    return off or [Reason(Cause.NO_SERVICE)]


def _of_services(turns: list[TurnAt], now: dt.datetime) -> Iterable[Reason]:
    """What keeps each service, and who is served before."""
    for turn in turns:
        name = turn.service.name
        for hold in turn.holds:
            yield Reason(Cause.SERVICE, hold.until, name, hold)
        if turn.before and (turn.at is None or turn.at > now):
            yield Reason(Cause.TURN, turn.at, name, number=len(turn.before))


def _before(subtask: SubTask) -> Iterable[Reason]:
    """How many of its task are served first. Index subtask_claim, so many at most."""
    first = SubTask.objects.filter(
        task=subtask.task_id,
        status=SubTaskStatus.PENDING,
        available_at__lte=subtask.available_at,
    ).exclude(available_at=subtask.available_at, pk__gte=subtask.pk)
    number = first.order_by()[: MOST_COUNTED + 1].count()
    if number:
        yield Reason(Cause.TURN, number=number)
