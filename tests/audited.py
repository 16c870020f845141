"""Data as dispatching leaves them, for the audit: everything as it should be, for a test to break."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from campaigns.models import Launch, SubTask, SubTaskStatus, Task
from dispatch.audit import audit, pace
from dispatch.models import Attempt, Decision, DecisionChoice, Dispatcher, EmailService, Pace, Turn
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    held,
    in_doubt,
)

SECOND, MINUTE, HOUR = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
SETTLED = dt.timedelta(seconds=pace.SETTLED_SECONDS)


def ago(time: dt.timedelta) -> CombinedExpression:
    return Now() - time


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def execute(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)


def without_constraint(name: str) -> None:
    """For rows that the database itself refuses."""
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute(f"ALTER TABLE campaigns_subtask DROP CONSTRAINT IF EXISTS {name}")
    execute(f"DROP INDEX IF EXISTS {name}")


class World:
    """A database in which everything is as it should be."""

    def __init__(self) -> None:
        self.service: EmailService = EmailServiceFactory(
            name="paced", sending_interval=10, daily_quota=50, quota_reset_time=dt.time(0)
        )
        self.free: EmailService = EmailServiceFactory(name="free", sending_interval=0)
        Pace.objects.update(limits_changed_at=ago(400 * dt.timedelta(days=1)))
        self.dispatcher: Dispatcher = DispatcherFactory(started_at=ago(HOUR))
        self.task: Task = SendingTaskFactory(started_at=ago(HOUR))
        self.content = ContentFactory(task=self.task)

    def subtask(self, status: str = "pending", **values: Any) -> SubTask:
        service = None if status == "pending" else self.free
        values = {"service": service, "task": self.task, "content": self.content, **values}
        subtask: SubTask = SubTaskFactory(status=status, **values)
        return subtask

    def attempt(self, subtask: SubTask, outcome: str = "accepted", **values: Any) -> Attempt:
        started = values.pop("started_at", ago(MINUTE))
        values = {"service": self.free, "slot_at": started, "finished_at": started, **values}
        attempt: Attempt = Attempt.objects.create(
            subtask=subtask,
            dispatcher_id=self.dispatcher.pk,
            claim_token=uuid.uuid4(),
            started_at=started,
            outcome=outcome,
            **values,
        )
        return attempt

    def sent(self, **values: Any) -> Attempt:
        """A SubTask that was sent, with its proof."""
        service = values.get("service", self.free)
        return self.attempt(self.subtask("sent", service=service), **values)

    def held(self, status: str, dispatcher: Dispatcher | None = None, **values: Any) -> SubTask:
        values = {"task": self.task, "content": self.content, **values}
        return held(SubTaskStatus(status), dispatcher or self.dispatcher, self.free, **values)

    def in_doubt(self) -> SubTask:
        """In doubt, after a hand-over that nobody knows the outcome of."""
        subtask = in_doubt(self.free, task=self.task, content=self.content)
        self.attempt(subtask, "unknown")
        return subtask

    def decided(self, subtask: SubTask, choice: DecisionChoice) -> None:
        Decision.objects.create(subtask=subtask, user=self.task.owner, choice=choice)

    def now(self, subtask: SubTask, **values: Any) -> None:
        """What has become of a SubTask that was in doubt."""
        SubTask.objects.filter(pk=subtask.pk).update(
            claim_token=None, in_doubt_since=None, **values
        )


def healthy() -> World:
    """Something of everything."""
    world = World()
    world.subtask()
    world.subtask("failed", failure_reason="invalid")
    for number in range(3):
        world.sent(service=world.service, started_at=ago((40 - 10 * number) * SECOND))
    Pace.objects.update(quota_period_start=ago(HOUR), quota_used=7)
    world.held("allocated", allocated_at=ago(SECOND))
    world.held("sending", allocated_at=ago(SECOND), sending_at=Now())
    world.in_doubt()
    world.attempt(world.subtask("failed", failure_reason="rejected"), "rejected")
    world.attempt(world.subtask(), "deferred")
    Turn.objects.create(service=world.free, task_id=world.task.pk, served_at=ago(SECOND))
    Launch.objects.create(task=world.task, inserted=SubTask.objects.count(), finished_at=Now())
    return world


def relaunched(world: World) -> None:
    """As if the launch had made what the test has added."""
    Launch.objects.update(inserted=SubTask.objects.filter(task=world.task).count())


def offenders() -> list[str]:
    """What the audit finds, of whatever guarantee."""
    return [offender for found in audit() for offender in found.offenders]


def broken() -> dict[int, list[str]]:
    """The offenders by the number of their guarantee."""
    return {int(found.guarantee[0]): found.offenders for found in audit() if not found.holds}


def report() -> str:
    output = io.StringIO()
    call_command("audit_dispatch", stdout=output)
    return output.getvalue()


def bursting(world: World, burst: int) -> EmailService:
    service = EmailServiceFactory(sending_interval=10, burst=burst)
    Pace.objects.filter(service=service).update(limits_changed_at=at("2024-01-01"))
    return service


def limited(world: World, quota: int, **values: Any) -> EmailService:
    service = EmailServiceFactory(daily_quota=quota, **values)
    Pace.objects.filter(service=service).update(limits_changed_at=at("2024-01-01"))
    return service


def waiting(world: World, since: dt.timedelta, **values: Any) -> Task:
    """A task that could be sent, while the service serves the world's."""
    task: Task = SendingTaskFactory(started_at=ago(since), **values)
    SubTaskFactory(task=task, available_at=ago(since))
    return task
