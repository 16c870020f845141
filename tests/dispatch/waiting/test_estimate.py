from __future__ import annotations

import datetime as dt
import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from campaigns.models import ABTest, Task
from campaigns.models.ab_test import UNTIL_RELEASED, TestState
from dispatch.clock import database_time
from dispatch.models import Attempt, EmailService
from dispatch.pace import pace_rows
from dispatch.waiting.estimate import UNKNOWN, Estimate, estimate_of_launch, estimates
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def sending(service: EmailService, messages: int) -> Task:
    task: Task = SendingTaskFactory(owner__username=f"owner of {messages}")
    task.services.set([service])
    SubTaskFactory.create_batch(messages, task=task, content=ContentFactory(task=task))
    return task


def handed_over(service: EmailService, seconds: int, outcome: str = "accepted") -> None:
    """A hand-over that took so long."""
    Attempt.objects.create(
        subtask=SubTaskFactory(status="sent", service=service),
        service=service,
        dispatcher_id=1,
        claim_token=uuid.uuid4(),
        slot_at=Now(),
        started_at=Now() - dt.timedelta(seconds=seconds),
        finished_at=Now(),
        outcome=outcome,
    )


def minutes(estimate: Estimate) -> float:
    assert estimate.expected is not None
    return round((estimate.expected - database_time()) / MINUTE, 1)


def test_a_campaign_alone_takes_a_message_per_interval() -> None:
    task = sending(EmailServiceFactory(sending_interval=60), 5)
    assert minutes(estimates()[task.pk]) == 5


def test_other_campaigns_take_their_share() -> None:
    service = EmailServiceFactory(sending_interval=60)
    few, many = sending(service, 2), sending(service, 5)
    found = estimates()
    assert (minutes(found[few.pk]), minutes(found[many.pk])) == (4, 7)


def test_what_waits_for_an_ab_test_comes_after_its_decision() -> None:
    service = EmailServiceFactory(sending_interval=60)
    task = sending(service, 2)
    content = ContentFactory(task=task)
    SubTaskFactory.create_batch(3, task=task, content=content, available_at=UNTIL_RELEASED)
    ABTest.objects.create(
        task=task, state=TestState.COLLECTING, decide_at=Now() + 30 * MINUTE, rest=3
    )
    assert minutes(estimates()[task.pk]) == 33


def test_when_a_person_has_to_act_no_end_is_known() -> None:
    service = EmailServiceFactory()
    task = sending(service, 2)
    pace_rows.freeze(service, "The contract ended")
    assert estimates()[task.pk] == UNKNOWN


def test_slow_hand_overs_are_reckoned_with() -> None:
    """Two connections, and 30 s a message: 4 a minute, whatever the pace allows."""
    service = EmailServiceFactory(sending_interval=0, max_connections=2)
    for _ in range(3):
        handed_over(service, seconds=30)
    task = sending(service, 40)
    assert minutes(estimates()[task.pk]) == 10


def test_at_the_latest_is_later_where_a_service_refuses_for_now() -> None:
    service = EmailServiceFactory(sending_interval=60)
    task = sending(service, 5)
    smooth = estimates()[task.pk]
    for outcome in ("accepted", "deferred"):
        handed_over(service, seconds=0, outcome=outcome)
    troubled = estimates()[task.pk]
    assert smooth.latest and troubled.latest and troubled.expected
    assert troubled.latest > smooth.latest > troubled.expected


def test_before_a_launch_the_end_is_told_beside_what_is_being_sent() -> None:
    service = EmailServiceFactory(sending_interval=60)
    sending(service, 3)
    planned: Task = TaskFactory()
    planned.services.set([service])
    assert minutes(estimate_of_launch(planned, 10)) == 13


def test_a_launch_that_no_service_may_carry_has_no_end() -> None:
    planned: Task = TaskFactory()
    planned.services.set([EmailServiceFactory(enabled=False)])
    assert estimate_of_launch(planned, 10) == UNKNOWN


class TestTheCommand:
    def test_says_why_and_until_when(self) -> None:
        DispatcherFactory()
        service = EmailServiceFactory(name="Post", sending_interval=60)
        task = sending(service, 5)
        said = StringIO()
        call_command("why", str(task.pk), stdout=said)
        assert "Will be done about" in said.getvalue()

    def test_finds_a_campaign_by_its_name(self) -> None:
        TaskFactory(name="Spring")
        said = StringIO()
        call_command("why", "Spring", stdout=said)
        assert "It has not been launched." in said.getvalue()

    @pytest.mark.parametrize("asked", ["Autumn", "99999999", "Twice"])
    def test_refuses_a_campaign_that_is_none_or_several(self, asked: str) -> None:
        TaskFactory.create_batch(2, name="Twice")
        with pytest.raises(CommandError, match="campaign"):
            call_command("why", asked)
