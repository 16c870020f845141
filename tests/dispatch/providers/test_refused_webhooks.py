"""What is posted to a webhook and is refused: nothing of it enters, and it is counted."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from dispatch.models import EmailService
from dispatch.pace import services
from dispatch.providers.webhooks import webhook_url
from tests.dispatch.providers.door import Door, first_event, refused
from tests.dispatch.providers.hostile_posts import BROKEN
from tests.dispatch.providers.webhook_posts import (
    OTHER_SECRETS,
    PAYLOADS,
    SECRETS,
    TIMED,
    post,
    send,
    service_of,
)
from tracking.events import inbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("door")]


EACH = sorted(PAYLOADS)
LIKE_BODIES = {
    "brevo": {"an empty object", "nulls"},
    "mailjet": {"nulls"},
    "postmark": {"an empty object", "nulls"},
    "resend": {"nulls"},
    "sendgrid": {"nulls"},
}
"""What of BROKEN looks like an event of a kind that is nothing to us, and is taken as one."""


@pytest.fixture(params=EACH)
def service(request: pytest.FixtureRequest) -> EmailService:
    return service_of(request.param)


def test_whoever_does_not_prove_to_be_the_provider_is_refused(
    door: Door, service: EmailService
) -> None:
    response = post(service, first_event(service.provider), sign=False)
    refused(door, response, 401)


def test_what_is_signed_with_another_secret_is_refused(door: Door, service: EmailService) -> None:
    service.credentials = service_of(service.provider, **OTHER_SECRETS).credentials
    services.save(service)
    refused(door, post(service, first_event(service.provider)), 401)


@pytest.mark.parametrize("age", [26 * 3600, -26 * 3600], ids=["old", "from the future"])
@pytest.mark.parametrize("provider", TIMED)
def test_a_request_of_another_day_is_refused(door: Door, provider: str, age: int) -> None:
    response = post(service_of(provider), first_event(provider), age=age)
    assert refused(door, response, 401) == "stale timestamp"


def test_an_unknown_address_is_refused_as_a_wrong_signature_is(
    door: Door, service: EmailService
) -> None:
    unknown = send(webhook_url(service)[:-3] + "xx/", b"{}")
    wrong = post(service, first_event(service.provider), sign=False)
    assert unknown.status_code == wrong.status_code == 401
    assert dict(unknown.headers) == dict(wrong.headers)
    assert unknown.content == wrong.content == b""


def test_the_key_of_another_providers_service_opens_nothing(
    door: Door, service: EmailService
) -> None:
    other = service_of("brevo" if service.provider != "brevo" else "mailjet")
    url = webhook_url(service).replace(service.webhook_key, other.webhook_key)
    assert refused(door, send(url, b"{}"), 401) == "unknown address"


def test_a_renewed_address_refuses_the_old_one(door: Door, service: EmailService) -> None:
    old = webhook_url(service)
    service.renew_webhook_key()
    assert webhook_url(service) != old
    assert refused(door, send(old, b"{}"), 401) == "unknown address"


@pytest.mark.parametrize("what", BROKEN)
def test_what_makes_no_sense_is_refused_and_never_an_error(
    door: Door, service: EmailService, what: str
) -> None:
    response = post(service, BROKEN[what])
    odd = what not in LIKE_BODIES.get(service.provider, ())
    assert response.status_code == (400 if odd else 200)
    assert door.refused == [(f"webhook {service.provider}", "malformed")] * odd
    assert door.entered == []


def test_a_body_that_is_too_large_is_refused_unread(door: Door, service: EmailService) -> None:
    assert refused(door, post(service, b" " * 10_000_000, sign=False), 413) == "too large"


def test_a_length_that_is_no_number_is_no_error(door: Door, service: EmailService) -> None:
    path = "/hooks/" + webhook_url(service).partition("/hooks/")[2]
    response = Client().generic("POST", path, b"{}", CONTENT_LENGTH="many")
    assert response.status_code in (400, 401)


@pytest.mark.parametrize("name", ["smtp", "maildir", "pigeon"])
def test_a_provider_that_tells_nothing_has_no_address(door: Door, name: str) -> None:
    plain = service_of("brevo")
    EmailService.objects.filter(pk=plain.pk).update(provider=name)
    plain.refresh_from_db()
    assert webhook_url(plain) == ""
    assert send(f"/hooks/{name}/{plain.webhook_key}/", b"{}").status_code == 401


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_methods_are_refused(door: Door, service: EmailService, method: str) -> None:
    path = "/hooks/" + webhook_url(service).partition("/hooks/")[2]
    assert getattr(Client(), method)(path).status_code == 405


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_probe_learns_that_somebody_is_there_and_nothing_else(
    door: Door, service: EmailService, method: str
) -> None:
    for url in (webhook_url(service), webhook_url(service)[:-3] + "xx/"):
        path = "/hooks/" + url.partition("/hooks/")[2]
        assert getattr(Client(), method)(path).status_code == 200


def test_settings_that_cannot_be_read_refuse_everything(door: Door, service: EmailService) -> None:
    EmailService.objects.filter(pk=service.pk).update(credentials="nonsense")
    response = post(service, first_event(service.provider))
    assert refused(door, response, 401) == "unreadable settings"


@pytest.mark.parametrize("sign", [True, False])
@pytest.mark.parametrize("provider", EACH)
def test_the_address_alone_proves_nothing(door: Door, provider: str, sign: bool) -> None:
    service = service_of(provider, **dict.fromkeys(SECRETS[provider], ""))
    response = post(service, first_event(provider), sign=sign)
    assert refused(door, response, 401) == "no webhook secret"


@pytest.mark.parametrize(
    ("provider", "secret"), [(name, secret) for name in EACH for secret in SECRETS[name]]
)
def test_each_secret_of_a_webhook_is_needed(door: Door, provider: str, secret: str) -> None:
    service = service_of(provider, **{secret: ""})
    response = post(service, first_event(provider))
    assert refused(door, response, 401) == "no webhook secret"


def test_a_database_that_is_not_there_asks_the_provider_to_come_again(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(events: Any) -> int:
        raise OperationalError("gone")

    monkeypatch.setattr(inbox, "accept", fail)
    assert post(service_of("brevo"), first_event("brevo")).status_code == 503
