"""One moment for all that a launch decides, and what it does with changes between its chunks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from campaigns.launching import launch
from campaigns.models import (
    Audience,
    Contact,
    Difference,
    Launch,
    Promise,
    Segment,
    SubTask,
    Tag,
    Task,
    TaskStatus,
)
from campaigns.recipients import decision, promises
from campaigns.segments import moment
from campaigns.segments.moment import Moment
from campaigns.state import lifecycle
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SegmentFactory,
    TagFactory,
    TaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
NAMES = ("ada", "bob", "cyd")


@pytest.fixture(autouse=True)
def one_contact_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "CHUNK", 1)


def task_for(*names: str, **kwargs: Any) -> Task:
    """For the owner's contacts of the last day, which were made just less than a day ago."""
    owner = UserFactory()
    EmailServiceFactory()
    lately: list[Any] = [{"field": "created", "operator": "last_days", "value": 1}]
    segment = SegmentFactory(owner=owner, condition={"match": "all", "lines": lately})
    task: Task = TaskFactory(owner=owner, audience=Audience.TAGS, **kwargs)
    task.include_segments.add(segment)
    for name in names:
        contact = ContactFactory(owner=owner, email=f"{name}@example.com")
        Contact.objects.filter(pk=contact.pk).update(created_at=Now() - DAY + HOUR)
    return task


def launched(task: Task, promise: Promise | None = None) -> Task:
    lifecycle.launch(task, promise)
    task.refresh_from_db()
    return task


def mailed(task: Task) -> list[str]:
    found = SubTask.objects.filter(task=task).values_list("recipient_email", flat=True)
    return sorted(email.split("@")[0] for email in found)


def later_from_now_on(monkeypatch: pytest.MonkeyPatch, by: dt.timedelta) -> None:
    """As if the clock had gone on: time stands still within the transaction of a test."""
    now = moment.current().now
    monkeypatch.setattr(moment, "current", lambda: Moment(now + by))


def test_each_chunk_counts_days_from_the_same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    task = launched(task_for(*NAMES))
    launch.prepare(task)
    launch.expand_chunk(task)
    later_from_now_on(monkeypatch, 2 * HOUR)
    launch.expand(task.pk)
    assert mailed(task) == [*NAMES]


def test_a_launch_counts_from_the_question_that_was_confirmed() -> None:
    task = task_for(*NAMES, "dan")
    promise = promises.show(task, None)
    others = Contact.objects.exclude(email="dan@example.com")
    others.update(created_at=F("created_at") - 2 * HOUR)
    Promise.objects.update(shown_at=F("shown_at") - 2 * HOUR)
    promise.refresh_from_db()
    task = launched(task, promise)
    launch.expand(task.pk)
    assert mailed(task) == [*NAMES, "dan"]
    made = Launch.objects.get()
    assert (made.counts_from, made.differences) == (promise.shown_at, [])


def test_a_scheduled_launch_counts_from_its_own_time() -> None:
    task = task_for(*NAMES)
    promise = promises.show(task, None)
    Promise.objects.update(shown_at=F("shown_at") - 2 * DAY)
    lifecycle.schedule(task, moment.current().now - HOUR, promise)
    lifecycle.launch_due()
    launch.expand(task.pk)
    task.refresh_from_db()
    assert Launch.objects.get().counts_from == task.launched_at
    assert mailed(task) == [*NAMES]


def test_a_pause_holds_as_long_as_it_did_at_that_moment() -> None:
    task = task_for("ada")
    now = moment.current().now
    Contact.objects.update(paused_until=now - HOUR)
    assert reasons(task, now - 2 * HOUR) == ["paused"]
    assert reasons(task, now) == [decision.SENT]


def reasons(task: Task, at: dt.datetime) -> list[str]:
    decided = decision.decide(task, at=Moment(at))
    return [reason for (reason,) in decision.rows("SELECT reason FROM (DECIDED) AS d", decided)]


def tagged(task: Task) -> Tag:
    tag: Tag = TagFactory(owner=task.owner)
    tag.contacts.set(Contact.objects.filter(owner=task.owner))
    task.include_segments.clear()
    task.include_tags.add(tag)
    return tag


def test_a_tag_removed_between_two_chunks_is_a_difference_that_is_named() -> None:
    task = task_for(*NAMES)
    tag = tagged(task)
    task = launched(task, promises.show(task, None))
    launch.prepare(task)
    launch.expand_chunk(task)
    tag.contacts.remove(*Contact.objects.filter(email__in=("ada@example.com", "cyd@example.com")))
    launch.expand(task.pk)
    assert mailed(task) == ["ada", "bob"]
    named = Difference.objects.values_list("recipient_email", "change", "promised", "made")
    assert list(named) == [("cyd@example.com", "left", "", "none")]
    assert Launch.objects.get().differences == [["left", "", "none", 1]]


def none_at_all() -> dict[str, Any]:
    return {"match": "all", "lines": [{"field": "name", "operator": "is", "value": "No one"}]}


def test_a_segment_edited_between_two_chunks_changes_nothing() -> None:
    task = launched(task_for(*NAMES))
    launch.prepare(task)
    launch.expand_chunk(task)
    Segment.objects.update(condition=none_at_all())
    launch.expand(task.pk)
    assert mailed(task) == [*NAMES]


def test_a_segment_within_an_excluded_one_edited_between_two_chunks_changes_nothing() -> None:
    task = task_for(*NAMES)
    within = SegmentFactory(owner=task.owner, condition=none_at_all())
    line = {"field": "segment", "operator": "in", "value": within.pk}
    excluded = {"match": "all", "lines": [line]}
    task.exclude_segments.add(SegmentFactory(owner=task.owner, condition=excluded))
    task = launched(task, promises.show(task, None))
    launch.prepare(task)
    launch.expand_chunk(task)
    everyone = task.include_segments.get().condition
    Segment.objects.filter(pk=within.pk).update(condition=everyone)
    launch.expand(task.pk)
    assert (mailed(task), Launch.objects.get().differences) == ([*NAMES], [])


def test_a_segment_that_becomes_unusable_between_two_chunks_stops_no_launch() -> None:
    task = launched(task_for(*NAMES))
    launch.prepare(task)
    launch.expand_chunk(task)
    Segment.objects.update(condition={})
    launch.expand(task.pk)
    assert mailed(task) == [*NAMES]


def test_a_second_launch_is_compared_with_its_own_promise() -> None:
    task = task_for("ada", "bob")
    launched(task, promises.show(task, None))
    launch.give_up(task, "It went wrong.")
    ContactFactory(owner=task.owner, email="cyd@example.com")
    again = launched(Task.objects.get(pk=task.pk), promises.show(task, None))
    launch.expand(again.pk)
    assert (mailed(again), Launch.objects.get().differences) == ([*NAMES], [])


def test_two_tasks_with_a_promise_each_take_no_notice_of_each_other() -> None:
    first, second = task_for("ada", "bob"), task_for("eve")
    promise_of_first, promise_of_second = promises.show(first, None), promises.show(second, None)
    launched(first, promise_of_first)
    launched(second, promise_of_second)
    launch.prepare(first)
    launch.expand_chunk(first)
    launch.expand(second.pk)
    launch.expand(first.pk)
    assert (mailed(first), mailed(second)) == (["ada", "bob"], ["eve"])
    assert [each.differences for each in Launch.objects.all()] == [[], []]
    assert {task.status for task in Task.objects.all()} == {TaskStatus.SENDING}
