"""What is known of sent messages follows the SubTasks, whatever writes them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from campaigns import engagement
from campaigns.models import Content, Engagement, EngagementKind, SubTask, SubTaskStatus, Task
from campaigns.state import states
from campaigns.state.states import Settlement
from tests.campaigns.segments.population import key_of
from tests.factories import (
    EmailServiceFactory,
    SubTaskFactory,
    UserFactory,
    held,
    living_dispatcher,
    sending_task,
    token_of,
)

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


def known() -> list[tuple[int, int, int, dt.datetime]]:
    rows = Engagement.objects.order_by("task", "address_key")
    return list(rows.values_list("task", "kind", "address_key", "at"))


def sent(email: str = "ada@example.com") -> SubTask:
    return SubTaskFactory(
        status=SubTaskStatus.SENT,
        sent_at=NOON,
        service=EmailServiceFactory(),
        recipient_email=email,
    )


def test_a_message_that_is_not_sent_is_not_known() -> None:
    sending_task(messages=3)
    SubTask.objects.update(error="later")
    assert known() == []


def test_a_message_that_a_dispatcher_settles_as_sent_is_known() -> None:
    subtask = held(SubTaskStatus.SENDING, living_dispatcher(), EmailServiceFactory())
    states.settle([Settlement(subtask.pk, token_of(subtask), SubTaskStatus.SENT)])
    subtask.refresh_from_db()
    assert subtask.sent_at is not None
    key = key_of(subtask.recipient_email)
    assert known() == [(subtask.task_id, EngagementKind.SENT, key, subtask.sent_at)]


def test_a_row_that_is_stored_as_sent_is_known() -> None:
    subtask = sent("ada@example.com")
    assert known() == [(subtask.task_id, EngagementKind.SENT, key_of("ada@example.com"), NOON)]
    assert Engagement.objects.get().owner_id == subtask.task.owner_id


def test_what_is_known_follows_the_time_the_address_and_the_deletion() -> None:
    subtask = sent()
    SubTask.objects.update(sent_at=NOON - dt.timedelta(days=1), recipient_email="bob@example.com")
    earlier = NOON - dt.timedelta(days=1)
    assert known() == [(subtask.task_id, 1, key_of("bob@example.com"), earlier)]
    SubTask.objects.update(sent_at=None)
    assert known() == []
    SubTask.objects.update(sent_at=NOON)
    assert len(known()) == 1
    SubTask.objects.all().delete()
    assert known() == []


def test_another_change_of_a_sent_message_changes_nothing() -> None:
    sent()
    before = known()
    SubTask.objects.update(status=SubTaskStatus.OPENED, opened_at=timezone.now())
    assert known() == before


def test_what_is_known_follows_the_owner_of_its_task() -> None:
    subtask = sent()
    other = UserFactory()
    Task.objects.filter(pk=subtask.task_id).update(owner=other)
    assert Engagement.objects.get().owner_id == other.pk


def test_what_is_known_goes_with_its_task() -> None:
    task = sent().task
    engagement.record(
        [engagement.Fact(task.pk, EngagementKind.OPENED, False, "ada@example.com", "", NOON)]
    )
    SubTask.objects.all().delete()
    Content.objects.all().delete()
    task.delete()
    assert known() == []


def test_a_fact_that_comes_again_keeps_the_last_time() -> None:
    task = sent().task
    fact = engagement.Fact(task.pk, EngagementKind.OPENED, False, "ada@example.com", "", NOON)
    later = fact._replace(at=NOON + dt.timedelta(hours=1))
    engagement.record([fact, later])
    engagement.record([fact])
    assert Engagement.objects.get(kind=EngagementKind.OPENED).at == later.at


def test_an_address_is_forgotten_of_all_tasks_and_no_other_one() -> None:
    sent("ada@example.com")
    sent("ada@example.com")
    other = sent("bob@example.com")
    engagement.forget("ada@example.com")
    assert [row[0] for row in known()] == [other.task_id]
