"""What events say of people's engagement."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from campaigns.models import Engagement, EngagementKind
from tests.campaigns.segments.population import key_of
from tests.tracking.making import sent, tell
from tracking.event_kinds import Actor, EventKind
from tracking.events.scanners import TRAP_DETAIL

pytestmark = pytest.mark.django_db
E, K = EngagementKind, EventKind
URL = "https://shop.example.com/spring"


def known() -> list[tuple[int, bool, int]]:
    """Without what was sent."""
    rows = Engagement.objects.exclude(kind=E.SENT).order_by("kind", "is_machine", "link")
    return list(rows.values_list("kind", "is_machine", "link"))


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        (K.DELIVERED, E.DELIVERED),
        (K.OPENED, E.OPENED),
        (K.CLICKED, E.CLICKED),
        (K.SOFT_BOUNCED, E.BOUNCED),
        (K.HARD_BOUNCED, E.BOUNCED),
        (K.REJECTED, E.BOUNCED),
        (K.UNSUBSCRIBED, E.UNSUBSCRIBED),
        (K.COMPLAINED, E.COMPLAINED),
    ],
)
def test_an_event_is_known_of_its_address(kind: EventKind, fact: EngagementKind) -> None:
    subtask = sent()
    tell(kind, subtask)
    tell(kind, subtask)
    row = Engagement.objects.exclude(kind=E.SENT).get()
    assert (row.kind, row.task_id) == (fact, subtask.task_id)
    assert row.address_key == key_of(subtask.recipient_email)


@pytest.mark.parametrize("kind", [K.ACCEPTED, K.DEFERRED, K.RESUBSCRIBED])
def test_what_is_no_engagement_is_not_known(kind: EventKind) -> None:
    tell(kind, sent())
    assert known() == []


@pytest.mark.parametrize(
    ("actor", "is_machine"),
    [(Actor.PERSON, False), (Actor.PROXY, False), (Actor.MACHINE, True)],
)
def test_proxies_count_as_people_and_machines_apart(actor: Actor, is_machine: bool) -> None:
    tell(K.OPENED, sent(), actor=actor)
    assert known() == [(E.OPENED, is_machine, 0)]


def clicked(**values: Any) -> list[tuple[int, bool, int]]:
    tell(K.CLICKED, sent(), source="click", url=URL, **values)
    return known()


def test_a_click_is_of_its_link_and_of_any() -> None:
    links = sorted([0, key_of(URL)])
    assert clicked() == [(E.CLICKED, False, link) for link in links]


def test_the_hidden_link_is_no_link() -> None:
    assert clicked(actor=Actor.MACHINE, detail=TRAP_DETAIL) == [(E.CLICKED, True, 0)]


def test_events_of_before_it_was_kept_say_the_same() -> None:
    """By the statement of the migration."""
    tell(K.DELIVERED, sent())
    tell(K.CLICKED, sent(), source="click", url=URL)
    tell(K.CLICKED, sent(), source="click", url=URL, actor=Actor.MACHINE, detail=TRAP_DETAIL)
    tell(K.HARD_BOUNCED, sent())
    rows = Engagement.objects.exclude(kind=E.SENT)
    before = set(rows.values_list("pk", "at"))
    assert len(before) == 5
    rows.delete()
    fill = import_module("tracking.migrations.0005_engagement").FILL
    with connection.cursor() as cursor:
        cursor.execute(fill)
    assert set(rows.values_list("pk", "at")) == before
