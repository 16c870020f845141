"""The limits of a service change by one verb; the database refuses every other writer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from dispatch.lease_terms import LEASE_SECONDS
from dispatch.models import EmailService, Pace
from dispatch.pace import services
from tests.factories import EmailServiceFactory, change

pytestmark = pytest.mark.django_db

GUARD = "by dispatch.pace.services.save only"
CHANGES: list[dict[str, Any]] = [
    {"sending_interval": Decimal("0.001")},
    {"burst": 60},
    {"daily_quota": None},
    {"quota_reset_time": dt.time(6)},
    {"quota_time_zone": "Asia/Tokyo"},
]


@pytest.fixture
def service() -> EmailService:
    made: EmailService = EmailServiceFactory(sending_interval=60, daily_quota=100)
    return made


def by_a_query(service: EmailService, values: dict[str, Any]) -> None:
    EmailService.objects.filter(pk=service.pk).update(**values)


def by_a_bulk_update(service: EmailService, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(service, name, value)
    EmailService.objects.bulk_update([service], list(values))


def by_saving_the_model(service: EmailService, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(service, name, value)
    service.save()


def by_sql(service: EmailService, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for name, value in values.items():
            sql = f"UPDATE dispatch_emailservice SET {name} = %s WHERE id = %s"
            cursor.execute(sql, [value, service.pk])


@pytest.mark.parametrize("values", CHANGES, ids=lambda values: next(iter(values)))
@pytest.mark.parametrize("write", [by_a_query, by_a_bulk_update, by_saving_the_model, by_sql])
def test_no_limit_is_changed_past_the_verb(
    service: EmailService,
    write: Callable[[EmailService, dict[str, Any]], None],
    values: dict[str, Any],
) -> None:
    before = EmailService.objects.values().get()
    with pytest.raises(IntegrityError, match=GUARD), transaction.atomic():
        write(service, values)
    assert EmailService.objects.values().get() == before


@pytest.mark.parametrize("values", CHANGES, ids=lambda values: next(iter(values)))
def test_the_verb_writes_each_limit_and_says_since_when_it_holds(
    service: EmailService, values: dict[str, Any]
) -> None:
    since = Pace.objects.get().limits_changed_at
    change(service, **values)
    (written,) = EmailService.objects.values(*values)
    assert written == values
    assert Pace.objects.get().limits_changed_at > since


def test_what_limits_nothing_is_saved_by_the_model(service: EmailService) -> None:
    service.name, service.enabled = "renamed", False
    service.save()
    assert EmailService.objects.get(pk=service.pk).name == "renamed"


def test_a_service_that_is_made_in_another_way_has_its_pace(service: EmailService) -> None:
    service.pk, service.name, service.webhook_key_digest = None, "another", "another"
    (other,) = EmailService.objects.bulk_create([service])
    by_the_verb = EmailServiceFactory(sending_interval=60, daily_quota=100)
    columns = [field.attname for field in Pace._meta.fields if not field.is_relation]
    numbers = [name for name in columns if not name.endswith("_at")]
    made = Pace.objects.filter(service=other).values(*numbers).get()
    assert made == Pace.objects.filter(service=by_the_verb.pk).values(*numbers).get()
    settled = Pace.objects.values_list("next_send_at", "limits_changed_at").get(service=other)
    assert settled[0] - settled[1] == dt.timedelta(seconds=LEASE_SECONDS)


def test_what_limits_nothing_is_written_freely(service: EmailService) -> None:
    values = {"name": "renamed", "enabled": False, "burst": service.burst}
    assert EmailService.objects.filter(pk=service.pk).update(**values) == 1


def test_the_guard_is_up_again_after_the_verb(service: EmailService) -> None:
    change(service, burst=3)
    with pytest.raises(IntegrityError, match=GUARD), transaction.atomic():
        by_sql(service, {"burst": 60})


def test_the_guard_is_up_again_after_a_verb_that_failed(service: EmailService) -> None:
    other = EmailServiceFactory()
    with pytest.raises(IntegrityError, match="name"), transaction.atomic():
        change(other, name=service.name)
    with pytest.raises(IntegrityError, match=GUARD), transaction.atomic():
        by_sql(service, {"burst": 60})


def test_nothing_else_in_the_product_takes_the_guard_down() -> None:
    """Only the verb and the trigger spell its setting."""
    packages = {path.parent for path in Path(settings.BASE_DIR).glob("*/__init__.py")}
    found = {
        path.relative_to(settings.BASE_DIR).as_posix()
        for package in packages
        if package.name != "tests"
        for path in package.rglob("*.py")
        if "saving_service" in path.read_text(encoding="utf-8")
    }
    assert found == {
        Path(str(services.__file__)).relative_to(settings.BASE_DIR).as_posix(),
        "dispatch/migrations/0005_triggers.py",
    }
