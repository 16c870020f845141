"""The results of a campaign in detail, on its page and to print."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now

from campaigns.models import Task
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
)
from tests.factories import EmailServiceFactory, SendingTaskFactory, SubTaskFactory

pytestmark = pytest.mark.django_db

PAGES = ("breakdowns", "report")


def sent_task(**kwargs: object) -> Task:
    task = SendingTaskFactory(started_at=Now(), **kwargs)
    task.refresh_from_db()
    SubTaskFactory(
        task=task,
        recipient_email="ada@gmail.com",
        status="opened",
        service=EmailServiceFactory(name="North"),
        sent_at=Now(),
    )
    return task


@pytest.mark.parametrize("name", PAGES)
def test_has_the_results_by_provider_service_and_time(name: str) -> None:
    user = member(VIEWER)
    page = page_of(signed_in(user).get(address("campaigns.task", name, sent_task(owner=user).pk)))
    for text in ("Outcomes over time", 'data-row="Gmail"', 'data-row="North"'):
        assert text in page


def test_says_the_subject_in_words() -> None:
    user = member(VIEWER)
    task = sent_task(owner=user)
    task.templates.update(subject="{{ first_name | default: 'friend' }}, it is spring")
    page = page_of(signed_in(user).get(address("campaigns.task", "report", task.pk)))
    assert "[first name], it is spring" in page


@pytest.mark.parametrize("name", PAGES)
def test_is_not_for_other_owners(name: str) -> None:
    url = address("campaigns.task", name, sent_task().pk)
    assert signed_in(member(MANAGER)).get(url).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_of_a_draft_has_nothing_to_tell(name: str) -> None:
    user = member(MANAGER)
    url = address("campaigns.task", name, SendingTaskFactory(owner=user, status="draft").pk)
    assert "Outcomes over time" not in page_of(signed_in(user).get(url))


def test_the_page_of_the_campaign_brings_it_after_the_rest() -> None:
    user = member(MANAGER)
    task = sent_task(owner=user)
    page = page_of(signed_in(user).get(address("campaigns.task", "change", task.pk)))
    assert f'hx-get="{address("campaigns.task", "breakdowns", task.pk)}" hx-trigger="load"' in page
    assert f'href="{address("campaigns.task", "report", task.pk)}"' in page


def test_says_who_did_what() -> None:
    user = member(MANAGER, username="mia")
    task = sent_task(owner=user)
    client = signed_in(user)
    client.post(address("campaigns.task", "pause", task.pk), CONFIRM)
    page = page_of(client.get(address("campaigns.task", "report", task.pk)))
    assert "<strong>mia</strong>: Paused" in page
    assert "Sending began" in page


def test_says_that_it_was_paused_by_itself() -> None:
    user = member(MANAGER)
    note = "Paused automatically: 13 of 1,754 messages were reported as spam."
    task = sent_task(owner=user, status="paused", paused_at=Now(), note=note)
    assert note in page_of(signed_in(user).get(address("campaigns.task", "report", task.pk)))


def test_has_a_button_to_print_it() -> None:
    user = member(MANAGER)
    url = address("campaigns.task", "report", sent_task(owner=user).pk)
    page = page_of(signed_in(user).get(url))
    assert "data-print" in page and "edm/print.js" in page and "Printed on" in page
