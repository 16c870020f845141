"""When a task is completed, and what brings it back."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now

from campaigns.models import Task, TaskStatus
from campaigns.state import lifecycle
from tests.campaigns.rendering.living import LATER, ready, status, with_subtasks
from tests.concurrency import running, second_connection, wait_until_somebody_waits_for_a_lock
from tests.factories import EmailServiceFactory, in_doubt

pytestmark = pytest.mark.django_db

EVERY_STATUS = TaskStatus.values


class TestCompletion:
    def test_a_task_with_nothing_left_to_do_is_completed(self) -> None:
        task = with_subtasks("sending", status="sent", service=EmailServiceFactory())
        assert lifecycle.complete_finished() == 1
        task.refresh_from_db()
        assert task.status == TaskStatus.COMPLETED
        assert task.completed_at is not None

    def test_a_task_whose_subtasks_all_failed_is_completed(self) -> None:
        task = with_subtasks("sending", status="failed", failure_reason="invalid")
        lifecycle.complete_finished()
        assert status(task) == TaskStatus.COMPLETED

    def test_a_task_with_something_pending_is_not_completed(self) -> None:
        task = with_subtasks("sending")
        assert lifecycle.complete_finished() == 0
        assert status(task) == TaskStatus.SENDING

    def test_a_task_with_a_retry_in_the_future_is_not_completed(self) -> None:
        task = with_subtasks("sending", available_at=LATER)
        lifecycle.complete_finished()
        assert status(task) == TaskStatus.SENDING

    def test_a_task_with_one_in_doubt_waits_for_a_decision(self) -> None:
        task = ready("sending")
        in_doubt(EmailServiceFactory(), task=task)
        lifecycle.complete_finished()
        assert status(task) == TaskStatus.SENDING

    @pytest.mark.parametrize("before", ["draft", "scheduled", "queued", "paused", "cancelled"])
    def test_only_a_task_being_sent_is_completed(self, before: str) -> None:
        task = ready(before)
        assert lifecycle.complete_finished() == 0
        assert status(task) == before

    def test_completing_again_keeps_the_time(self) -> None:
        task = with_subtasks("sending", status="sent", service=EmailServiceFactory())
        lifecycle.complete_finished()
        first = Task.objects.get(pk=task.pk).completed_at
        lifecycle.complete_finished()
        assert Task.objects.get(pk=task.pk).completed_at == first


class TestLateEvents:
    @pytest.mark.parametrize("before", ["paused", "cancelled", "completed"])
    def test_the_end_of_a_launch_brings_no_task_back(self, before: str) -> None:
        task = ready(before)
        assert not lifecycle.start_sending(task)
        assert status(task) == before

    @pytest.mark.parametrize("before", ["sending", "paused", "cancelled", "completed"])
    def test_a_launch_that_comes_to_nothing_brings_no_task_back(self, before: str) -> None:
        task = ready(before)
        lifecycle.back_to_draft(task, "why")
        assert (status(task), Task.objects.get(pk=task.pk).note) == (before, "")

    @pytest.mark.parametrize("before", [s for s in EVERY_STATUS if s != "completed"])
    def test_only_a_completed_task_is_reopened(self, before: str) -> None:
        task = ready(before)
        lifecycle.reopen([task.pk])
        assert status(task) == before

    def test_a_completed_task_is_reopened(self) -> None:
        task = ready("completed", completed_at=Now())
        lifecycle.reopen([task.pk])
        task.refresh_from_db()
        assert (task.status, task.completed_at) == (TaskStatus.SENDING, None)


@pytest.mark.django_db(transaction=True)
def test_a_task_whose_subtasks_are_retried_at_this_moment_is_not_completed() -> None:
    task = with_subtasks("sending", 1, status="failed", failure_reason="invalid")
    with second_connection() as staff, staff.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM campaigns_task FOR NO KEY UPDATE")
        with running(lifecycle.complete_finished) as maintenance:
            wait_until_somebody_waits_for_a_lock()
            cursor.execute("UPDATE campaigns_subtask SET status = 'pending', failure_reason = ''")
            cursor.execute("COMMIT")
            assert maintenance.result() == 0
    assert status(task) == TaskStatus.SENDING
