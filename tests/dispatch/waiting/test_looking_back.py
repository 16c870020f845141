from __future__ import annotations

import datetime as dt

import pytest
from django.db.models.functions import Now

from campaigns.models import Task, TaskStatus
from dispatch.models import EndEstimate, Pace
from dispatch.pace import pace_rows
from dispatch.waiting.looking_back import (
    compared,
    expected_lately,
    keep_estimates,
    renew_estimates,
)
from tests.factories import EmailServiceFactory, SendingTaskFactory, TaskFactory, sending_task

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def kept(task: Task) -> EndEstimate:
    return EndEstimate.objects.get(pk=task.pk)


def test_what_is_expected_at_the_beginning_is_kept() -> None:
    service = EmailServiceFactory(sending_interval=360)
    task = sending_task(10)
    keep_estimates()
    first = kept(task)
    assert first.expected_at and first.latest_at
    assert abs(first.expected_at - first.made_at - HOUR) < dt.timedelta(seconds=10)
    Pace.objects.filter(service=service).update(frozen_until=Now() + HOUR)
    keep_estimates()
    assert kept(task).expected_at == first.expected_at


def test_that_no_end_was_known_is_kept_too() -> None:
    pace_rows.freeze(EmailServiceFactory(), "The contract ended")
    task = sending_task(10)
    keep_estimates()
    assert kept(task).expected_at is None
    assert compared(task) == ""


def test_of_what_is_not_being_sent_nothing_is_kept() -> None:
    TaskFactory(status=TaskStatus.PAUSED)
    keep_estimates()
    assert not EndEstimate.objects.exists()


def test_a_completed_campaign_says_how_good_its_estimate_was() -> None:
    task = SendingTaskFactory(status=TaskStatus.COMPLETED, completed_at=NOON + 2 * HOUR)
    EndEstimate.objects.create(task=task, expected_at=NOON, latest_at=NOON + HOUR)
    assert compared(task) == ("Done 14:00; when it began, 12:00 was expected, at the latest 13:00.")


def test_what_is_expected_lately_follows_the_services() -> None:
    service = EmailServiceFactory(sending_interval=360)
    task = sending_task(10)
    keep_estimates()
    renew_estimates()
    before = expected_lately([task.pk])[task.pk].expected
    Pace.objects.filter(service=service).update(frozen_until=Now() + HOUR)
    EndEstimate.objects.update(renewed_at=Now() - HOUR)
    renew_estimates()
    after = expected_lately([task.pk])[task.pk].expected
    assert before and after and after - before > HOUR / 2


def test_what_was_renewed_a_moment_ago_is_not_computed_again() -> None:
    EmailServiceFactory(sending_interval=360)
    task = sending_task(10)
    keep_estimates()
    renew_estimates()
    first = kept(task).renewed_at
    renew_estimates()
    assert kept(task).renewed_at == first


def test_what_was_expected_while_maintenance_ran_is_not_told_later() -> None:
    EmailServiceFactory(sending_interval=360)
    task = sending_task(10)
    keep_estimates()
    renew_estimates()
    EndEstimate.objects.update(renewed_at=Now() - HOUR)
    assert expected_lately([task.pk]) == {}
