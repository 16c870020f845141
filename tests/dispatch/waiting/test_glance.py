"""Why campaigns wait, at a glance: what lists show."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from campaigns.models import SubTask, Tally, Task, TaskStatus
from campaigns.models.ab_test import UNTIL_RELEASED
from dispatch.models import Dispatcher
from dispatch.pace import pace_rows
from dispatch.waiting.glance import glance
from dispatch.waiting.why import Cause, Why, why
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    TaskFactory,
    UserFactory,
    in_doubt,
    sending_task,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def running() -> None:
    DispatcherFactory()


def at_a_glance(*tasks: Task) -> dict[int, Why]:
    return glance(tasks, Tally.objects.counts_of(task.pk for task in tasks))


def causes(task: Task) -> list[Cause]:
    return [reason.cause for reason in at_a_glance(task)[task.pk].reasons]


def test_what_can_be_sent_now_waits_for_nothing() -> None:
    EmailServiceFactory()
    assert causes(sending_task()) == []


def test_the_service_that_can_start_first_says_why() -> None:
    pace_rows.freeze(EmailServiceFactory(name="Frozen"), "The contract ended")
    EmailServiceFactory(name="Free")
    assert causes(sending_task()) == []


def test_with_all_services_frozen_one_of_them_is_named() -> None:
    pace_rows.freeze(EmailServiceFactory(name="North"), "The contract ended")
    task = sending_task()
    found = at_a_glance(task)[task.pk]
    assert found.next_at is None
    assert [reason.service for reason in found.reasons] == ["North"]


def test_without_a_service_it_says_so() -> None:
    assert causes(sending_task()) == [Cause.NO_SERVICE]


def test_with_all_services_switched_off_they_are_named_as_on_the_page_of_the_campaign() -> None:
    EmailServiceFactory(name="North", enabled=False)
    EmailServiceFactory(name="Theirs", enabled=False).users.add(UserFactory())
    task = sending_task()
    found = at_a_glance(task)[task.pk].reasons
    assert [(each.cause, each.service) for each in found] == [(Cause.SERVICE_OFF, "North")]
    assert why(task).reasons == found


def test_without_a_dispatcher_it_says_so() -> None:
    EmailServiceFactory()
    Dispatcher.objects.update(ended_at=Now())
    assert causes(sending_task()) == [Cause.NO_DISPATCHER]


def test_what_is_left_in_doubt_waits_for_a_person() -> None:
    subtask = in_doubt(EmailServiceFactory())
    assert causes(subtask.task) == [Cause.IN_DOUBT]


def test_what_was_refused_for_now_waits_for_its_retry() -> None:
    EmailServiceFactory()
    task = sending_task()
    SubTask.objects.update(available_at=Now() + HOUR)
    assert causes(task) == [Cause.RETRY]


def test_what_waits_for_a_test_waits_for_its_decision() -> None:
    EmailServiceFactory()
    task = sending_task()
    SubTask.objects.update(available_at=UNTIL_RELEASED)
    assert causes(task) == [Cause.DECISION]


@pytest.mark.parametrize("status", [TaskStatus.PAUSED, TaskStatus.DRAFT, TaskStatus.COMPLETED])
def test_of_what_is_not_being_sent_it_says_what_the_campaign_page_says(status: str) -> None:
    task = TaskFactory(status=status, note="for the holidays")
    assert at_a_glance(task)[task.pk].reasons == why(task).reasons


def test_many_campaigns_and_services_take_no_more_queries_than_one() -> None:
    EmailServiceFactory()
    numbers = []
    for _ in range(2):
        tasks = [sending_task(), *Task.objects.all()]
        counts = Tally.objects.counts_of(task.pk for task in tasks)
        with CaptureQueriesContext(connection) as captured:
            glance(tasks, counts)
        numbers.append(len(captured))
        for _ in range(3):
            EmailServiceFactory()
            sending_task()
    assert numbers[0] == numbers[1]
