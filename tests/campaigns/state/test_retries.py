from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from campaigns.models import SubTask, Suppression, Task
from campaigns.state import retries
from campaigns.state.retries import RetryPlan
from tests.factories import (
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db


Make = Callable[..., SubTask]


@pytest.fixture
def task() -> Task:
    return SendingTaskFactory(status="completed")


@pytest.fixture
def make(task: Task) -> Make:
    content = ContentFactory(task=task)

    def make(**kwargs: Any) -> SubTask:
        kwargs.setdefault("status", "failed")
        if kwargs["status"] == "failed":
            kwargs.setdefault("failure_reason", "retries_exhausted")
        elif kwargs["status"] != "pending":
            kwargs.setdefault("service", EmailServiceFactory())
        return SubTaskFactory(task=task, content=content, **kwargs)

    return make


def status(subtask: SubTask) -> str:
    return SubTask.objects.values_list("status", flat=True).get(pk=subtask.pk)


def retry() -> retries.RetryPlan:
    return retries.retry_failed(SubTask.objects.all())


def test_failed_subtasks_are_pending_again(make: Make) -> None:
    subtask = make(attempts=6)
    assert retry() == RetryPlan(retryable=1)
    subtask.refresh_from_db()
    assert (subtask.status, subtask.attempts, subtask.failure_reason) == ("pending", 0, "")


@pytest.mark.parametrize(
    ("given_up", "said"),
    [
        (1, "Of these, 1 was given up while in doubt and may arrive twice."),
        (2, "Of these, 2 were given up while in doubt and may arrive twice."),
    ],
)
def test_staff_are_told_which_of_them_may_arrive_twice(
    make: Make, given_up: int, said: str
) -> None:
    make()
    for _ in range(given_up):
        make(failure_reason="discarded")
    plan = retries.plan(SubTask.objects.all())
    assert (plan.retryable, plan.in_doubt) == (given_up + 1, given_up)
    assert plan.explain() == f"{given_up + 1} failed messages will be sent again. {said}"


def test_a_completed_task_is_being_sent_again(make: Make, task: Task) -> None:
    make()
    retry()
    assert Task.objects.get(pk=task.pk).status == "sending"


@pytest.mark.parametrize("before", ["sending", "paused"])
def test_a_task_that_is_not_completed_stays_as_it_is(make: Make, task: Task, before: str) -> None:
    Task.objects.update(status=before)
    make()
    retry()
    assert Task.objects.get(pk=task.pk).status == before


def test_a_task_of_which_nothing_is_retried_stays_completed(make: Make, task: Task) -> None:
    make(status="sent")
    retry()
    assert Task.objects.get(pk=task.pk).status == "completed"


@pytest.mark.parametrize("listed", ["ada@example.com", "@example.com"])
def test_suppressed_addresses_are_left_out(make: Make, listed: str) -> None:
    subtask = make(recipient_email="ada@example.com")
    Suppression.objects.create(email=listed, reason="unsubscribed")
    assert retry() == RetryPlan(suppressed=1)
    assert status(subtask) == "failed"


def test_addresses_that_bounced_for_good_are_left_out(make: Make) -> None:
    subtask = make(recipient_email="ada@example.com", failure_reason="rejected")
    Suppression.objects.create(email="ada@example.com", reason="hard_bounce")
    assert retry() == RetryPlan(hard_bounced=1)
    assert status(subtask) == "failed"


def test_bounced_subtasks_are_left_out(make: Make) -> None:
    subtask = make(status="bounced")
    assert retry() == RetryPlan(hard_bounced=1)
    assert status(subtask) == "bounced"


def test_subtasks_of_a_cancelled_task_are_left_out(make: Make) -> None:
    subtask = make(failure_reason="cancelled")
    Task.objects.update(status="cancelled")
    assert retry() == RetryPlan(cancelled=1)
    assert status(subtask) == "failed"


@pytest.mark.parametrize("state", ["pending", "sent", "delivered", "opened", "clicked"])
def test_subtasks_that_have_not_failed_are_left_out(make: Make, state: str) -> None:
    subtask = make(status=state)
    assert retry() == RetryPlan(not_failed=1)
    assert status(subtask) == state


def test_a_subtask_in_doubt_is_never_retried_blindly() -> None:
    subtask = in_doubt(EmailServiceFactory())
    assert retry() == RetryPlan(not_failed=1)
    assert SubTask.objects.get(pk=subtask.pk).in_doubt_since is not None


def test_only_the_subtasks_asked_for_are_retried(make: Make) -> None:
    asked, other = make(), make()
    retries.retry_failed(SubTask.objects.filter(pk=asked.pk))
    assert (status(asked), status(other)) == ("pending", "failed")


def test_any_number_is_retried_in_chunks(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "CHUNK", 2)
    for _ in range(5):
        make()
    assert retry().retryable == 5
    assert set(SubTask.objects.values_list("status", flat=True)) == {"pending"}


def test_the_plan_says_what_the_retry_then_does(make: Make) -> None:
    make()
    make(recipient_email="ada@example.com")
    make(recipient_email="bob@example.com")
    make(status="bounced")
    make(status="sent")
    Suppression.objects.create(email="ada@example.com", reason="unsubscribed")
    Suppression.objects.create(email="bob@example.com", reason="hard_bounce")
    planned = retries.plan(SubTask.objects.all())
    assert planned == retry()
    assert planned == RetryPlan(retryable=1, suppressed=1, hard_bounced=2, not_failed=1)


def test_every_subtask_is_in_the_plan_once(make: Make) -> None:
    make(recipient_email="ada@example.com")
    make(failure_reason="rejected")
    make(status="bounced")
    Suppression.objects.create(email="ada@example.com", reason="manual")
    Suppression.objects.create(email="@example.com", reason="hard_bounce")
    plan = retries.plan(SubTask.objects.all())
    counted = plan.retryable + plan.suppressed + plan.hard_bounced + plan.cancelled
    assert counted + plan.not_failed == 3


def test_a_plan_changes_nothing(make: Make) -> None:
    subtask = make()
    retries.plan(SubTask.objects.all())
    assert status(subtask) == "failed"


def test_retrying_again_finds_nothing(make: Make) -> None:
    make()
    retry()
    assert retry() == RetryPlan(not_failed=1)


def test_the_plan_is_explained_in_a_sentence() -> None:
    assert RetryPlan(retryable=3).explain() == "3 failed messages will be sent again."


def test_what_is_left_out_is_explained_with_numbers() -> None:
    text = RetryPlan(retryable=1, suppressed=2, hard_bounced=3, cancelled=4, not_failed=5).explain()
    assert "2 on the suppression list, 3 bounced for good" in text
    assert "4 of a cancelled campaign, 5 not failed" in text
