"""The monitor in admin: who sees it, and what it shows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import transaction
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from campaigns.models import Launch
from dispatch.models import FiguresSample
from dispatch.monitoring import database
from dispatch.pace import pace_rows
from tests.campaigns.admin.staff import (
    EVERYBODY,
    MANAGER,
    NOBODY,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    member,
    signed_in,
)
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TaskFactory,
    in_doubt,
    living_dispatcher,
)
from tests.responses import ClientResponse

pytestmark = pytest.mark.django_db
URL = "/admin/monitor/"


def page(role: str = OPERATOR) -> Any:
    return signed_in(member(role)).get(URL)


def rows(response: ClientResponse, table: str) -> list[list[str]]:
    rows: list[list[str]] = response.context[table]["rows"]
    return rows


def a_minute_ago(**figures: Any) -> None:
    values = {"figures": {}, "services": {}, "dispatchers": {}, **figures}
    FiguresSample.objects.create(taken_at=Now() - dt.timedelta(seconds=45), **values)


@pytest.mark.parametrize("role", [SUPERUSER, OPERATOR, VIEWER])
def test_it_is_open_to_whoever_may_see_everything(role: str) -> None:
    assert page(role).status_code == 200


@pytest.mark.parametrize("role", [MANAGER, NOBODY])
def test_it_is_closed_to_everybody_else(role: str) -> None:
    assert page(role).status_code == 403


def test_who_is_not_signed_in_is_asked_to() -> None:
    response = Client().get(URL)

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("role", EVERYBODY)
def test_the_sidebar_leads_to_it_for_whoever_may_see_it(role: str) -> None:
    offered = f'href="{URL}"' in signed_in(member(role)).get("/admin/").text

    assert offered == (role in (SUPERUSER, OPERATOR, VIEWER))


def test_it_only_shows() -> None:
    assert signed_in(member(OPERATOR)).post(URL).status_code == 405


def test_it_refreshes_itself() -> None:
    text = page().text

    assert f'hx-get="{URL}"' in text
    body = text.partition("<body")[2]  # htmx takes nothing from the head
    for part in ("monitor-now", "monitor-tables", "monitor-history"):
        assert f'id="{part}"' in body
    assert finders.find("dispatch/monitor.js")


def test_with_nobody_dispatching_the_first_thing_it_says_is_that() -> None:
    response = page()

    assert response.context["troubles"][0].title == "Dispatchers"
    assert response.text.count("Known when a dispatcher has run for half a minute: Sent,") == 1
    assert "manage.py qcluster" in response.text


def test_when_all_is_calm_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "HOT_TABLES", ())  # other tests leave dead rows behind
    living_dispatcher()

    assert "Nothing needs a look." in page().text


def test_the_worst_comes_first() -> None:
    in_doubt(EmailServiceFactory())

    levels = [each.level for each in page().context["troubles"]]

    assert levels == sorted(levels, reverse=True) and len(levels) > 1


def test_a_service_is_shown_with_its_part_of_the_work() -> None:
    north = EmailServiceFactory(name="North", sending_interval=1)
    south = EmailServiceFactory(name="South", sending_interval=0)
    outcomes = {str(north.pk): {"accepted": 27, "deferred": 3}, str(south.pk): {"accepted": 30}}
    DispatcherFactory(figures={"services": outcomes})
    a_minute_ago()

    first, second = rows(page(), "services")

    assert "North" in first[0] and "Ready" in first[1]
    assert (first[2], second[2]) == ("30 (50\N{NO-BREAK SPACE}%)", "30 (50\N{NO-BREAK SPACE}%)")
    assert first[3].endswith("%") and second[3] == "–"
    assert "3" in first[4]


def test_why_a_service_does_not_send_is_said_below() -> None:
    service = EmailServiceFactory(name="North")
    with transaction.atomic():
        pace_rows.freeze(service, "Closed by <the> provider")

    response = page()

    assert "Closed by &lt;the&gt; provider" in response.text
    assert [name for name, _ in response.context["remarks"]] == ["North"]


def test_a_service_that_uses_few_of_its_slots_is_remarked_on() -> None:
    service = EmailServiceFactory(name="North", sending_interval="0.1")
    SubTaskFactory()
    DispatcherFactory(figures={"services": {str(service.pk): {"accepted": 5}}})
    a_minute_ago()

    ((name, sentence),) = page().context["remarks"]

    assert name == "North"
    assert "few of its slots" in sentence


def test_doubts_lead_to_the_subtasks() -> None:
    service = EmailServiceFactory()
    in_doubt(service)

    ((*_, doubts, _, _),) = rows(page(), "services")

    assert f"in_doubt=yes&amp;service={service.pk}" in doubts
    assert (
        signed_in(member(OPERATOR))
        .get(f"/admin/campaigns/subtask/?in_doubt=yes&service={service.pk}")
        .status_code
        == 200
    )


def test_dispatchers_are_shown_with_their_part() -> None:
    first, second = DispatcherFactory.create_batch(2, figures={"services": {"1": {"accepted": 5}}})
    a_minute_ago(dispatchers={str(second.pk): 5})

    shown = [(row[0], row[5]) for row in rows(page(), "dispatchers")]

    assert shown == [
        (str(first.pk), "5 (100\N{NO-BREAK SPACE}%)"),
        (str(second.pk), "0 (0\N{NO-BREAK SPACE}%)"),
    ]


def test_tasks_are_shown_with_what_is_left() -> None:
    task = SendingTaskFactory(name="Spring <sale>")
    SubTaskFactory.create_batch(3, task=task, content=ContentFactory(task=task))

    response = page()

    ((name, state, pending, *_),) = rows(response, "tasks")
    assert "Spring &lt;sale&gt;" in name and "Spring &lt;sale&gt;" in response.text
    assert (state, pending) == ("Sending", "3")


def test_no_more_than_twenty_tasks_are_listed() -> None:
    SendingTaskFactory.create_batch(22)

    response = page()

    assert len(rows(response, "tasks")) == 20
    assert "And 2 more" in response.text


def test_launches_are_listed_while_there_are_some() -> None:
    assert rows(page(), "launches") == []

    Launch.objects.create(task=TaskFactory(status="queued"), walked=20, audience_size=100)

    assert rows(page(), "launches")[0][1] == "20 of 100"


def test_the_curves_are_rates_and_milliseconds() -> None:
    now = timezone.now()
    for minutes_ago, accepted in ((2, 0), (1, 120)):
        FiguresSample.objects.create(
            taken_at=now - dt.timedelta(minutes=minutes_ago),
            figures={
                "outcomes": {"accepted": accepted, "rejected": accepted // 2},
                "claim_seconds": {"0.01": accepted, "sum": 1},
            },
            services={},
            dispatchers={},
        )

    history = page().context["history"]

    assert history["accepted"] == [2]
    assert history["others"] == [1]
    assert 5 < history["claims"][0] <= 10
    assert history["lateness"] == [None]
    assert len(history["labels"]) == 1
