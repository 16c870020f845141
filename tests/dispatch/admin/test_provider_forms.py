"""Setting up a provider in admin: its form, its webhook address, its connection test."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from dispatch.encryption import decrypt, encrypt
from dispatch.models import EmailService
from dispatch.pace import services
from dispatch.providers import PROVIDERS, account_reports
from dispatch.providers.brevo import BrevoProvider
from dispatch.providers.engagelab import EngageLabProvider
from dispatch.providers.mailgun import MailgunProvider
from dispatch.providers.mailjet import MailjetProvider
from dispatch.providers.postmark import PostmarkProvider
from dispatch.providers.resend import ResendProvider
from dispatch.providers.sendgrid import SendGridProvider
from dispatch.providers.ses import SesProvider
from dispatch.providers.smtp import SmtpProvider
from dispatch.providers.sparkpost import SparkPostProvider
from dispatch.providers.webhooks import webhook_url
from tests.campaigns.admin.staff import (
    CONFIRM,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    member,
    signed_in,
    texts,
)
from tests.factories import EmailServiceFactory
from tests.http_server import Answer, HttpServer

pytestmark = pytest.mark.django_db
ENGAGELAB = {"region": "turkey", "api_user": "campaigns", "api_key": "key-1", "webhook_app_key": ""}
OFFERED = [provider for provider in PROVIDERS if not provider.development_only]
GENERAL = {
    "name": "North",
    "domain": "north.example.com",
    "sending_interval": "1",
    "burst": "1",
    "quota_reset_time": "00:00:00",
    "quota_time_zone": "UTC",
    "max_connections": "2",
    "enabled": "on",
}


@pytest.fixture
def browser() -> Client:
    return signed_in(member(SUPERUSER))


def page(service: EmailService, action: str = "change") -> str:
    return reverse(f"admin:dispatch_emailservice_{action}", args=[service.pk])


def entered(**settings: Any) -> dict[str, Any]:
    return {**GENERAL, **{f"settings_{name}": value for name, value in settings.items()}}


@pytest.mark.parametrize("provider", OFFERED, ids=lambda provider: provider.name)
def test_the_form_of_every_provider_shows_its_fields_and_no_others(
    browser: Client,
    provider: BrevoProvider
    | EngageLabProvider
    | MailgunProvider
    | MailjetProvider
    | PostmarkProvider
    | ResendProvider
    | SendGridProvider
    | SesProvider
    | SmtpProvider
    | SparkPostProvider,
) -> None:
    url = reverse("admin:dispatch_emailservice_add") + f"?provider={provider.name}"
    form = browser.get(url).context["adminform"].form
    shown = {name for name in form.fields if name.startswith("settings_")}
    assert shown == {f"settings_{name}" for name in provider.settings_form.base_fields}


@pytest.mark.parametrize("entered_key", ["", "-"])
def test_a_secret_that_is_needed_has_to_be_entered_once(browser: Client, entered_key: str) -> None:
    url = reverse("admin:dispatch_emailservice_add") + "?provider=engagelab"
    assert "leave empty to keep it" not in browser.get(url).text
    response = browser.post(url, entered(**{**ENGAGELAB, "api_key": entered_key}))
    assert response.context["errors"] and not EmailService.objects.exists()

    service = EmailServiceFactory(provider="engagelab", settings=ENGAGELAB)
    browser.post(page(service), entered(**{**ENGAGELAB, "api_key": entered_key}))
    assert decrypt(EmailService.objects.get().credentials)["api_key"] == "key-1"


@pytest.mark.parametrize(
    "provider, wrong, says",
    [
        ("ses", {"region": "Ireland"}, "such as eu-west-1"),
        ("ses", {"topic_arn": "events"}, "Enter the ARN of a topic"),
        ("mailgun", {"sender_domain": "https://mg.example.com"}, "such as mg.example.com"),
        ("resend", {"signing_secret": "secret"}, "no signing secret"),
        ("sendgrid", {"verification_key": "key"}, "no public key"),
        ("brevo", {"api_key": "two words"}, "no blanks"),
        ("sparkpost", {"subaccount": "main"}, "whole number"),
    ],
)
def test_what_cannot_be_is_said_in_words(
    browser: Client, provider: str, wrong: dict[str, str], says: str
) -> None:
    url = reverse("admin:dispatch_emailservice_add") + f"?provider={provider}"
    assert says in browser.post(url, entered(**wrong)).text
    assert not EmailService.objects.exists()


def test_a_service_is_set_up_with_the_settings_of_its_provider(browser: Client) -> None:
    url = reverse("admin:dispatch_emailservice_add") + "?provider=engagelab"
    assert browser.post(url, entered(**ENGAGELAB)).status_code == 302
    service = EmailService.objects.get()
    assert service.provider == "engagelab"
    assert decrypt(service.credentials) == {**ENGAGELAB, "api_url": ""}
    assert len(service.webhook_key) >= 43


def test_saving_the_same_settings_leaves_the_connection_as_it_is(browser: Client) -> None:
    service = EmailServiceFactory(provider="engagelab", settings=ENGAGELAB)
    browser.post(page(service), entered(**{**ENGAGELAB, "api_key": ""}))
    after = EmailService.objects.get()
    assert (after.name, after.credentials) == ("North", service.credentials)


def test_other_settings_are_another_connection(browser: Client) -> None:
    service = EmailServiceFactory(provider="engagelab", settings=ENGAGELAB)
    before = EmailService.objects.get().connection_changed_at
    browser.post(page(service), entered(**{**ENGAGELAB, "api_user": "others"}))
    assert EmailService.objects.get().connection_changed_at > before


def test_limits_are_no_part_of_the_connection() -> None:
    service = EmailServiceFactory(provider="engagelab", settings=ENGAGELAB)
    before = EmailService.objects.get().connection_changed_at
    service.burst = 3
    services.save(service)
    assert EmailService.objects.get().connection_changed_at == before


def test_the_webhook_address_is_shown_to_whoever_may_change_the_service(browser: Client) -> None:
    service = EmailServiceFactory(provider="engagelab", settings=ENGAGELAB)
    assert webhook_url(service) in browser.get(page(service)).text
    for role in (OPERATOR, VIEWER):
        user = member(role)
        may_change = user.has_perm("dispatch.change_emailservice")
        shown = service.webhook_key in signed_in(user).get(page(service)).text
        assert shown == may_change


def test_a_provider_without_webhooks_shows_no_address(browser: Client) -> None:
    service = EmailServiceFactory(provider="smtp")
    assert service.webhook_key not in browser.get(page(service)).text


def test_a_renewed_address_is_another_one(browser: Client) -> None:
    service = EmailServiceFactory(provider="engagelab", settings=ENGAGELAB)
    url = page(service, "renew_webhook")
    assert "refused from then on" in browser.get(url).text
    assert "new address" in texts(browser.post(url, CONFIRM, follow=True))
    assert EmailService.objects.get().webhook_key != service.webhook_key


def test_the_connection_test_shows_the_quota_of_the_account(browser: Client) -> None:
    with HttpServer() as server:
        quota = {"account_quota": 100000, "daily_quota": 5000, "daily_quota_used": 12}
        server.otherwise = Answer(200, quota)
        service = EmailServiceFactory(
            provider="engagelab", credentials=encrypt({**ENGAGELAB, "api_url": server.url})
        )
        response = browser.post(page(service, "test_connection"), CONFIRM, follow=True)
    assert "12 of 5,000 messages used today" in texts(response)
    assert shown(service) == (
        "Connects EngageLab answered: 12 of 5,000 messages used today, 100,000 in the account, as "
        "of 0 minutes ago."
    )


def shown(service: EmailService) -> str:
    """What the page of a service says of its account."""
    section = signed_in(member(VIEWER)).get(page(service)).text.partition('id="service-account"')[2]
    return " ".join(strip_tags("<div " + section.partition("</div>")[0]).split()).replace(
        "\xa0", " "
    )


def test_the_connection_test_says_in_words_what_is_wrong(browser: Client) -> None:
    with HttpServer() as server:
        server.otherwise = Answer(401, {"code": 30000, "message": "Authentication failed"})
        service = EmailServiceFactory(
            provider="engagelab", credentials=encrypt({**ENGAGELAB, "api_url": server.url})
        )
        response = browser.post(page(service, "test_connection"), CONFIRM, follow=True)
    assert "The connection failed: 30000: Authentication failed" in texts(response)
    assert shown(service).startswith("No connection 30000: Authentication failed.")


def test_what_was_said_of_another_account_is_not_shown(browser: Client) -> None:
    with HttpServer() as server:
        server.otherwise = Answer(401)
        settings = {**ENGAGELAB, "api_url": server.url}
        service = EmailServiceFactory(provider="engagelab", credentials=encrypt(settings))
        assert shown(service) == "Not tested The connection has not been tested yet."
        account_reports.check(service)
    service.credentials = encrypt({**settings, "api_user": "another"})
    services.save(service)
    assert shown(service) == "Not tested The connection has not been tested yet."
