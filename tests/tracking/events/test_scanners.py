"""Telling scanners that look like people from people, by what came together."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from campaigns.models import SubTask
from tests.tracking.making import event, now, sent
from tracking.event_kinds import Actor, EventKind
from tracking.events import apply, inbox, scanners
from tracking.events.incoming import Incoming
from tracking.models import Event, EventState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scanners_are_looked_for(settings: Settings, scanners_are_not_looked_for: None) -> None:
    settings.SCANNER_SECONDS = 5


def click(subtask: SubTask, url: str = "https://a/", seconds: float = 0.0, **kwargs: Any) -> None:
    """Somebody follows a link, so many seconds after a moment a minute ago."""
    come(event(EventKind.CLICKED, subtask, source="click", url=url, **kwargs), seconds)


def open_(subtask: SubTask, seconds: float = 0.0) -> None:
    come(event(EventKind.OPENED, subtask, source="open"), seconds)


def trap(subtask: SubTask, seconds: float = 0.0) -> None:
    click(subtask, "", seconds, detail=scanners.TRAP_DETAIL, actor=Actor.MACHINE)


def come(incoming: Incoming, seconds: float) -> None:
    inbox.accept([incoming])
    at = Now() - dt.timedelta(seconds=60 - seconds)
    Event.objects.filter(dedupe_key=incoming.dedupe_key).update(received_at=at, due_at=at)


def actors() -> list[str]:
    apply.apply_waiting()
    return list(Event.objects.order_by("received_at").values_list("actor", flat=True))


def test_what_came_by_our_links_is_looked_at_a_little_later() -> None:
    subtask = sent()
    inbox.accept(
        [
            event(EventKind.CLICKED, subtask, source="click"),
            event(EventKind.OPENED, subtask, source="open"),
            event(EventKind.CLICKED, subtask, source="postmark"),
        ]
    )
    waits = Event.objects.filter(due_at__gt=F("received_at") + dt.timedelta(seconds=4))
    assert set(waits.values_list("source", flat=True)) == {"click", "open"}
    assert apply.apply_waiting() == 1


def test_a_person_reads_and_follows_two_links() -> None:
    subtask = sent()
    open_(subtask, 0)
    click(subtask, "https://a/", 1)
    click(subtask, "https://b/", 2)
    assert actors() == ["person"] * 3
    assert now(subtask).status == "clicked"


def test_whoever_follows_three_links_at_once_is_a_machine() -> None:
    subtask = sent()
    for n in range(3):
        click(subtask, f"https://{n}/", n / 10)
    assert actors() == ["machine"] * 3
    assert now(subtask).status == "sent"


def test_whoever_follows_one_link_three_times_is_impatient() -> None:
    subtask = sent()
    for n in range(3):
        click(subtask, "https://a/", n / 10)
    assert actors() == ["person"] * 3


def test_three_links_of_three_messages_are_three_people() -> None:
    for n in range(3):
        click(sent(), f"https://{n}/", n / 10)
    assert actors() == ["person"] * 3


def test_whatever_comes_with_the_hidden_link_is_a_machines() -> None:
    subtask = sent()
    open_(subtask, 0)
    click(subtask, "https://a/", 1)
    trap(subtask, 3)
    click(subtask, "https://b/", 4)
    assert actors() == ["machine"] * 4
    assert now(subtask).status == "sent"


def test_a_person_who_reads_later_is_a_person() -> None:
    subtask = sent()
    trap(subtask, 0)
    click(subtask, "https://a/", 30)
    assert actors() == ["machine", "person"]
    assert now(subtask).status == "clicked"


def test_a_machine_that_was_there_before_is_remembered_when_the_next_chunk_is_applied() -> None:
    subtask = sent()
    trap(subtask, 0)
    assert actors() == ["machine"]
    click(subtask, "https://a/", 2)
    assert actors() == ["machine", "machine"]


def test_a_click_right_after_the_message_was_sent_is_a_machines() -> None:
    subtask = sent()
    click(subtask, seconds=10)
    type(subtask).objects.update(sent_at=Event.objects.values_list("received_at", flat=True)[0])
    assert actors() == ["machine"]


def test_what_a_provider_tells_is_not_judged() -> None:
    subtask = sent()
    for n in range(3):
        come(event(EventKind.CLICKED, subtask, url=f"https://{n}/"), n / 10)
    assert actors() == ["person"] * 3


def test_it_can_be_switched_off(settings: Settings) -> None:
    settings.SCANNER_SECONDS = 0
    subtask = sent()
    for n in range(3):
        click(subtask, f"https://{n}/", n / 10)
    trap(subtask, 0.5)
    assert actors() == ["person"] * 3 + ["machine"]
    assert not Event.objects.exclude(state=EventState.APPLIED).exists()
