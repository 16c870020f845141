from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db.models.functions import Now

from campaigns.models import ABTest, SubTask, Task, TaskStatus
from campaigns.models.ab_test import UNTIL_RELEASED, TestState
from dispatch.models import EmailService, Pace, Turn
from dispatch.pace import pace_rows
from dispatch.pace.openings import Obstacle
from dispatch.waiting.why import Cause, Why, why, why_message
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def running() -> None:
    DispatcherFactory()


def sending(*services: EmailService, messages: int = 1, **subtask: Any) -> Task:
    task: Task = SendingTaskFactory()
    task.services.set(services)
    SubTaskFactory.create_batch(messages, task=task, content=ContentFactory(task=task), **subtask)
    return task


def causes(found: Why) -> list[Cause]:
    return [reason.cause for reason in found.reasons]


def hours(found: Why) -> float:
    """From now until the next start."""
    assert found.next_at is not None
    return round((found.next_at - found.now) / HOUR, 2)


def test_what_can_be_sent_now_waits_for_nothing() -> None:
    found = why(sending(EmailServiceFactory(sending_interval=0)))
    assert (found.next_at, found.reasons) == (found.now, ())


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (TaskStatus.DRAFT, Cause.NOT_LAUNCHED),
        (TaskStatus.QUEUED, Cause.LAUNCHING),
        (TaskStatus.PAUSED, Cause.PAUSED),
        (TaskStatus.COMPLETED, Cause.OVER),
        (TaskStatus.CANCELLED, Cause.OVER),
    ],
)
def test_a_campaign_that_is_not_being_sent_says_so(status: TaskStatus, cause: Cause) -> None:
    found = why(TaskFactory(status=status))
    assert (found.next_at, causes(found)) == (None, [cause])


def test_a_scheduled_campaign_waits_for_its_time() -> None:
    task = TaskFactory(status=TaskStatus.SCHEDULED, scheduled_at=Now() + HOUR)
    task.refresh_from_db()
    assert hours(why(task)) == 1


def test_a_pause_says_what_was_noted() -> None:
    found = why(TaskFactory(status=TaskStatus.PAUSED, note="The price is wrong."))
    assert found.reasons[0].note == "The price is wrong."


def test_the_first_service_that_opens_says_when() -> None:
    soon, late = EmailServiceFactory(sending_interval=0), EmailServiceFactory(sending_interval=0)
    Pace.objects.filter(service=soon).update(frozen_until=Now() + HOUR)
    Pace.objects.filter(service=late).update(frozen_until=Now() + 3 * HOUR)
    found = why(sending(soon, late))
    assert hours(found) == 1
    assert [reason.service for reason in found.reasons] == [soon.name, late.name]


def test_a_service_that_a_person_has_to_unfreeze_opens_at_no_known_time() -> None:
    service = EmailServiceFactory()
    pace_rows.freeze(service, "The contract ended")
    found = why(sending(service))
    assert found.next_at is None
    (reason,) = found.reasons
    assert reason.hold is not None
    assert reason.hold.obstacle == Obstacle.UNFREEZING


def test_a_service_that_is_switched_off_is_named() -> None:
    service = EmailServiceFactory(enabled=False)
    found = why(sending(service))
    assert causes(found) == [Cause.SERVICE_OFF]
    assert found.reasons[0].service == service.name


def test_without_a_service_that_is_open_to_the_owner_nothing_is_sent() -> None:
    service = EmailServiceFactory()
    service.users.add(UserFactory())
    assert causes(why(sending(service))) == [Cause.NO_SERVICE]


def test_a_retry_waits_for_its_time() -> None:
    task = sending(EmailServiceFactory(sending_interval=0), available_at=Now() + 2 * HOUR)
    found = why(task)
    assert (hours(found), causes(found)) == (2, [Cause.RETRY])


def test_another_owners_turn_is_told() -> None:
    service = EmailServiceFactory(sending_interval=3600)
    mine, other = sending(service), sending(service, messages=5)
    Turn.objects.create(service=service, task_id=mine.pk, served_at=Now())
    found = why(mine)
    assert (hours(found), causes(found)) == (1, [Cause.TURN])
    assert why(other).reasons == ()


@pytest.mark.parametrize(
    ("state", "cause", "in_hours"),
    [(TestState.COLLECTING, Cause.TEST, 1), (TestState.ASKING, Cause.DECISION, None)],
)
def test_the_rest_of_an_ab_test_waits_for_its_decision(
    state: TestState, cause: Cause, in_hours: int | None
) -> None:
    task = sending(EmailServiceFactory(), available_at=UNTIL_RELEASED)
    ABTest.objects.create(task=task, state=state, decide_at=Now() + HOUR)
    found = why(task)
    assert causes(found)[0] == cause
    assert (hours(found) if found.next_at else None) == in_hours


def test_messages_on_their_way_and_in_doubt_are_counted() -> None:
    service = EmailServiceFactory()
    held = {"claim_token": uuid.uuid4(), "dispatcher_id": DispatcherFactory().pk}
    task = sending(service, messages=2, status="sending", service=service, **held)
    SubTaskFactory(
        task=task,
        status="sending",
        service=service,
        in_doubt_since=Now(),
        claim_token=held["claim_token"],
    )
    found = why(task)
    numbers = {reason.cause: reason.number for reason in found.reasons}
    assert numbers == {Cause.ON_ITS_WAY: 2, Cause.IN_DOUBT: 1}


def test_a_message_says_how_many_of_its_campaign_go_first() -> None:
    service = EmailServiceFactory(sending_interval=0)
    task = sending(service, messages=4)
    last = SubTask.objects.filter(task=task).latest("pk")
    (turn,) = why_message(last).reasons
    assert (turn.cause, turn.number) == (Cause.TURN, 3)


def test_a_message_that_was_sent_waits_for_nothing() -> None:
    service = EmailServiceFactory()
    task = sending(service, status="sent", service=service)
    assert causes(why_message(task.subtasks.get())) == [Cause.OVER]


class TestWithoutDispatchers:
    @pytest.fixture
    def running(self) -> None:
        """None is."""

    def test_nothing_is_sent(self, running: None) -> None:
        found = why(sending(EmailServiceFactory()))
        assert (found.next_at, causes(found)) == (None, [Cause.NO_DISPATCHER])
