"""A service's page says how it did: by hour and day, what went wrong, what came back."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db.models.functions import Now

from dispatch.admin.services import state
from dispatch.admin.services.history import came_back, errors_of, freezes_of, history_of
from dispatch.clock import database_time
from dispatch.errors import ServiceError
from dispatch.models import Attempt, AttemptOutcome, EmailService, ServiceHour
from dispatch.pace import pace_rows
from dispatch.pace.pace_rows import PaceChanges
from tests.campaigns.admin.staff import OPERATOR, address, member, page_of, signed_in
from tests.factories import EmailServiceFactory, SubTaskFactory
from tracking.models import Event

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def with_state(service: EmailService, user: User | AnonymousUser | None = None) -> Any:
    found = state.with_state(EmailService.objects.all(), user or member(OPERATOR))
    return found.get(pk=service.pk)


def attempt(service: EmailService, outcome: AttemptOutcome, **values: Any) -> Attempt:
    subtask = SubTaskFactory(status=values.pop("status", "sent"), service=service)
    return Attempt.objects.create(
        subtask=subtask,
        service=service,
        dispatcher_id=1,
        claim_token=uuid.uuid4(),
        slot_at=Now(),
        outcome=outcome,
        **{"started_at": Now(), **values},
    )


@pytest.fixture
def service() -> EmailService:
    return EmailServiceFactory(sending_interval=60, daily_quota=500)


def test_errors_are_grouped_by_cause_with_the_newest_reply(service: EmailService) -> None:
    refused = AttemptOutcome.DEFERRED
    attempt(service, refused, code=421, reply="421 first", started_at=Now() - HOUR)
    attempt(service, refused, code=421, reply="421 second")
    attempt(service, AttemptOutcome.SERVICE_ERROR, reply="timed out")
    attempt(service, AttemptOutcome.ACCEPTED, reply="250 OK")
    told = [(each.count, each.cause, each.said) for each in errors_of(with_state(service))]
    assert told == [
        ("2", "Refused for now (421)", "421 second"),
        ("1", "The service failed", "timed out"),
    ]


def test_errors_of_yesterday_and_of_other_services_are_left_out(service: EmailService) -> None:
    attempt(service, AttemptOutcome.DEFERRED, started_at=Now() - 25 * HOUR)
    attempt(EmailServiceFactory(), AttemptOutcome.DEFERRED)
    assert errors_of(with_state(service)) == []


def test_replies_are_told_to_those_alone_who_may_read_them(service: EmailService) -> None:
    attempt(service, AttemptOutcome.DEFERRED, code=421, reply="421 a@example.com is full")
    (problem,) = errors_of(with_state(service, AnonymousUser()))
    assert (problem.count, problem.said) == ("1", "")


def test_what_came_back_is_told_of_the_newest_messages(service: EmailService) -> None:
    for status in ("sent", "delivered", "opened", "bounced"):
        last = attempt(service, AttemptOutcome.ACCEPTED, status=status)
    Event.objects.create(kind="complained", source="test", dedupe_key="1", subtask=last.subtask)
    attempt(service, AttemptOutcome.REJECTED, status="bounced")
    assert came_back(service) == [
        ("Of the last messages accepted", "4"),
        ("Delivered", "50.0\N{NO-BREAK SPACE}%"),
        ("Bounced", "25.0\N{NO-BREAK SPACE}%"),
        ("Reported as spam", "25.0\N{NO-BREAK SPACE}%"),
    ]


def test_hours_are_shown_against_the_pace_and_days_against_the_quota(
    service: EmailService,
) -> None:
    hour = database_time().replace(minute=0, second=0, microsecond=0)
    ServiceHour.objects.create(service_id=service.pk, hour=hour, accepted=30, deferred=2)
    ServiceHour.objects.create(service_id=service.pk, hour=hour - 20 * HOUR, accepted=10)
    hours, days = history_of(with_state(service))["spans"]
    assert [(chart.name, chart.total) for chart in hours.charts] == [
        ("Accepted", "40"),
        ("Not accepted", "2"),
    ]
    assert hours.charts[0].note == "Its pace allows 60 an hour."
    assert (days.charts[0].total, days.charts[0].note) == (
        "42",
        "Its quota is 500 a day.",
    )


def test_freezes_are_told_with_their_ends_and_reasons(service: EmailService) -> None:
    pace_rows.freeze(service, "The contract ended")
    pace_rows.unfreeze(service)
    pace_rows.freeze(service, "Again")
    last, first = freezes_of(with_state(service))
    assert (last.until, last.reason) == ("until a person unfreezes it", "Again")
    assert (re.match(r"\d\d:\d\d", first.until) is not None, first.reason) == (
        True,
        "The contract ended",
    )


@pytest.mark.parametrize("needs_person", [False, True])
def test_what_a_provider_said_when_it_froze_is_told_to_those_alone_who_may_read_it(
    service: EmailService, needs_person: bool
) -> None:
    pace = pace_rows.lock([service.pk])[service.pk]
    error = ServiceError("550 account closed", needs_person=needs_person)
    pace_rows.apply(PaceChanges(freeze=error), pace, database_time())
    pace_rows.save([pace])
    assert [each.reason for each in freezes_of(with_state(service))] == ["550 account closed"]
    assert [each.reason for each in freezes_of(with_state(service, AnonymousUser()))] == [""]


def test_the_page_shows_it_all_and_the_part_that_refreshes_does_not(service: EmailService) -> None:
    attempt(service, AttemptOutcome.DEFERRED, code=421, reply="421 slow down")
    ServiceHour.objects.create(service_id=service.pk, hour=database_time(), deferred=1)
    client = signed_in(member(OPERATOR))
    page = page_of(client.get(address("dispatch.emailservice", "change", service.pk)))
    assert "1 × Refused for now (421)" in page
    assert "Last 30 days" in page
    refreshed = page_of(client.get(address("dispatch.emailservice", "state", service.pk)))
    assert "421" not in refreshed
