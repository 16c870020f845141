"""The audit knows the repeat of a hand-over from a duplicate."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db.models.functions import Now

from campaigns.models import SubTask
from dispatch.models import Attempt, Decision, EmailService
from tests.audited import offenders
from tests.factories import DispatcherFactory, EmailServiceFactory, SubTaskFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def attempts() -> dict[str, Any]:
    """The ordinary values of an attempt at one SubTask that was sent in the end."""
    service = EmailServiceFactory(provider="resend")
    now = dt.datetime.now(dt.UTC)
    subtask = SubTaskFactory(status="sent", service=service)
    return {"subtask": subtask, "service": service, "slot_at": now, "sending_at": now}


def attempt(ordinary: dict[str, Any], outcome: str, **values: Any) -> None:
    Attempt.objects.create(
        outcome=outcome, dispatcher_id=1, claim_token=uuid.uuid4(), **{**ordinary, **values}
    )


def test_a_repeat_within_the_window_is_no_duplicate(attempts: dict[str, Any]) -> None:
    later = attempts["slot_at"] + dt.timedelta(hours=20)
    attempt(attempts, "unknown")
    attempt(attempts, "unknown", slot_at=later)
    attempt(attempts, "accepted", slot_at=later)
    assert offenders() == []


def test_a_repeat_after_the_window_is_a_duplicate(attempts: dict[str, Any]) -> None:
    attempt(attempts, "unknown")
    attempt(attempts, "accepted", slot_at=attempts["slot_at"] + DAY)
    assert any("was handed over 2 times" in told for told in offenders())


def test_a_repeat_through_another_service_is_a_duplicate(attempts: dict[str, Any]) -> None:
    attempt(attempts, "unknown")
    attempt(attempts, "accepted", service=EmailServiceFactory(provider="resend"))
    assert any("was handed over 2 times" in told for told in offenders())


def test_a_repeat_under_another_key_is_a_duplicate(attempts: dict[str, Any]) -> None:
    attempt(attempts, "unknown")
    attempt(attempts, "accepted", sending_at=attempts["sending_at"] + dt.timedelta(seconds=1))
    assert any("was handed over 2 times" in told for told in offenders())


def test_a_second_acceptance_is_a_duplicate_whatever_its_key(attempts: dict[str, Any]) -> None:
    attempt(attempts, "accepted")
    attempt(attempts, "accepted")
    assert any("was handed over 2 times" in told for told in offenders())


def test_a_repeat_through_a_provider_that_does_not_de_duplicate_is_a_duplicate(
    attempts: dict[str, Any],
) -> None:
    attempts["service"].provider = "smtp"
    EmailService.objects.filter(pk=attempts["service"].pk).update(
        provider="smtp", connection_changed_at=attempts["sending_at"] - DAY
    )
    attempt(attempts, "unknown")
    attempt(attempts, "accepted")
    assert any("was handed over 2 times" in told for told in offenders())


def test_repeats_before_a_service_was_connected_anew_are_no_duplicates(
    attempts: dict[str, Any],
) -> None:
    attempt(attempts, "unknown")
    attempt(attempts, "accepted", slot_at=attempts["slot_at"] + dt.timedelta(minutes=2))
    EmailService.objects.filter(pk=attempts["service"].pk).update(
        provider="smtp", connection_changed_at=Now() + DAY
    )
    assert offenders() == []


def test_two_decisions_of_a_person_are_no_duplicates(attempts: dict[str, Any]) -> None:
    attempt(attempts, "unknown")
    Decision.objects.create(subtask=attempts["subtask"], user=UserFactory(), choice="send_again")
    attempt(attempts, "accepted", sending_at=attempts["sending_at"] + dt.timedelta(hours=1))
    assert offenders() == []


def test_a_repeat_that_is_under_way_is_no_contradiction(attempts: dict[str, Any]) -> None:
    dispatcher = DispatcherFactory()
    SubTask.objects.filter(pk=attempts["subtask"].pk).update(
        status="sending",
        dispatcher_id=dispatcher.pk,
        claim_token=uuid.uuid4(),
        sending_at=attempts["sending_at"],
        allocated_at=Now(),
    )
    attempt(attempts, "unknown")
    assert offenders() == []


def test_a_doubt_that_is_sent_again_as_if_it_were_new_is_a_contradiction(
    attempts: dict[str, Any],
) -> None:
    dispatcher = DispatcherFactory()
    SubTask.objects.filter(pk=attempts["subtask"].pk).update(
        status="sending",
        dispatcher_id=dispatcher.pk,
        claim_token=uuid.uuid4(),
        sending_at=attempts["sending_at"] + dt.timedelta(minutes=1),
        allocated_at=Now(),
    )
    attempt(attempts, "unknown")
    assert "but it is sending" in offenders()[0]
