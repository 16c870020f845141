"""Where bounces arrive: entered, tried, shown."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Permission
from django.db.models.functions import Now
from pytest_django import Settings

from dispatch.encryption import decrypt
from dispatch.models import BounceMailbox, EmailService
from tests.campaigns.admin.staff import (
    CONFIRM,
    EVERYBODY,
    OPERATOR,
    SUPERUSER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import EmailServiceFactory, UserFactory
from tests.imap_server import ImapServer, settings_of

pytestmark = pytest.mark.django_db

FORM = {
    "enabled": "on",
    "domain": "bounce.north.example.com",
    "kind": "imap",
    "host": "imap.example.com",
    "port": "993",
    "security": "tls",
    "user": "bounces",
    "password": "s3cret",
    "folder": "INBOX",
    "timeout": "15",
}


def url(page: str, service: EmailService) -> str:
    return address("dispatch.emailservice", page, service.pk)


def save(service: EmailService, **fields: str) -> Any:
    client = signed_in(member(OPERATOR))
    return client.post(url("bounce_mailbox", service), {**FORM, **fields}, follow=True)


def test_a_mailbox_is_kept_with_its_settings_encrypted() -> None:
    service = EmailServiceFactory()
    response = save(service)
    mailbox = BounceMailbox.objects.get()
    assert (mailbox.pk, mailbox.domain) == (service.pk, "bounce.north.example.com")
    assert "s3cret" not in mailbox.settings
    assert decrypt(mailbox.settings)["password"] == "s3cret"
    assert decrypt(mailbox.settings)["folder"] == "INBOX"
    assert "the bounce mailbox was saved" in texts(response)
    assert entries(service)[0][1] == "Changed where bounces are read."


def test_the_password_is_never_shown_and_kept_when_left_empty() -> None:
    service = EmailServiceFactory()
    save(service)
    page = page_of(signed_in(member(OPERATOR)).get(url("bounce_mailbox", service)))
    assert "imap.example.com" in page
    assert "s3cret" not in page
    save(service, password="", folder="Bounces")
    stored = decrypt(BounceMailbox.objects.get().settings)
    assert (stored["password"], stored["folder"]) == ("s3cret", "Bounces")


def test_a_new_mailbox_has_no_password_to_keep() -> None:
    client = signed_in(member(OPERATOR))
    assert "leave empty to keep it" not in page_of(
        client.get(url("bounce_mailbox", EmailServiceFactory()))
    )
    service = EmailServiceFactory()
    save(service)
    assert "leave empty to keep it" in page_of(client.get(url("bounce_mailbox", service)))


def test_a_change_is_tried_at_once() -> None:
    service = EmailServiceFactory()
    save(service)
    BounceMailbox.objects.update(next_read_at="2100-01-01T00:00Z", failures_in_row=9, problem="x")
    save(service)
    mailbox = BounceMailbox.objects.annotate(now=Now()).get()
    assert mailbox.next_read_at <= mailbox.now
    assert (mailbox.failures_in_row, mailbox.problem) == (0, "")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"domain": "No Domain"}, "Enter a domain name in lower case"),
        ({"domain": ""}, "This field is required"),
        ({"host": ""}, "This field is required"),
        ({"user": ""}, "This field is required"),
        ({"port": "99999"}, "less than or equal to 65535"),
        ({"security": "none"}, "The password would travel unencrypted"),
        ({"folder": 'IN"BOX'}, "Enter a valid value"),
        ({"kind": "maildir", "maildir": ""}, "This field is required"),
        ({"kind": "maildir", "maildir": "../etc"}, "Enter a valid value"),
        ({"ca_certificates": "nonsense"}, "no certificate in PEM form"),
    ],
)
def test_a_mistake_is_shown_and_nothing_is_kept(fields: dict[str, str], error: str) -> None:
    response = save(EmailServiceFactory(), **fields)
    assert response.status_code == 200
    assert error in page_of(response)
    assert not BounceMailbox.objects.exists()


def test_a_maildir_needs_no_server() -> None:
    save(EmailServiceFactory(), kind="maildir", maildir="bounces", host="", user="", port="")
    assert decrypt(BounceMailbox.objects.get().settings)["maildir"] == "bounces"


def test_no_usable_key_is_said_in_the_form(settings: Settings) -> None:
    service = EmailServiceFactory()
    settings.CREDENTIALS_KEYS = []
    response = save(service)
    assert response.status_code == 200
    assert "CREDENTIALS_KEYS holds no usable key" in page_of(response)


def test_settings_that_cannot_be_read_any_more_are_entered_anew(settings: Settings) -> None:
    service = EmailServiceFactory()
    save(service)
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    response = signed_in(member(OPERATOR)).get(url("bounce_mailbox", service))
    assert response.status_code == 200
    assert "cannot be read with the keys in CREDENTIALS_KEYS" in page_of(response)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, "It has not been read yet."),
        ({"problem": "The mail server refused."}, "It cannot be read now: The mail server refused."),
        ({"read_at": "2026-02-03T09:15Z", "result": "9 messages"}, "Last read 3 Feb 2026, 09:15 UTC: 9 messages."),
    ],
)  # fmt: skip
def test_the_page_says_how_reading_goes(values: dict[str, str], shown: str) -> None:
    service = EmailServiceFactory()
    save(service)
    BounceMailbox.objects.update(**values)
    page = page_of(signed_in(member(OPERATOR)).get(url("bounce_mailbox", service)))
    assert shown in page


@pytest.mark.parametrize("page", ["bounce_mailbox", "test_bounce_mailbox"])
@pytest.mark.parametrize("role", [role for role in EVERYBODY if role not in (SUPERUSER, OPERATOR)])
def test_it_is_refused_to_whoever_may_not_change_or_test_services(page: str, role: str) -> None:
    service = EmailServiceFactory()
    client = signed_in(member(role))
    assert client.get(url(page, service)).status_code == 403
    assert client.post(url(page, service), {**FORM, **CONFIRM}).status_code == 403
    assert not BounceMailbox.objects.exists()


@pytest.mark.parametrize("page", ["bounce_mailbox", "test_bounce_mailbox"])
def test_a_service_that_is_not_there_is_not_found(page: str) -> None:
    gone = EmailServiceFactory()
    path = url(page, gone)
    gone.delete()
    response = signed_in(member(OPERATOR)).get(path)
    assert response.status_code in (302, 404)


def test_a_provider_that_tells_bounces_otherwise_has_no_mailbox() -> None:
    service = EmailServiceFactory(provider="nonsense")
    page = page_of(signed_in(member(OPERATOR)).get(url("change", service)))
    assert "Bounce mailbox" not in page
    assert "in another way than by mail" in texts(save(service))
    assert not BounceMailbox.objects.exists()


def test_the_test_is_offered_when_there_is_something_to_test() -> None:
    service = EmailServiceFactory()
    client = signed_in(member(OPERATOR))
    assert "Test bounce mailbox" not in page_of(client.get(url("change", service)))
    save(service)
    assert "Test bounce mailbox" in page_of(client.get(url("change", service)))


class TestTesting:
    def test_asks_first(self) -> None:
        service = EmailServiceFactory()
        save(service)
        client = signed_in(member(OPERATOR))
        for response in (
            client.get(url("test_bounce_mailbox", service)),
            client.post(url("test_bounce_mailbox", service)),
        ):
            assert "Nothing in it is changed." in page_of(response)

    def run(self, server: ImapServer, **fields: str) -> tuple[Any, str]:
        service = EmailServiceFactory()
        told = {key: str(value) for key, value in settings_of(server).items()}
        save(service, **{**told, **fields})
        client = signed_in(member(OPERATOR))
        response = client.post(url("test_bounce_mailbox", service), CONFIRM, follow=True)
        return service, texts(response)

    def test_says_what_is_in_the_mailbox_and_changes_nothing(self) -> None:
        with ImapServer().running() as server:
            uid = server.put(b"one")
            service, said = self.run(server)
        assert "The folder was opened: 1 messages, 1 of them unread." in said
        assert server.flags(uid) == set()
        assert "Bounce mailbox: The folder was opened" in entries(service)[-1][1]

    def test_says_what_is_wrong_in_words(self) -> None:
        with ImapServer().running() as server:
            _, said = self.run(server, password="wr0ng")
        assert "The bounce mailbox failed: The mail server localhost" in said
        assert "refused the login" in said
        assert "wr0ng" not in said

    def test_needs_a_mailbox(self) -> None:
        service = EmailServiceFactory()
        client = signed_in(member(OPERATOR))
        response = client.post(url("test_bounce_mailbox", service), CONFIRM, follow=True)
        assert "has no bounce mailbox yet" in texts(response)


def test_a_service_for_others_is_not_found() -> None:
    service = EmailServiceFactory()
    service.users.add(UserFactory())
    manager = member("campaign manager")
    wanted = Permission.objects.filter(codename__in=["change_emailservice", "control_emailservice"])
    manager.user_permissions.add(*wanted)
    response = signed_in(manager).post(url("bounce_mailbox", service), FORM)
    assert response.status_code in (302, 404)
    assert not BounceMailbox.objects.exists()
