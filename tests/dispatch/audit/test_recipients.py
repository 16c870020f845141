"""The audit names a launch whose candidates are not its SubTasks and those left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db.models.functions import Now

from campaigns.launching import launch
from campaigns.models import Launch, LeftOut, SubTask, Suppression, Task, TaskStatus
from dispatch.audit.recipients import count_is_true
from tests.factories import ContactFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> Task:
    """Launched to three contacts; two more are left out, for two reasons."""
    made: Task = TaskFactory(status=TaskStatus.QUEUED, launched_at=Now())
    for name in ("ada", "bob", "cem", "dan"):
        ContactFactory(owner=made.owner, email=f"{name}@example.com")
    ContactFactory(owner=made.owner, mail_consent="refused")
    Suppression.objects.create(email="dan@example.com")
    launch.expand(made.pk)
    return made


def test_a_launch_that_adds_up_is_counted(task: Task) -> None:
    result = count_is_true()
    assert result.offenders == []
    assert result.summary == (
        "5 candidates of 1 launches, 3 got a message, 2 were left out, 0 both"
    )


def a_lost_row(task: Task) -> str:
    LeftOut.objects.filter(reason="refused").delete()
    return f"task {task.pk}: the launch left out 1 as refused, 0 are recorded"


def another_reason(task: Task) -> str:
    LeftOut.objects.filter(reason="refused").update(reason="paused")
    return f"task {task.pk}: the launch left out 0 as paused, 1 are recorded"


def another_sum(task: Task) -> str:
    Launch.objects.update(walked=6)
    return f"task {task.pk}: 6 candidates, but 3 messages and 2 left out"


def one_in_both(task: Task) -> str:
    left_out = LeftOut.objects.get(reason="refused")
    subtask = SubTask.objects.order_by("pk")[0]
    SubTask.objects.filter(pk=subtask.pk).update(contact_id=left_out.contact_id)
    what = f"was left out and has SubTask {subtask.pk}"
    return f"task {task.pk}: contact {left_out.contact_id} {what}"


def a_stranger_among_those_left_out(task: Task) -> str:
    LeftOut.objects.filter(reason="refused").update(contact_id=999_999_999)
    return f"task {task.pk}: the SubTasks and those left out are not the contacts"


def a_message_for_a_stranger(task: Task) -> str:
    subtask = SubTask.objects.order_by("pk")[0]
    SubTask.objects.filter(pk=subtask.pk).update(contact_id=999_999_999)
    return f"task {task.pk}: the SubTasks and those left out are not the contacts"


def a_message_of_no_contact(task: Task) -> str:
    subtask = SubTask.objects.order_by("pk")[0]
    SubTask.objects.filter(pk=subtask.pk).update(contact_id=None)
    return f"task {task.pk}: the SubTasks and those left out are not the contacts"


def two_that_are_missing_without_a_count(task: Task) -> str:
    """As if the launch had never looked at them."""
    SubTask.objects.filter(recipient_email="ada@example.com").delete()
    LeftOut.objects.filter(reason="refused").delete()
    Launch.objects.update(walked=3, inserted=2, left_out={"suppressed": 1})
    return f"task {task.pk}: the SubTasks and those left out are not the contacts"


@pytest.mark.parametrize(
    "breaks",
    [
        a_lost_row,
        another_reason,
        another_sum,
        one_in_both,
        a_stranger_among_those_left_out,
        a_message_for_a_stranger,
        a_message_of_no_contact,
        two_that_are_missing_without_a_count,
    ],
)
def test_what_does_not_add_up_is_named(task: Task, breaks: Callable[[Task], str]) -> None:
    expected = breaks(task)
    assert any(each.startswith(expected) for each in count_is_true().offenders)


def test_a_launch_of_before_this_was_recorded_is_not_judged(task: Task) -> None:
    Launch.objects.update(fingerprint=None, left_out=None)
    SubTask.objects.update(contact_id=None)
    assert count_is_true().offenders == []


def test_a_launch_under_way_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "CHUNK", 2)
    task = TaskFactory(status=TaskStatus.QUEUED, launched_at=Now())
    ContactFactory.create_batch(5, owner=task.owner)
    launch.prepare(task)
    launch.expand_chunk(task)
    SubTask.objects.update(contact_id=None)
    assert count_is_true().offenders == []
