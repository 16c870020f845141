"""The table of what a task may become, row by row."""

from __future__ import annotations

import pytest
from django.utils import timezone

from campaigns.models import Task, TaskStatus
from campaigns.state import transitions
from campaigns.state.transitions import TRANSITIONS
from tests.factories import TaskFactory

FROM = {
    "launch": "draft scheduled",
    "schedule": "draft scheduled",
    "unschedule": "scheduled",
    "pause": "sending",
    "resume": "paused",
    "cancel": "scheduled queued sending paused",
    "retry_failed": "sending paused completed",
    "reopen": "completed",
    "launch_due": "scheduled",
    "start_sending": "queued",
    "back_to_draft": "scheduled queued",
    "complete": "sending",
}
TO = {
    "launch": "queued",
    "schedule": "scheduled",
    "unschedule": "draft",
    "pause": "paused",
    "resume": "sending",
    "cancel": "cancelled",
    "reopen": "sending",
    "launch_due": "queued",
    "start_sending": "sending",
    "back_to_draft": "draft",
    "complete": "completed",
}
WORDS = {
    "launch": "launched",
    "schedule": "scheduled",
    "unschedule": "taken off the schedule",
    "pause": "paused",
    "resume": "resumed",
    "cancel": "cancelled",
    "retry_failed": "retried",
    "reopen": "reopened",
    "launch_due": "launched",
    "start_sending": "sent",
    "back_to_draft": "made a draft",
    "complete": "completed",
}
STATES = {
    "draft": "a draft",
    "scheduled": "scheduled",
    "queued": "launching",
    "sending": "sending",
    "paused": "paused",
    "completed": "completed",
    "cancelled": "cancelled",
}


def made(status: str) -> Task:
    task: Task = TaskFactory(status=status, scheduled_at=timezone.now())
    return task


def test_every_step_of_the_table_is_stated_here() -> None:
    assert list(TRANSITIONS) == list(FROM)


def test_every_status_is_the_first_one_or_the_end_of_a_step() -> None:
    reached = {step.end for step in TRANSITIONS.values() if step.end is not None}
    assert reached | {TaskStatus.DRAFT} == set(TaskStatus)


def test_what_is_over_is_left_by_reopening_alone() -> None:
    over = {TaskStatus.COMPLETED, TaskStatus.CANCELLED}
    leaving = {
        name for name, step in TRANSITIONS.items() if step.end is not None and over & {*step.start}
    }
    assert leaving == {"reopen"}


@pytest.mark.parametrize("status", TaskStatus.values)
@pytest.mark.parametrize("name", FROM)
def test_a_step_that_a_task_cannot_take_says_what_it_is_and_what_it_cannot_be(
    name: str, status: str
) -> None:
    task = Task(name="Spring", status=status)
    reason = f"“Spring” is {STATES[status]} and cannot be {WORDS[name]}."
    assert transitions.why_not(task, name) == ("" if status in FROM[name].split() else reason)


@pytest.mark.django_db
@pytest.mark.parametrize("name", TO)
def test_those_that_may_take_a_step_take_it_and_no_others_do(name: str) -> None:
    tasks = {status: made(status) for status in STATES}
    others = {status: made(status) for status in FROM[name].split()}

    moved = transitions.move([task.pk for task in tasks.values()], name, note="told")

    now = dict(Task.objects.values_list("pk", "status"))
    may = FROM[name].split()
    assert moved == len(may)
    assert {status: now[task.pk] for status, task in tasks.items()} == {
        status: TO[name] if status in may else status for status in STATES
    }
    assert {status: now[task.pk] for status, task in others.items()} == {s: s for s in may}
    assert Task.objects.filter(note="told").count() == len(may)


def test_what_leaves_a_task_as_it_is_moves_nothing() -> None:
    with pytest.raises(AssertionError, match=r"^retry_failed leaves a task what it is$"):
        transitions.move([], "retry_failed")
