"""The first page shows what is being sent, and sign-in leads there."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import TaskStatus
from dispatch.pace import pace_rows
from tests.campaigns.admin.staff import (
    EVERYBODY,
    MANAGER,
    NOBODY,
    SUPERUSER,
    VIEWER,
    member,
    page_of,
    signed_in,
)
from tests.factories import (
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TaskFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db


def start_page(user: User) -> str:
    return page_of(signed_in(user).get("/admin/"))


def test_signing_in_leads_to_the_start_page() -> None:
    user = member(SUPERUSER)
    user.set_password("a long passphrase")
    user.save()
    form = {"username": user.username, "password": "a long passphrase"}
    response = Client().post("/admin/login/", form, follow=True)
    assert response.redirect_chain == [("/admin/", 302)]
    assert response.status_code == 200


def test_tasks_that_are_under_way_are_shown_with_their_progress() -> None:
    SubTaskFactory(
        task=SendingTaskFactory(name="Spring"), status="failed", failure_reason="invalid"
    )
    page = start_page(member(VIEWER))
    assert "Spring" in page
    assert "0 of 1 sent, 1 failed" in page


def test_drafts_and_finished_tasks_are_not_shown() -> None:
    TaskFactory(name="Unfinished plan")
    TaskFactory(name="Last year", status=TaskStatus.COMPLETED)
    page = start_page(member(VIEWER))
    assert "Unfinished plan" not in page
    assert "Last year" not in page
    assert "Nothing is being sent." in page


def test_what_needs_a_person_says_so() -> None:
    in_doubt(EmailServiceFactory())
    assert "Needs attention" in start_page(member(VIEWER))


def test_services_are_shown_with_their_state() -> None:
    service = EmailServiceFactory(name="North")
    pace_rows.freeze(service, "535 wrong password")
    page = start_page(member(VIEWER))
    assert "North" in page
    assert "535 wrong password" in page


def test_without_a_service_it_says_what_is_missing() -> None:
    assert "without one nothing can be sent" in start_page(member(SUPERUSER))


def test_tasks_and_services_of_others_are_not_shown() -> None:
    SendingTaskFactory(name="Secret plan")
    EmailServiceFactory(name="Secret service").users.add(member(MANAGER))
    assert "Secret" not in start_page(member(MANAGER))


def test_whoever_may_see_nothing_is_told_what_to_do() -> None:
    SendingTaskFactory(name="Secret plan")
    page = start_page(member(NOBODY))
    assert "Ask your administrator to add you to a group." in page
    assert "Secret" not in page


@pytest.mark.parametrize("role", EVERYBODY)
def test_the_sidebar_leads_only_where_one_may_go(role: str) -> None:
    client = signed_in(member(role))
    page = client.get("/admin/").context["sidebar_navigation"]
    links = [
        str(item["link"]) for group in page for item in group["items"] if item["has_permission"]
    ]
    assert links
    for link in links:
        assert client.get(link).status_code == 200, link
