"""When providers are asked about the accounts of services, and what is kept of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.functions import Now
from django_q.models import OrmQ

from dispatch.encryption import encrypt
from dispatch.models import AccountReport, EmailService
from dispatch.pace import services
from dispatch.providers import account_reports
from tests.factories import EmailServiceFactory
from tests.http_server import Answer, HttpServer

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
ACCOUNT = {"region": "turkey", "api_user": "campaigns", "api_key": "key-1"}
QUOTA = {"account_quota": 100000, "daily_quota": 5000, "daily_quota_used": 12}


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as server:
        server.otherwise = Answer(200, QUOTA)
        yield server


@pytest.fixture
def service(server: HttpServer) -> EmailService:
    settings = {**ACCOUNT, "api_url": server.url}
    made: EmailService = EmailServiceFactory(provider="engagelab", settings=settings)
    return made


def test_what_the_provider_says_is_kept(service: EmailService) -> None:
    account_reports.check_account(service.pk)
    report = AccountReport.objects.get()
    assert report.works and report.is_about(service)
    assert "12 of 5,000 messages used today" in report.answer


def test_what_is_wrong_is_kept(service: EmailService, server: HttpServer) -> None:
    account_reports.check(service)
    server.otherwise = Answer(500, b"")
    account_reports.check(service)
    report = AccountReport.objects.get()
    assert not report.works and "trouble of its own" in report.answer


def test_settings_that_cannot_be_read_are_said_to_be_wrong(service: EmailService) -> None:
    EmailService.objects.update(credentials="nonsense")
    account_reports.check_account(service.pk)
    assert not AccountReport.objects.get().works


def test_a_service_that_is_gone_is_not_asked_about(server: HttpServer) -> None:
    account_reports.check_account(4711)
    assert not server.requests


def test_a_new_service_is_asked_about_once(service: EmailService) -> None:
    assert [account_reports.ask_due(), account_reports.ask_due()] == [1, 0]
    assert OrmQ.objects.get().func() == "dispatch.providers.account_reports.check_account"


def test_it_is_asked_again_when_nobody_did_it(service: EmailService) -> None:
    account_reports.ask_due()
    AccountReport.objects.update(asked_at=Now() - 11 * MINUTE)
    assert account_reports.ask_due() == 1


@pytest.mark.parametrize(("age", "due"), [(14 * MINUTE, 0), (16 * MINUTE, 1)])
def test_it_is_asked_again_after_a_quarter_of_an_hour(
    service: EmailService, age: dt.timedelta, due: int
) -> None:
    account_reports.check(service)
    AccountReport.objects.update(checked_at=Now() - age)
    assert account_reports.ask_due() == due


def test_another_account_is_asked_about_at_once(service: EmailService) -> None:
    account_reports.check(service)
    service.credentials = encrypt({**ACCOUNT, "api_user": "another"})
    services.save(service)
    assert account_reports.ask_due() == 1


@pytest.mark.parametrize("changes", [{"enabled": False}, {"provider": "postmark"}])
def test_nobody_is_asked_who_is_switched_off_or_tells_no_quota(
    service: EmailService, changes: dict[str, Any]
) -> None:
    EmailService.objects.update(**changes)
    assert account_reports.ask_due() == 0
