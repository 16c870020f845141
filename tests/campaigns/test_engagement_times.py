"""The times of an address are those of its messages, after every write, change and deletion."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import pytest

from campaigns import engagement
from campaigns.models import (
    Contact,
    Content,
    Engagement,
    EngagementKind,
    EngagementTimes,
    SubTask,
    SubTaskStatus,
    Task,
)
from devmail import audience
from dispatch.models import Attempt
from tests.campaigns.segments.population import key_of
from tests.factories import EmailServiceFactory, SubTaskFactory, TaskFactory, UserFactory
from tracking.models import Event

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
ADA = "ada@example.com"
Times = dict[tuple[object, ...], list[dt.datetime]]


def sent(task: Task, hours: int, email: str = ADA) -> SubTask:
    return SubTaskFactory(
        task=task,
        status=SubTaskStatus.SENT,
        sent_at=NOON + dt.timedelta(hours=hours),
        service=EmailServiceFactory(),
        recipient_email=email,
    )


def hours_of(email: str = ADA, kind: int = EngagementKind.SENT) -> list[float]:
    """The hours after noon."""
    rows = EngagementTimes.objects.filter(address_key=key_of(email), kind=kind)
    return [(at - NOON).total_seconds() / 3600 for row in rows for at in row.times]


def stored() -> Times:
    return {
        (row.owner_id, row.kind, row.is_machine, row.link, row.address_key): row.times
        for row in EngagementTimes.objects.all()
    }


def counted() -> Times:
    """From the single facts."""
    found: Times = defaultdict(list)
    for fact in Engagement.objects.order_by("-at"):
        key = (fact.owner_id, fact.kind, fact.is_machine, fact.link, fact.address_key)
        found[key].append(fact.at)
    return dict(found)


def tasks_of_one_owner(count: int) -> list[Task]:
    owner = UserFactory()
    return [TaskFactory(owner=owner) for _ in range(count)]


def test_times_are_the_newest_first_in_whichever_order_messages_are_sent() -> None:
    for task, hours in zip(tasks_of_one_owner(4), (2, 5, 1, 5), strict=True):
        sent(task, hours)
    assert hours_of() == [5, 5, 2, 1]


def test_a_message_that_is_taken_back_or_moved_takes_one_time_with_it() -> None:
    messages = [
        sent(task, hours) for task, hours in zip(tasks_of_one_owner(3), (1, 2, 2), strict=True)
    ]
    SubTask.objects.filter(pk=messages[1].pk).update(sent_at=None)
    assert hours_of() == [2, 1]
    SubTask.objects.filter(pk=messages[2].pk).update(sent_at=NOON)
    assert hours_of() == [1, 0]
    SubTask.objects.filter(pk=messages[0].pk).update(recipient_email="bob@example.com")
    assert (hours_of(), hours_of("bob@example.com")) == ([0], [1])


def test_an_address_without_messages_has_no_row() -> None:
    sent(TaskFactory(), 1)
    SubTask.objects.all().delete()
    assert not EngagementTimes.objects.exists()


def test_a_fact_that_comes_again_counts_once_with_its_last_time() -> None:
    task = TaskFactory()
    for hours in (1, 3, 2):
        at = NOON + dt.timedelta(hours=hours)
        engagement.record([engagement.Fact(task.pk, EngagementKind.OPENED, False, ADA, "", at)])
    assert hours_of(kind=EngagementKind.OPENED) == [3]


def test_times_follow_the_owner_of_a_task() -> None:
    first, second = tasks_of_one_owner(2)
    sent(first, 1)
    sent(second, 2)
    other = UserFactory()
    Task.objects.filter(pk=first.pk).update(owner=other)
    assert {row.owner_id: len(row.times) for row in EngagementTimes.objects.all()} == {
        other.pk: 1,
        second.owner_id: 1,
    }


def test_times_go_with_their_task_and_with_a_forgotten_address() -> None:
    first, second = tasks_of_one_owner(2)
    sent(first, 1)
    sent(second, 2)
    sent(second, 3, "bob@example.com")
    SubTask.objects.filter(task=first).delete()
    Content.objects.filter(task=first).delete()
    first.delete()
    assert hours_of() == [2]
    engagement.forget(ADA)
    assert (hours_of(), hours_of("bob@example.com")) == ([], [3])


@pytest.fixture
def no_vacuum(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot run in the transaction of a test."""
    monkeypatch.setattr(audience, "analyze", lambda: None)


@pytest.mark.usefixtures("no_vacuum")
@pytest.mark.parametrize("with_messages", [False, True])
def test_a_whole_audience_has_the_times_of_its_facts(with_messages: bool) -> None:
    audience.seed(60, 600, lambda text: None, with_messages)
    assert len(stored()) > 100
    assert stored() == counted()


@pytest.mark.usefixtures("no_vacuum")
def test_after_many_changes_the_times_are_those_of_the_messages_and_events() -> None:
    made = audience.seed(60, 600, lambda text: None, with_messages=True)
    tasks = list(Task.objects.filter(owner=made.owner_id).order_by("pk"))
    SubTask.objects.filter(task=tasks[0]).update(sent_at=NOON)
    SubTask.objects.filter(task=tasks[1]).update(sent_at=None)
    Event.objects.filter(subtask__task=tasks[2]).delete()
    Attempt.objects.filter(subtask__task=tasks[2]).delete()
    SubTask.objects.filter(task=tasks[2]).delete()
    Engagement.objects.filter(task=tasks[2]).delete()
    Contact.objects.filter(owner=made.owner_id)[0].delete()
    by_address: dict[int, list[dt.datetime]] = defaultdict(list)
    for message in SubTask.objects.filter(sent_at__isnull=False).order_by("-sent_at"):
        assert message.sent_at is not None
        by_address[key_of(message.recipient_email)].append(message.sent_at)
    found = EngagementTimes.objects.filter(kind=EngagementKind.SENT)
    assert {row.address_key: row.times for row in found} == by_address
    opened = EngagementTimes.objects.filter(kind=EngagementKind.OPENED, is_machine=False)
    assert (
        sum(len(row.times) for row in opened)
        == Event.objects.filter(kind="opened", actor="person").count()
    )
    assert stored() == counted()
