"""What was sent and came back is written down by the hour as the counts grow."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models.functions import Now

from campaigns.models import SubTask, SubTaskStatus, Task
from dispatch.models import Dispatcher, EmailService, LastCount, ServiceHour, TaskCount, TaskHour
from dispatch.monitoring import hours
from dispatch.process import maintenance
from tests.factories import DispatcherFactory, EmailServiceFactory, sending_task

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def service() -> EmailService:
    return EmailServiceFactory()


def count_again() -> None:
    """As if the last count had been two minutes ago."""
    LastCount.objects.update(at=Now() - 2 * MINUTE)
    hours.count()


def grown(name: str) -> int:
    """Of all hours: a test may begin in one and end in the next."""
    return sum(TaskHour.objects.values_list(name, flat=True))


def send(task: Task, service: EmailService, messages: int) -> None:
    pending = task.subtasks.filter(status=SubTaskStatus.PENDING).values("pk")[:messages]
    SubTask.objects.filter(pk__in=list(pending.values_list("pk", flat=True))).update(
        status=SubTaskStatus.SENT, service=service, sent_at=Now()
    )


def become(task: Task, status: str) -> None:
    """All that was sent of the task gets as far as this."""
    task.subtasks.exclude(status=SubTaskStatus.PENDING).update(status=status)


def test_it_is_a_chore_of_maintenance() -> None:
    assert hours.count in maintenance.CHORES


def test_what_grew_before_the_first_count_belongs_to_no_hour(service: EmailService) -> None:
    send(sending_task(3), service, 2)
    hours.count()
    assert not TaskHour.objects.exists()
    assert TaskCount.objects.get().sent == 2


def test_what_grows_is_added_to_its_hour(service: EmailService) -> None:
    task = sending_task(5)
    hours.count()
    send(task, service, 2)
    count_again()
    send(task, service, 1)
    count_again()
    assert grown("sent") == 3


def test_who_opened_got_the_message(service: EmailService) -> None:
    task = sending_task(2)
    hours.count()
    send(task, service, 2)
    become(task, SubTaskStatus.OPENED)
    count_again()
    assert (grown("delivered"), grown("opened"), grown("clicked")) == (2, 2, 0)
    become(task, SubTaskStatus.CLICKED)
    count_again()
    assert (grown("delivered"), grown("opened"), grown("clicked")) == (2, 2, 2)


def test_what_bounces_later_was_sent_all_the_same(service: EmailService) -> None:
    task = sending_task(1)
    hours.count()
    send(task, service, 1)
    count_again()
    become(task, SubTaskStatus.BOUNCED)
    count_again()
    assert (grown("sent"), grown("bounced")) == (1, 1)


def test_how_fast_a_campaign_goes_is_what_it_sent_since_the_last_count(
    service: EmailService,
) -> None:
    task = sending_task(10)
    hours.count()
    send(task, service, 10)
    count_again()
    assert TaskCount.objects.get(pk=task.pk).sent_per_minute == pytest.approx(5, rel=0.2)
    count_again()
    assert TaskCount.objects.get(pk=task.pk).sent_per_minute == 0


def test_two_counts_within_a_moment_are_one(service: EmailService) -> None:
    task = sending_task(2)
    hours.count()
    send(task, service, 2)
    hours.count()
    assert not TaskCount.objects.filter(sent__gt=0).exists()


def test_what_dispatchers_count_of_a_service_is_added_to_its_hour(service: EmailService) -> None:
    dispatcher = DispatcherFactory(figures={"services": {str(service.pk): {"accepted": 7}}})
    hours.count()
    grown = {"services": {str(service.pk): {"accepted": 9, "rejected": 1}}}
    Dispatcher.objects.filter(pk=dispatcher.pk).update(figures=grown)
    count_again()
    row = ServiceHour.objects.get()
    assert (row.service_id, row.accepted, row.rejected) == (service.pk, 2, 1)


def test_hours_that_no_page_shows_are_forgotten() -> None:
    TaskHour.objects.create(task_id=1, hour=Now() - dt.timedelta(days=33), sent=1)
    TaskHour.objects.create(task_id=1, hour=Now() - dt.timedelta(days=30), sent=2)
    hours.count()
    assert TaskHour.objects.get().sent == 2
