"""The database keeps each freeze of a service, whoever froze it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from dispatch.clock import database_time
from dispatch.errors import ServiceError
from dispatch.models import EmailService, Freeze, Pace
from dispatch.pace import pace_rows
from dispatch.pace.pace_rows import PaceChanges
from tests.factories import EmailServiceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def service() -> EmailService:
    return EmailServiceFactory()


def fail(service: EmailService, reply: str) -> None:
    """What a dispatcher writes about a service that failed."""
    pace = pace_rows.lock([service.pk])[service.pk]
    pace_rows.apply(PaceChanges(freeze=ServiceError(reply)), pace, database_time())
    pace_rows.save([pace])


def test_a_freeze_by_staff_lasts_until_it_is_ended(service: EmailService) -> None:
    pace_rows.freeze(service, "The contract ended")
    kept = Freeze.objects.get()
    assert (kept.reason, kept.until, kept.needs_person, kept.ended_at) == (
        "The contract ended",
        None,
        True,
        None,
    )
    pace_rows.unfreeze(service)
    assert Freeze.objects.get().ended_at is not None


def test_a_freeze_by_a_dispatcher_says_until_when(service: EmailService) -> None:
    fail(service, "421 too many connections")
    kept = Freeze.objects.get()
    assert kept.reason == "421 too many connections"
    assert kept.until is not None and kept.until > kept.frozen_at


def test_another_freeze_ends_the_one_before(service: EmailService) -> None:
    fail(service, "421 too many connections")
    pace_rows.freeze(service, "We look into it")
    first, second = Freeze.objects.order_by("pk")
    assert first.ended_at is not None
    assert second.ended_at is None


def test_one_that_is_over_is_not_ended_later(service: EmailService) -> None:
    fail(service, "421 too many connections")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE dispatch_freeze SET until = now() - interval '1 minute'")
    fail_later = Pace.objects.get(pk=service.pk)
    fail_later.frozen_until = database_time() + dt.timedelta(minutes=1)
    fail_later.save()
    assert Freeze.objects.order_by("pk")[0].ended_at is None
    assert Freeze.objects.count() == 2


def test_what_does_not_freeze_is_not_kept(service: EmailService) -> None:
    Pace.objects.filter(pk=service.pk).update(failures_in_row=1, quota_used=3)
    assert not Freeze.objects.exists()
