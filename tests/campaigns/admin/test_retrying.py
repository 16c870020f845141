"""More failed messages of a campaign than a request may send again: the cluster does it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db.models.functions import Now

from campaigns.models import Operation, SubTask, Task
from campaigns.operations import running
from campaigns.state import bulk
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    address,
    entries,
    member,
    page_of,
    signed_in,
)
from tests.factories import ContentFactory, SendingTaskFactory, SubTaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 2)


@pytest.fixture
def user() -> Any:
    return member(MANAGER)


@pytest.fixture
def task(user: Any) -> Task:
    task: Task = SendingTaskFactory(owner=user, status="completed", name="Spring")
    fail(task, 3)
    return task


def fail(task: Task, number: int, **values: Any) -> None:
    content = task.contents.first() or ContentFactory(task=task)
    state = {"status": "failed", "failure_reason": "rejected", **values}
    SubTaskFactory.create_batch(number, task=task, content=content, **state)


def confirm(user: Any, task: Task) -> str:
    """The address of the page that it leads to."""
    url = address("campaigns.task", "retry_failed", task.pk)
    return str(signed_in(user).post(url, CONFIRM)["Location"])


def test_is_asked_about_with_how_it_is_done(user: Any, task: Task) -> None:
    page = page_of(signed_in(user).get(address("campaigns.task", "retry_failed", task.pk)))
    assert "3 messages of “Spring” failed." in page
    assert "These are more than 2: it is done in the background" in page


def test_is_done_with_progress_and_noted_in_the_history(user: Any, task: Task) -> None:
    to = confirm(user, task)
    operation = Operation.objects.get()
    assert to == address("campaigns.operation", "change", operation.pk)
    assert (operation.state, operation.total, operation.title) == ("queued", 3, "Spring")
    running.run(operation.pk)
    assert SubTask.objects.filter(status="pending").count() == 3
    task.refresh_from_db()
    assert task.status == "sending"
    assert entries(task) == [(user.username, "Asked for a retry of all that failed.")]


def test_leaves_what_fails_later_alone(user: Any, task: Task) -> None:
    confirm(user, task)
    fail(task, 1, failed_at=Now() + dt.timedelta(minutes=1))
    running.run(Operation.objects.get().pk)
    assert SubTask.objects.filter(status="failed").count() == 1


def test_of_few_is_done_at_once(user: Any) -> None:
    task = SendingTaskFactory(owner=user)
    fail(task, 2)
    assert confirm(user, task) == address("campaigns.task", "change", task.pk)
    assert SubTask.objects.filter(status="pending").count() == 2
    assert not Operation.objects.exists()
