"""The message of a campaign with the number of people at each link."""

from __future__ import annotations

import html
import re

import pytest
from django.urls import reverse

from campaigns.models import Content, Task
from tests.campaigns.admin.staff import MANAGER, NOBODY, SUPERUSER, VIEWER, member, signed_in
from tests.factories import ContentFactory, SendingTaskFactory
from tests.responses import ClientResponse
from tests.tracking.making import from_launch, frozen, tell
from tracking.click_map import click_map_of
from tracking.event_kinds import Actor, EventKind

pytestmark = pytest.mark.django_db

TWO_LINKS = '<a href="https://a.example/">first</a> <a href="https://b.example/">second</a>'


@pytest.fixture
def content() -> Content:
    made = frozen(TWO_LINKS)
    subtasks = [from_launch(made, recipient_email=f"{n}@example.com") for n in range(4)]
    for subtask in subtasks[:3]:
        tell(EventKind.CLICKED, subtask, source="click", url="https://a.example/")
    tell(EventKind.CLICKED, subtasks[3], source="click", url="https://b.example/")
    tell(
        EventKind.CLICKED, subtasks[2], source="click", url="https://b.example/",
        actor=Actor.MACHINE,
    )  # fmt: skip
    return made


def badges(shown: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = re.findall(r'vertical-align:middle">([^<]*)</span>(\w+)', shown)
    return found


def test_each_link_has_its_people_and_their_part(content: Content) -> None:
    assert badges(click_map_of(content).html) == [
        ("3 · 75\N{NO-BREAK SPACE}%", "first"),
        ("1 · 25\N{NO-BREAK SPACE}%", "second"),
    ]


def test_a_link_that_was_not_followed_has_nothing() -> None:
    assert badges(click_map_of(frozen(TWO_LINKS)).html) == [("0", "first"), ("0", "second")]


def test_what_the_launch_froze_stays(content: Content) -> None:
    before = content.html
    click_map_of(content)
    assert content.html == before == Content.objects.get(pk=content.pk).html


def page(task: Task, role: str = SUPERUSER, query: str = "") -> ClientResponse:
    return signed_in(member(role)).get(reverse("click_map", args=[task.pk]) + query)


def test_the_page_shows_it_in_a_frame_without_any_right(content: Content) -> None:
    shown = html.unescape(html.unescape(page(content.task, VIEWER).content.decode()))
    assert 'sandbox="" referrerpolicy="no-referrer"' in shown
    assert "3 · 75\N{NO-BREAK SPACE}%" in shown


def test_the_page_says_that_a_provider_told_of_more_clicks(content: Content) -> None:
    told = "a provider reported those clicks, and they are not counted by link"
    assert told not in page(content.task).text
    reported = from_launch(content, recipient_email="cleo@example.com")
    tell(EventKind.CLICKED, reported, source="postmark", url="https://a.example/")
    assert told in page(content.task).text


def test_the_page_shows_the_version_that_is_chosen() -> None:
    first = ContentFactory(subject="One", html="<p>In English</p>")
    other = ContentFactory(
        task=first.task, subject="Zwei", language="de", html="<p>Auf Deutsch</p>"
    )
    for query, said in (
        ("", "In English"),
        (f"?version={other.pk}", "Auf Deutsch"),
        ("?version=x", "In English"),
    ):
        assert said in page(first.task, query=query).content.decode()


def test_the_page_of_another_owner_is_not_found(content: Content) -> None:
    assert page(content.task, MANAGER).status_code == 404
    assert page(content.task, NOBODY).status_code == 403


def test_before_a_launch_there_is_none() -> None:
    assert page(SendingTaskFactory()).status_code == 404
