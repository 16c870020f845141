"""A list says what it is filtered by, and leads to itself without."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.campaigns.admin.staff import MANAGER, SUPERUSER, member, page_of, signed_in
from tests.factories import EmailServiceFactory, SendingTaskFactory, SubTaskFactory, UserFactory

pytestmark = pytest.mark.django_db
CHIP = re.compile(r'<li class="border[^>]*><span>([^<]*)</span><a [^>]*href="([^"]*)"')


def chosen(client: Client, query: str) -> dict[str, str]:
    """What is told, each with the address that is left without it."""
    url = reverse("admin:campaigns_subtask_changelist")
    page = page_of(client.get(f"{url}?{query}"))
    return {text: address.replace("&amp;", "&") for text, address in CHIP.findall(page)}


@pytest.fixture
def client() -> Client:
    return signed_in(member(SUPERUSER))


def test_each_filter_is_told_in_words_and_can_be_taken_back(client: Client) -> None:
    task = SendingTaskFactory(name="Spring")
    SubTaskFactory(task=task)
    assert chosen(client, f"task__id__exact={task.pk}&stage=waiting") == {
        "Campaign: Spring": "?stage=waiting",
        "How far it got: Not sent yet": f"?task__id__exact={task.pk}",
    }


def test_a_choice_of_a_field_is_told_as_it_is_offered(client: Client) -> None:
    service = EmailServiceFactory(name="North")
    query = f"status__exact=failed&service={service.pk}"
    assert list(chosen(client, query)) == ["Status: Failed", "Email service: North"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("sent_at_from_0=2026-11-30", "Sent at: from 30 Nov 2026, 00:00 on"),
        ("sent_at_to_0=2026-11-30&sent_at_to_1=08:30", "Sent at: until 30 Nov 2026, 08:30"),
        (
            "sent_at_from_0=2026-11-29&sent_at_to_0=2026-11-30",
            "Sent at: from 29 Nov 2026, 00:00 to 30 Nov 2026, 23:59",
        ),
    ],
)
def test_a_span_of_time_is_told(client: Client, query: str, told: str) -> None:
    assert chosen(client, query) == {told: "?"}


@pytest.mark.parametrize("query", ["", "stage=", "sent_at_from_0=&sent_at_from_1="])
def test_nothing_is_told_of_what_is_not_filtered(client: Client, query: str) -> None:
    assert chosen(client, query) == {}


def test_a_row_of_another_owner_is_not_named() -> None:
    task = SendingTaskFactory(owner=UserFactory(), name="Secret")
    (told,) = chosen(signed_in(member(MANAGER)), f"task__id__exact={task.pk}")
    assert told == f"Campaign: {task.pk}"
