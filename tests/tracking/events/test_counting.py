"""What is counted of events: by kind and by link, by whom, and of how many recipients."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from campaigns.models import SubTask, SubTaskStatus
from tests.factories import DispatcherFactory, EmailServiceFactory, held
from tests.tracking.making import event, sent, tell
from tracking.event_kinds import Actor, EventKind
from tracking.events import apply, inbox
from tracking.events.scanners import TRAP_DETAIL
from tracking.models import EventTally, LinkTally

pytestmark = pytest.mark.django_db
K, S = EventKind, SubTaskStatus


def lines(subtask: SubTask) -> dict[tuple[str, str], tuple[int, int]]:
    rows = EventTally.objects.filter(task_id=subtask.task_id)
    return {(t.kind, t.actor): (t.events, t.recipients) for t in rows}


def links(subtask: SubTask) -> dict[tuple[str, str], tuple[int, int]]:
    rows = LinkTally.objects.filter(task_id=subtask.task_id)
    return {(t.url, t.actor): (t.clicks, t.recipients) for t in rows}


def test_events_and_recipients_are_counted_apart_by_kind_and_actor() -> None:
    first = sent()
    second = sent(task=first.task, content=first.content)
    for subtask, actor in [(first, "person"), (first, "person"), (first, "machine"), (second, "proxy")]:  # fmt: skip
        tell(K.OPENED, subtask, actor=Actor(actor))
    tell(K.CLICKED, second)
    assert lines(first) == {
        ("opened", "person"): (2, 1),
        ("opened", "machine"): (1, 1),
        ("opened", "proxy"): (1, 1),
        ("clicked", "person"): (1, 1),
    }


def test_a_recipient_counts_once_within_a_batch_too() -> None:
    subtask = sent()
    inbox.accept(event(K.OPENED, subtask) for _ in range(5))
    apply.apply_waiting()
    assert lines(subtask) == {("opened", "person"): (5, 1)}


def test_what_waits_or_is_told_again_is_not_counted() -> None:
    subtask = held(S.SENDING, DispatcherFactory(), EmailServiceFactory())
    for _ in range(2):
        tell(K.OPENED, subtask, dedupe_key="once")
    assert lines(subtask) == {}


def test_reading_them_costs_the_same_however_many_there_are(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    subtask = sent()
    inbox.accept(event(K.OPENED, subtask) for _ in range(300))
    apply.apply_waiting()
    with django_assert_num_queries(1):
        assert lines(subtask) == {("opened", "person"): (300, 1)}


def test_clicks_are_counted_by_link_too() -> None:
    first = sent()
    second = sent(task=first.task, content=first.content)
    for subtask, url in [(first, "https://a/"), (first, "https://a/"), (first, "https://b/"), (second, "https://a/")]:  # fmt: skip
        tell(K.CLICKED, subtask, source="click", url=url)
    tell(K.CLICKED, second, source="click", url="https://a/", actor=Actor.MACHINE)
    assert links(first) == {
        ("https://a/", "person"): (3, 2),
        ("https://a/", "machine"): (1, 1),
        ("https://b/", "person"): (1, 1),
    }


def test_a_recipient_counts_once_for_a_link_within_a_batch_too() -> None:
    subtask = sent()
    clicks = (event(K.CLICKED, subtask, source="click", url="https://a/") for _ in range(5))
    inbox.accept(clicks)
    apply.apply_waiting()
    assert links(subtask) == {("https://a/", "person"): (5, 1)}


def test_links_of_providers_and_the_hidden_one_are_not() -> None:
    subtask = sent()
    tell(K.CLICKED, subtask, source="postmark", url="https://click.example/1")
    tell(K.CLICKED, subtask, source="click", detail=TRAP_DETAIL, actor=Actor.MACHINE)
    assert links(subtask) == {}
