from __future__ import annotations

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dispatch.encryption import decrypt, encrypt
from dispatch.models import BounceMailbox, EmailService
from tests.factories import EmailServiceFactory

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()

pytestmark = pytest.mark.django_db


def a_service(name: str, credentials: str) -> None:
    EmailServiceFactory(
        name=name, domain=f"{name}.example.com", provider="smtp", credentials=credentials
    )


def stored(name: str) -> str:
    return EmailService.objects.get(name=name).credentials


def test_after_the_command_the_old_key_can_go(settings: Settings) -> None:
    settings.CREDENTIALS_KEYS = [OLD]
    a_service("relay", encrypt({"host": "smtp.example.com"}))
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    out = StringIO()
    call_command("rotate_credentials", stdout=out)
    settings.CREDENTIALS_KEYS = [NEW]
    assert decrypt(stored("relay")) == {"host": "smtp.example.com"}
    assert out.getvalue() == "1 rotated, 0 unreadable\n"


def test_an_unreadable_service_is_named_and_keeps_no_other_from_being_rotated(
    settings: Settings,
) -> None:
    settings.CREDENTIALS_KEYS = [OLD]
    a_service("lost", "nonsense")
    a_service("relay", encrypt({"host": "smtp.example.com"}))
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="lost: The credentials cannot be read"):
        call_command("rotate_credentials", stdout=StringIO())
    settings.CREDENTIALS_KEYS = [NEW]
    assert decrypt(stored("relay")) == {"host": "smtp.example.com"}


def test_webhook_addresses_can_be_shown_without_the_old_key(settings: Settings) -> None:
    settings.CREDENTIALS_KEYS = [OLD]
    a_service("relay", encrypt({"host": "smtp.example.com"}))
    a_service("lost", "nonsense")
    keys = [EmailService.objects.get(name=name).webhook_key for name in ("relay", "lost")]
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    with pytest.raises(CommandError):
        call_command("rotate_credentials", stdout=StringIO())
    settings.CREDENTIALS_KEYS = [NEW]
    assert [EmailService.objects.get(name=n).webhook_key for n in ("relay", "lost")] == keys


def test_a_service_without_credentials_is_left_alone() -> None:
    a_service("bare", "")
    call_command("rotate_credentials", stdout=StringIO())
    assert stored("bare") == ""


def test_bounce_mailboxes_are_rotated_too(settings: Settings) -> None:
    settings.CREDENTIALS_KEYS = [OLD]
    a_service("relay", "")
    service = EmailService.objects.get()
    BounceMailbox.objects.create(
        service=service, domain="bounce.example.com", settings=encrypt({"host": "imap.example.com"})
    )
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    call_command("rotate_credentials", stdout=StringIO())
    settings.CREDENTIALS_KEYS = [NEW]
    assert decrypt(BounceMailbox.objects.get().settings) == {"host": "imap.example.com"}
