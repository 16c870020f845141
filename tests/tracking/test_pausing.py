"""A task that does harm is paused, says why, and goes on when staff say so."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns.models import SubTask, SubTaskStatus, Task, TaskStatus
from campaigns.state import lifecycle
from campaigns.state.lifecycle import PAUSED_AUTOMATICALLY
from dispatch.claiming import compose
from dispatch.process import maintenance
from tests.dispatching import Dispatch, MakeService
from tests.factories import ContentFactory, EmailServiceFactory, SendingTaskFactory
from tests.smtp_server import SmtpServer
from tests.tracking.making import event
from tracking import pausing
from tracking.event_kinds import EventKind
from tracking.events import apply, inbox
from tracking.models import PauseBaseline

pytestmark = pytest.mark.django_db

K = EventKind


@pytest.fixture(autouse=True)
def small_numbers(settings: Settings) -> None:
    settings.PAUSE_MIN_MESSAGES = 20
    settings.PAUSE_HARD_BOUNCE_PERCENT = 5
    settings.PAUSE_COMPLAINT_PERCENT = 5


class Campaign:
    """A task being sent, with messages that were, and one that is still to be."""

    def __init__(self, messages: int = 0) -> None:
        self.task: Task = SendingTaskFactory()
        self.content = ContentFactory(task=self.task)
        self.service = EmailServiceFactory()
        self.numbers = 0
        self.add(1)
        self.send(messages)

    def add(self, count: int, **values: Any) -> list[SubTask]:
        start, self.numbers = self.numbers, self.numbers + count
        return SubTask.objects.bulk_create(
            SubTask(
                task=self.task,
                content=self.content,
                recipient_email=f"r{n}@example.com",
                **values,
            )
            for n in range(start, start + count)
        )

    def send(self, messages: int) -> None:
        self.sent = self.add(
            messages, status=SubTaskStatus.SENT, service=self.service, sent_at=Now()
        )

    def tell(self, kind: EventKind, count: int) -> None:
        inbox.accept(event(kind, subtask) for subtask in self.sent[:count])
        apply.apply_waiting()

    def look(self) -> str:
        """The task's status after a look at it."""
        pausing.pause_bad_tasks()
        self.task.refresh_from_db()
        return self.task.status


@pytest.mark.parametrize("kind", [K.HARD_BOUNCED, K.COMPLAINED])
def test_above_the_limit_a_task_is_paused(kind: EventKind) -> None:
    campaign = Campaign(40)
    campaign.tell(kind, 2)
    assert campaign.look() == TaskStatus.SENDING  # 5 % of 40 is allowed
    campaign.tell(kind, 3)
    assert campaign.look() == TaskStatus.PAUSED


def test_the_reason_says_what_happened_and_what_to_do() -> None:
    campaign = Campaign(40)
    campaign.tell(K.HARD_BOUNCED, 3)
    campaign.look()
    note = campaign.task.note
    assert note.startswith("Paused automatically: 3 of 40 messages bounced for good, 7.50 %;")
    assert "the limit is 5 %" in note
    assert "Find out where the addresses come from" in note
    assert "Resume the campaign to go on" in note


def test_for_complaints_it_says_so() -> None:
    campaign = Campaign(40)
    campaign.tell(K.COMPLAINED, 3)
    campaign.look()
    assert "3 of 40 messages were reported as spam" in campaign.task.note


@pytest.mark.parametrize("kind", sorted(set(K) - {K.HARD_BOUNCED, K.COMPLAINED}))
def test_nothing_else_pauses_a_task(kind: EventKind) -> None:
    campaign = Campaign(40)
    campaign.tell(kind, 40)
    assert campaign.look() == TaskStatus.SENDING


def test_a_few_messages_say_nothing() -> None:
    campaign = Campaign(19)
    campaign.tell(K.HARD_BOUNCED, 19)
    assert campaign.look() == TaskStatus.SENDING


def test_a_recipient_counts_once() -> None:
    campaign = Campaign(40)
    for _ in range(5):
        campaign.tell(K.COMPLAINED, 1)
    assert campaign.look() == TaskStatus.SENDING


