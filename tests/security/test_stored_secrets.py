"""A stored password or key is not sent to another place than the one that it was entered for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dispatch.admin.services.form import form_for
from dispatch.bounces.forms import MailboxForm
from dispatch.encryption import decrypt
from dispatch.providers import PROVIDERS, get_provider
from dispatch.providers.smtp import SmtpProvider
from tests.dispatch.providers.certificates import self_signed
from tests.factories import EmailServiceFactory

pytestmark = pytest.mark.django_db
GENERAL = {
    "name": "North", "domain": "north.example.com", "enabled": "on", "sending_interval": "0.5",
    "burst": "1", "quota_reset_time": "00:00", "quota_time_zone": "UTC", "max_connections": "2",
}  # fmt: skip
STORED: dict[str, dict[str, Any]] = {
    "smtp": {
        "host": "smtp.example.com", "port": 587, "security": "starttls", "user": "ada",
        "password": "s3cret", "timeout": 15, "reply_timeout": 90, "ehlo_name": "",
        "messages_per_connection": 100, "ca_certificates": "",
    },
    "engagelab": {"region": "singapore", "api_user": "u", "api_key": "s3cret", "webhook_app_key": "hook"},
    "ses": {"region": "eu-west-1", "access_key_id": "AK", "secret_access_key": "s3cret"},
    "mailgun": {"region": "us", "api_key": "s3cret", "sender_domain": ""},
    "sendgrid": {"region": "global", "api_key": "s3cret"},
    "sparkpost": {"region": "us", "api_key": "s3cret"},
    "mailjet": {"region": "eu", "api_key": "s3cret", "secret_key": "s3cret"},
    "brevo": {"api_key": "s3cret"},
    "postmark": {"server_token": "s3cret", "message_stream": "broadcast"},
    "resend": {"api_key": "s3cret"},
}  # fmt: skip
MOVES = [
    ("smtp", "host", "evil.example.net"),
    ("smtp", "host", "smtp.example.com.evil.net"),
    ("smtp", "port", "2525"),
    ("smtp", "security", "tls"),
    ("engagelab", "region", "turkey"),
    ("ses", "region", "us-east-1"),
    ("mailgun", "region", "eu"),
    ("sendgrid", "region", "eu"),
    ("sparkpost", "region", "eu"),
    ("mailjet", "region", "us"),
    *(
        (provider, "api_url", "https://mail.cloud.example/")
        for provider in STORED
        if provider != "smtp"
    ),
]


def shown_as(provider: str, field: str) -> str:
    """What the form calls it."""
    labels = {"api_url": "API address", "region": "Data centre" if provider == "engagelab" else ""}
    return labels.get(field) or field


def form_of(provider: str, **entered: str) -> Any:
    """The form of a service that is stored, with what is entered in place of it; secrets are left
    empty.
    """
    secret = get_provider(provider).secret_fields
    service = EmailServiceFactory(provider=provider, settings=STORED[provider])
    shown = {k: "" if k in secret else v for k, v in STORED[provider].items()} | entered
    data = {**GENERAL, **{f"settings_{name}": value for name, value in shown.items()}}
    form = form_for(get_provider(provider), confirmed=True)
    return type("Form", (form,), {"Meta": type("Meta", (form.Meta,), {})})(data, instance=service)


@pytest.mark.parametrize(("provider", "field", "value"), MOVES)
def test_another_place_asks_for_the_secret_again(provider: str, field: str, value: str) -> None:
    form = form_of(provider, **{field: value})
    before = form.instance.credentials
    assert not form.is_valid()
    secrets = get_provider(provider).sent_secrets & STORED[provider].keys()
    assert secrets
    for secret in secrets:
        assert "Enter it again" in str(form.errors[f"settings_{secret}"])
        told = str(form.errors[f"settings_{secret}"])
        assert shown_as(provider, field).lower() in told.lower()
    assert form.instance.credentials == before


@pytest.mark.parametrize(("provider", "field", "value"), MOVES)
def test_with_the_secret_entered_it_goes_there(provider: str, field: str, value: str) -> None:
    secrets = dict.fromkeys(get_provider(provider).sent_secrets & STORED[provider].keys(), "new")
    form = form_of(provider, **{field: value}, **secrets)
    assert form.is_valid(), form.errors
    assert decrypt(form.instance.credentials).items() >= secrets.items()


@pytest.mark.parametrize("provider", sorted(STORED))
def test_in_the_same_place_it_is_kept(provider: str) -> None:
    form = form_of(provider)
    assert form.is_valid(), form.errors
    assert "s3cret" in decrypt(form.instance.credentials).values()


def test_another_authority_asks_again(tmp_path: Path) -> None:
    mine = self_signed("smtp.example.com", tmp_path)
    form = form_of("smtp", ca_certificates=mine.pem)
    assert "Enter it again" in str(form.errors["settings_password"])


def test_what_only_judges_webhooks_is_kept() -> None:
    form = form_of("engagelab", region="turkey", api_key="entered")
    assert form.is_valid(), form.errors
    assert decrypt(form.instance.credentials)["webhook_app_key"] == "hook"


def test_a_service_without_a_login_may_go_anywhere() -> None:
    service = EmailServiceFactory(settings={**STORED["smtp"], "user": "", "password": ""})
    shown = {**STORED["smtp"], "user": "", "password": "", "host": "other.example.com"}
    data = {**GENERAL, **{f"settings_{name}": value for name, value in shown.items()}}
    form = form_for(SmtpProvider(), confirmed=True)
    made = type("Form", (form,), {"Meta": type("Meta", (form.Meta,), {})})(data, instance=service)
    assert made.is_valid(), made.errors


def test_every_provider_says_where_its_secrets_go() -> None:
    """All settings that are part of an address, as far as staff may enter them."""
    for provider in PROVIDERS:
        names = set(provider.settings_form.base_fields)
        assert names & {"host", "port", "security", "region", "api_url", "ca_certificates"} <= set(
            provider.place_fields
        )


class TestBounceMailboxes:
    STORED = {
        "enabled": True, "domain": "bounce.example.com", "kind": "imap", "host": "imap.example.com",
        "port": 993, "security": "tls", "user": "bounces", "password": "s3cret", "folder": "INBOX",
        "timeout": 15, "ca_certificates": "", "maildir": "", "delete": False,
    }  # fmt: skip

    def form(self, **entered: Any) -> MailboxForm:
        return MailboxForm({**self.STORED, "password": "", **entered}, self.STORED)

    @pytest.mark.parametrize(
        ("field", "value"),
        [("host", "evil.example.net"), ("port", "143"), ("security", "starttls")],
    )
    def test_another_place_asks_for_the_password_again(self, field: str, value: str) -> None:
        form = self.form(**{field: value})
        assert "Enter it again" in str(form.errors["password"])

    def test_in_the_same_place_it_is_kept(self) -> None:
        form = self.form(folder="Bounces")
        assert form.is_valid(), form.errors
        assert form.cleaned_data["password"] == "s3cret"

    def test_a_way_round_by_another_kind_of_mailbox_loses_it(self) -> None:
        form = self.form(kind="maildir", maildir="bounces", host="evil.example.net")
        assert form.is_valid(), form.errors
        assert form.cleaned_data["password"] == ""
