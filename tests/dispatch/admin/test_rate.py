"""How fast a campaign is being sent."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db.models.functions import Now

from campaigns.models import SubTask
from dispatch.admin import rate
from dispatch.models import Attempt, EmailService
from dispatch.pace import pace_rows
from tests.campaigns.admin.staff import SUPERUSER, address, member, page_of, signed_in
from tests.factories import (
    ContentFactory,
    EmailServiceFactory,
    SubTaskFactory,
    living_dispatcher,
    one_message,
)

pytestmark = pytest.mark.django_db


def starts(subtask: SubTask, service: EmailService, number: int, seconds_ago: float = 30) -> None:
    at = Now() - dt.timedelta(seconds=seconds_ago)
    Attempt.objects.bulk_create(
        Attempt(
            subtask=subtask, service=service, dispatcher_id=1, claim_token=uuid.uuid4(),
            slot_at=at, started_at=at, outcome="accepted",
        )
        for _ in range(number)
    )  # fmt: skip


@pytest.fixture
def subtask() -> SubTask:
    return one_message()


def test_counts_the_starts_of_the_last_minute(subtask: SubTask) -> None:
    north, south = EmailServiceFactory(), EmailServiceFactory()
    starts(subtask, north, 3)
    starts(subtask, south, 2)
    starts(subtask, south, 9, seconds_ago=61)
    assert rate.per_minute(subtask.task_id, [north.pk, south.pk]) == 5


def test_leaves_out_other_campaigns(subtask: SubTask) -> None:
    service = EmailServiceFactory()
    starts(one_message(), service, 3)
    starts(subtask, service, 1)
    assert rate.per_minute(subtask.task_id, [service.pk]) == 1


def test_of_a_fast_service_goes_by_the_newest_starts(
    subtask: SubTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate, "NEWEST", 10)
    service = EmailServiceFactory()
    starts(subtask, service, 20, seconds_ago=6)
    assert 60 < rate.per_minute(subtask.task_id, [service.pk]) <= 100


def service(interval: float, **values: object) -> EmailService:
    return EmailServiceFactory(sending_interval=interval, **values)


def test_what_is_allowed_is_the_sum_of_the_paces() -> None:
    assert rate.allowed([service(1), service(30), service(1, enabled=False)]) == 62


def test_without_a_pace_there_is_no_limit() -> None:
    assert rate.allowed([service(1), service(0)]) is None


def test_the_page_of_a_campaign_says_it() -> None:
    living_dispatcher()
    subtask = one_message()
    of_it = service(0.5)
    sent = SubTaskFactory(
        task=subtask.task, content=ContentFactory(task=subtask.task), status="sent", service=of_it
    )
    starts(sent, of_it, 7)
    url = address("campaigns.task", "progress", subtask.task_id)
    page = page_of(signed_in(member(SUPERUSER)).get(url))
    assert "About 7 messages a minute; its services allow 120 a minute, for all campaigns." in page


def test_while_its_services_wait_for_longer_the_page_says_nothing_of_what_they_allow() -> None:
    living_dispatcher()
    subtask = one_message()
    pace_rows.freeze(service(0.5), "The contract ended")
    url = address("campaigns.task", "progress", subtask.task_id)
    assert "a minute" not in page_of(signed_in(member(SUPERUSER)).get(url))


def test_one_is_one_message(subtask: SubTask) -> None:
    of_it = service(60)
    starts(subtask, of_it, 1)
    said = rate.sentence(subtask.task_id, [of_it])
    assert said.startswith("About 1 message a minute; its services allow 1 a minute")