@pytest.mark.parametrize(
    ("kind", "setting"),
    [(K.HARD_BOUNCED, "PAUSE_HARD_BOUNCE_PERCENT"), (K.COMPLAINED, "PAUSE_COMPLAINT_PERCENT")],
)
def test_zero_is_never(settings: Settings, kind: EventKind, setting: str) -> None:
    setattr(settings, setting, 0)
    campaign = Campaign(40)
    campaign.tell(kind, 40)
    assert campaign.look() == TaskStatus.SENDING


def test_after_staff_resumed_it_what_came_before_does_not_pause_it_again() -> None:
    campaign = Campaign(40)
    campaign.tell(K.HARD_BOUNCED, 10)
    assert campaign.look() == TaskStatus.PAUSED
    lifecycle.resume(campaign.task)
    assert campaign.look() == TaskStatus.SENDING
    assert campaign.look() == TaskStatus.SENDING
    assert campaign.task.note == ""
    assert PauseBaseline.objects.get().hard_bounces == 10


def test_what_comes_after_that_does() -> None:
    campaign = Campaign(40)
    campaign.tell(K.HARD_BOUNCED, 10)
    campaign.look()
    lifecycle.resume(campaign.task)
    campaign.look()
    campaign.send(20)
    assert campaign.look() == TaskStatus.SENDING
    campaign.tell(K.HARD_BOUNCED, 2)
    assert campaign.look() == TaskStatus.PAUSED
    assert "2 of 20 messages" in campaign.task.note


def test_each_time_that_staff_resume_it_it_is_counted_anew() -> None:
    campaign = Campaign(40)
    for _ in range(3):
        campaign.tell(K.HARD_BOUNCED, 10)
        assert campaign.look() == TaskStatus.PAUSED
        lifecycle.resume(campaign.task)
        assert campaign.look() == TaskStatus.SENDING
        campaign.send(40)
    assert PauseBaseline.objects.count() == 1


@pytest.mark.parametrize("status", [TaskStatus.PAUSED, TaskStatus.COMPLETED, TaskStatus.CANCELLED])
def test_a_task_that_is_not_being_sent_is_left_alone(status: TaskStatus) -> None:
    campaign = Campaign(40)
    campaign.tell(K.HARD_BOUNCED, 40)
    Task.objects.update(status=status, note="by hand")
    assert campaign.look() == status
    assert campaign.task.note == "by hand"


def test_one_task_does_not_answer_for_another() -> None:
    bad, good = Campaign(40), Campaign(40)
    bad.tell(K.HARD_BOUNCED, 40)
    assert good.look() == TaskStatus.SENDING
    assert bad.look() == TaskStatus.PAUSED


@pytest.mark.parametrize(("tasks", "queries"), [(1, 3), (8, 3)])
def test_a_look_costs_three_queries_however_many_tasks_are_fine(
    tasks: int, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(tasks):
        Campaign(2)
    with django_assert_num_queries(queries):
        pausing.pause_bad_tasks()


def test_a_task_that_is_paused_by_hand_at_that_moment_keeps_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = Campaign(40)
    campaign.tell(K.HARD_BOUNCED, 40)
    pause = lifecycle.pause

    def late(task: Task, reason: str = "") -> None:
        Task.objects.filter(pk=task.pk).update(status=TaskStatus.PAUSED, note="by hand")
        pause(task, reason)

    monkeypatch.setattr(lifecycle, "pause", late)
    assert campaign.look() == TaskStatus.PAUSED
    assert campaign.task.note == "by hand"


def test_it_is_one_of_the_chores() -> None:
    assert pausing.pause_bad_tasks in maintenance.CHORES


def test_refusals_while_sending_count_like_bounces_that_come_later(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    with SmtpServer(behaviours=["rcpt:reply:550 5.1.1 No such user"]) as server:
        make_service(server=server)
        campaign = Campaign()
        campaign.add(24)
        dispatch()
    apply.apply_waiting()
    assert campaign.look() == TaskStatus.PAUSED
    assert "25 of 25 messages bounced for good" in campaign.task.note


def test_each_note_begins_as_staff_are_told_of_automatic_pauses() -> None:
    notes = [*pausing.TOO_MANY.values(), compose.TOO_COSTLY]
    assert [each for each in notes if not each.startswith(PAUSED_AUTOMATICALLY)] == []
