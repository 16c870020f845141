"""A launch that failed too often leaves a draft that says why, and can be launched again."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now

from campaigns import background, tasks
from campaigns.launching import launch, undo_launch
from campaigns.models import BackgroundJob, Content, Launch, SubTask, Task, TaskStatus
from campaigns.state import lifecycle
from tests.factories import ContactFactory, EmailServiceFactory, TaskFactory

pytestmark = pytest.mark.django_db


def launching(recipients: int) -> Task:
    """With as many chunks made as there are, but for the last."""
    task: Task = TaskFactory(status=TaskStatus.QUEUED, launched_at=Now())
    ContactFactory.create_batch(recipients, owner=task.owner)
    launch.prepare(task)
    launch.expand_chunk(task)
    return task


def failed(task: Task) -> BackgroundJob:
    tasks.expand_later(task.pk)
    BackgroundJob.objects.update(attempts=3, reason="It took too long.")
    return BackgroundJob.objects.get()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "CHUNK", 10)
    monkeypatch.setattr(undo_launch, "CHUNK", 4)


def look_after() -> None:
    background.look_after([])


def test_what_was_made_is_removed_and_the_task_is_a_draft_that_says_why() -> None:
    task = launching(25)
    failed(task)
    for _ in range(4):
        look_after()
    task.refresh_from_db()
    assert not (SubTask.objects.exists() or Launch.objects.exists() or Content.objects.exists())
    assert task.status == TaskStatus.DRAFT
    assert "after 3 attempts. The last one: It took too long. Nothing was sent" in task.note


def test_it_goes_a_chunk_at_a_time() -> None:
    task = launching(25)
    failed(task)
    look_after()
    assert SubTask.objects.count() == 6
    task.refresh_from_db()
    assert task.status == TaskStatus.QUEUED


def test_it_can_be_launched_again() -> None:
    task = launching(25)
    failed(task)
    for _ in range(4):
        look_after()
    task.refresh_from_db()
    EmailServiceFactory()
    lifecycle.launch(task)
    tasks.expand_later(task.pk)
    launch.expand(task.pk)
    task.refresh_from_db()
    assert (task.status, task.note, SubTask.objects.count()) == (TaskStatus.SENDING, "", 25)


def test_a_worker_that_still_hangs_in_the_launch_makes_nothing_more() -> None:
    task = launching(25)
    undo_launch.undo(failed(task))
    assert not launch.expand_chunk(task)
    for _ in range(4):
        look_after()
    launch.prepare(task)
    assert not (SubTask.objects.exists() or Launch.objects.exists())


def test_nothing_is_done_to_a_task_that_was_cancelled_meanwhile() -> None:
    task = launching(25)
    job = failed(task)
    lifecycle.cancel(task)
    assert undo_launch.undo(job)
    assert SubTask.objects.count() == 10


def test_a_launch_that_gets_on_is_not_set_aside_for_what_failed_before() -> None:
    task = launching(25)
    failed(task)
    BackgroundJob.objects.update(attempts=2)
    launch.expand(task.pk)
    assert not BackgroundJob.objects.exists()
    assert SubTask.objects.count() == 25
