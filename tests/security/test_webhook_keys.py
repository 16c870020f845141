"""The keys in the addresses of webhooks are not in the database as they are."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from dispatch.models import EmailService
from dispatch.providers import PROVIDERS
from dispatch.providers.brevo import BrevoProvider
from dispatch.providers.engagelab import EngageLabProvider
from dispatch.providers.mailgun import MailgunProvider
from dispatch.providers.mailjet import MailjetProvider
from dispatch.providers.postmark import PostmarkProvider
from dispatch.providers.resend import ResendForm, ResendProvider
from dispatch.providers.sendgrid import SendGridProvider
from dispatch.providers.ses import SesProvider
from dispatch.providers.sparkpost import SparkPostProvider
from dispatch.providers.webhooks import webhook_url
from tests.dispatch.providers.webhook_posts import PAYLOADS, post, send, service_of
from tests.factories import EmailServiceFactory, UserFactory

pytestmark = pytest.mark.django_db


def stored(service: EmailService) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT s::text FROM dispatch_emailservice s WHERE id = %s", [service.pk])
        return str(cursor.fetchone()[0])


def test_the_row_does_not_hold_the_key() -> None:
    service = service_of("brevo")
    assert len(service.webhook_key) >= 43
    assert service.webhook_key not in stored(service)


def test_what_the_row_holds_opens_nothing() -> None:
    service = service_of("brevo")
    for held in (service.webhook_key_digest, service.webhook_key_encrypted):
        response = Client().post(f"/hooks/brevo/{held}/", b"{}", content_type="application/json")
        assert response.status_code in (401, 404)


def test_the_same_key_twice_is_encrypted_differently_and_found_by_one_digest() -> None:
    first, second = service_of("brevo"), service_of("brevo")
    assert first.webhook_key_digest != second.webhook_key_digest
    assert first.webhook_key_encrypted != second.webhook_key_encrypted


def test_events_are_taken_when_the_key_can_no_longer_be_decrypted() -> None:
    service = service_of("brevo")
    url = webhook_url(service)
    EmailService.objects.filter(pk=service.pk).update(webhook_key_encrypted="nonsense")
    assert post(service, PAYLOADS["brevo"][0]["body"]).status_code == 200
    assert url


def test_a_page_whose_key_cannot_be_decrypted_says_what_to_do() -> None:
    service = EmailServiceFactory(provider="brevo")
    EmailService.objects.filter(pk=service.pk).update(webhook_key_encrypted="nonsense")
    browser = Client()
    browser.force_login(UserFactory(is_staff=True, is_superuser=True))
    page = browser.get(reverse("admin:dispatch_emailservice_change", args=[service.pk]))
    assert page.status_code == 200
    assert "renew the address" in page.text


def test_a_page_says_which_secret_events_wait_for() -> None:
    service = EmailServiceFactory(provider="engagelab")
    browser = Client()
    browser.force_login(UserFactory(is_staff=True, is_superuser=True))
    page = browser.get(reverse("admin:dispatch_emailservice_change", args=[service.pk]))
    assert "No events are taken before this is entered: Webhook app key." in page.text


@pytest.mark.parametrize(
    "provider", [p for p in PROVIDERS if p.takes_webhooks], ids=lambda p: p.name
)
def test_every_provider_that_tells_events_has_a_secret_to_prove_them(
    provider: BrevoProvider
    | EngageLabProvider
    | MailgunProvider
    | MailjetProvider
    | PostmarkProvider
    | ResendProvider
    | SendGridProvider
    | SesProvider
    | SparkPostProvider,
) -> None:
    assert provider.webhook_secrets
    assert set(provider.webhook_secrets) <= provider.settings_form.base_fields.keys()


@pytest.mark.parametrize("secret", ["whsec_", "whsec_AAAA", "whsec_MDEyMzQ1Njc4OTAxMjM="])
def test_a_signing_secret_that_can_be_guessed_signs_nothing(secret: str) -> None:
    service = service_of("resend", signing_secret=secret)
    data, at = b"{}", int(time.time())
    key = base64.b64decode(secret.partition("_")[2])
    digest = hmac.new(key, f"x.{at}.".encode() + data, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    headers = {"svix-id": "x", "svix-timestamp": str(at), "svix-signature": signature}
    assert send(webhook_url(service), data, headers).status_code == 401
    form = ResendForm({"api_key": "re_123", "signing_secret": secret})
    assert "signing_secret" in form.errors
