"""The limits of a service change by one verb; the database refuses every other writer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, models, transaction

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


def by_the_save_of_all_models(service: EmailService, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(service, name, value)
    models.Model.save(service)


def by_sql(service: EmailService, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for name, value in values.items():
            sql = f"UPDATE dispatch_emailservice SET {name} = %s WHERE id = %s"
            cursor.execute(sql, [value, service.pk])


@pytest.mark.parametrize("values", CHANGES, ids=lambda values: next(iter(values)))
@pytest.mark.parametrize("write", [by_a_query, by_a_bulk_update, by_the_save_of_all_models, by_sql])
def test_no_limit_is_written_past_the_verb(
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


def test_a_service_is_not_saved_by_its_model(service: EmailService) -> None:
    with pytest.raises(TypeError, match=r"dispatch\.pace\.services\.save"):
        service.save()


def test_none_is_made_without_its_pace(service: EmailService) -> None:
    service.pk, service.name, service.webhook_key_digest = None, "another", "another"
    with pytest.raises(IntegrityError, match=GUARD), transaction.atomic():
        EmailService.objects.bulk_create([service])
    assert Pace.objects.count() == EmailService.objects.count() == 1


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
        "dispatch/migrations/0005_limits_guard.py",
    }
