"""Launches of what has changed since somebody wished them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models.functions import Now

from campaigns.launching import launch
from campaigns.models import SubTask, Task, TaskStatus
from campaigns.state import lifecycle
from tests.factories import ContactFactory, EmailServiceFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def due() -> Task:
    just_now = Now() - dt.timedelta(seconds=1)
    task: Task = TaskFactory(status=TaskStatus.SCHEDULED, scheduled_at=just_now)
    ContactFactory(owner=task.owner)
    EmailServiceFactory()
    return task


def test_a_task_whose_owner_is_switched_off_is_not_launched_at_its_time(due: Task) -> None:
    due.owner.is_active = False
    due.owner.save()
    assert lifecycle.launch_due() == 0
    due.refresh_from_db()
    assert due.status == TaskStatus.DRAFT
    assert "the account of its owner is switched off" in due.note


def test_it_can_still_be_launched_by_hand(due: Task) -> None:
    due.owner.is_active = False
    due.owner.save()
    lifecycle.launch_due()
    lifecycle.launch(due)
    launch.expand(due.pk)
    assert Task.objects.get().status == TaskStatus.SENDING
    assert SubTask.objects.count() == 1


def test_a_service_that_is_taken_away_meanwhile_is_not_used(due: Task) -> None:
    only = due.services.model.objects.get()
    only.users.add(TaskFactory().owner)
    lifecycle.launch_due()
    launch.expand(due.pk)
    due.refresh_from_db()
    assert due.status == TaskStatus.DRAFT
    assert "None of its email services is open to its owner." in due.note
