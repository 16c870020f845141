"""An action on all SubTasks that match, not only those of the page: counted, bounded, narrow."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import SubTask
from dispatch.admin.subtasks import actions
from dispatch.models import Decision
from tests.campaigns.admin.staff import CONFIRM, MANAGER, address, member, page_of, signed_in, texts
from tests.factories import (
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db

LIST = address("campaigns.subtask", "changelist")
IN_DOUBT = "?in_doubt=yes"


@pytest.fixture
def user() -> Any:
    return member(MANAGER)


def task_in_doubt(owner: Any, number: int) -> Any:
    """A task with so many messages in doubt, and one that is not."""
    task = SendingTaskFactory(owner=owner)
    content, service = ContentFactory(task=task), EmailServiceFactory()
    for _ in range(number):
        in_doubt(service, task=task, content=content)
    SubTaskFactory(task=task, content=content)
    return task


def run_on_all(user: Any, action: str, query: str, **fields: str) -> Any:
    form = {"action": action, "_selected_action": "0", "select_across": "1", **fields}
    return signed_in(user).post(LIST + query, form, follow=True)


def test_are_offered_with_their_number(user: Any) -> None:
    task = task_in_doubt(user, 60)
    client = signed_in(user)
    offered = page_of(client.get(LIST + IN_DOUBT))
    assert "objects across all pages" in offered
    assert "Select all 60 messages" in offered
    assert "Select all 61 messages" in page_of(client.get(f"{LIST}?task__id__exact={task.pk}"))


def test_are_not_offered_where_counting_would_read_everything(user: Any) -> None:
    task_in_doubt(user, 60)
    for query in ("", "?status__exact=failed", "?in_doubt=no"):
        assert "objects across all pages" not in page_of(signed_in(user).get(LIST + query))


def test_are_counted_up_to_a_bound(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 55)
    task_in_doubt(user, 60)
    assert "Select all 55 messages" in page_of(signed_in(user).get(LIST + IN_DOUBT))


@pytest.mark.parametrize("action", ["was_sent", "send_again", "give_up"])
def test_are_asked_about_by_number_and_settled_together(user: Any, action: str) -> None:
    task_in_doubt(user, 60)
    assert "60 messages in doubt" in page_of(run_on_all(user, action, IN_DOUBT))
    assert Decision.objects.count() == 0
    response = run_on_all(user, action, IN_DOUBT, **CONFIRM)
    assert "60 messages in doubt" in texts(response)
    assert Decision.objects.filter(user=user).count() == 60
    assert not SubTask.objects.filter(in_doubt_since__isnull=False).exists()


def test_that_failed_in_a_task_are_tried_again(user: Any) -> None:
    task = task_in_doubt(user, 1)
    SubTaskFactory.create_batch(
        60, task=task, content=task.contents.get(), status="failed", failure_reason="rejected"
    )
    query = f"?task__id__exact={task.pk}&status__exact=failed"
    run_on_all(user, "retry_failed_subtasks", query, **CONFIRM)
    assert not SubTask.objects.filter(status="failed").exists()
    assert SubTask.objects.filter(status="pending").count() == 61


def test_beyond_the_bound_wait_for_the_next_time(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 2)
    task_in_doubt(user, 5)
    run_on_all(user, "give_up", IN_DOUBT, **CONFIRM)
    assert SubTask.objects.filter(in_doubt_since__isnull=False).count() == 3


@pytest.mark.parametrize("fields", [{}, CONFIRM])
def test_of_everything_there_is_are_refused(user: Any, fields: dict[str, str]) -> None:
    task_in_doubt(user, 2)
    response = run_on_all(user, "give_up", "", **fields)
    assert "Choose a campaign" in texts(response)
    assert SubTask.objects.filter(in_doubt_since__isnull=False).count() == 2


def test_of_others_are_left_alone(user: Any) -> None:
    task_in_doubt(member(MANAGER), 2)
    task_in_doubt(user, 1)
    run_on_all(user, "give_up", IN_DOUBT, **CONFIRM)
    assert SubTask.objects.filter(in_doubt_since__isnull=False).count() == 2
