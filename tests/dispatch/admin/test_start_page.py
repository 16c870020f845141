"""The first page shows what is being sent, and sign-in leads there."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import OperationState, TaskStatus
from dispatch.models import LastCount, TaskCount
from dispatch.pace import pace_rows
from dispatch.waiting import looking_back
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
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    OperationFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TaskFactory,
    in_doubt,
    sending_task,
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


def test_the_first_thing_to_do_is_a_new_campaign() -> None:
    assert "New campaign" in start_page(member(MANAGER))
    assert "New campaign" not in start_page(member(VIEWER))


def test_why_a_campaign_waits_is_told() -> None:
    pace_rows.freeze(EmailServiceFactory(name="North"), "The contract ended")
    DispatcherFactory()
    sending_task(name="Spring")
    page = start_page(member(VIEWER))
    assert "“North” is frozen until a person unfreezes it." in page


def test_how_fast_it_goes_and_when_it_will_be_done_is_told() -> None:
    EmailServiceFactory(sending_interval=10)
    DispatcherFactory()
    task = sending_task(100)
    looking_back.keep_estimates()
    looking_back.renew_estimates()
    LastCount.objects.create(at=Now())
    TaskCount.objects.create(task_id=task.pk, sent_per_minute=6.2)
    page = start_page(member(VIEWER))
    assert "6 a minute. Will be done about" in page


def test_of_the_last_campaigns_the_rates_are_told() -> None:
    task = SendingTaskFactory(
        name="Last year", status=TaskStatus.COMPLETED, launched_at=Now(), track_opens=True
    )
    service, content = EmailServiceFactory(), ContentFactory(task=task)
    for status in ("sent", "delivered", "opened", "bounced"):
        SubTaskFactory(task=task, content=content, status=status, service=service)
    page = start_page(member(VIEWER))
    rates = dict(re.findall(r'data-rate="([^"]*)">([^<]*)<', page))
    assert rates == {"Delivered": "50.0 %", "Opened": "33.3 %", "Clicked": "0.0 %"}


def test_the_number_of_queries_does_not_grow_with_campaigns_and_services() -> None:
    user = member(SUPERUSER)
    client = signed_in(user)
    DispatcherFactory()

    def make() -> None:
        service = EmailServiceFactory()
        SendingTaskFactory(owner=user, status=TaskStatus.COMPLETED, launched_at=Now())
        for task in (sending_task(owner=user), sending_task(owner=user)):
            task.services.add(service)
        in_doubt(service, task=task, content=ContentFactory(task=task))
        pace_rows.freeze(service, "The contract ended")
        OperationFactory(state=OperationState.FAILED, finished_at=Now())
        TaskFactory(owner=user, note="The template is gone.")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/admin/").status_code == 200
        return len(captured)

    make()
    queries()
    few = queries()
    for _ in range(3):
        make()
    assert queries() == few <= 45


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
