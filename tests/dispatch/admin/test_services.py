"""Email services: their form, with what the provider needs, and how they are doing."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from dispatch.clock import database_time
from dispatch.encryption import decrypt, encrypt
from dispatch.errors import ServiceError
from dispatch.models import Attempt, EmailService, Pace, Turn
from dispatch.pace import pace_rows
from tests.campaigns.admin.staff import (
    MANAGER,
    NOBODY,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import EmailServiceFactory, SubTaskFactory

pytestmark = pytest.mark.django_db

SMTP = {
    "settings_host": "smtp.example.com",
    "settings_port": "587",
    "settings_security": "starttls",
    "settings_timeout": "15",
    "settings_reply_timeout": "90",
    "settings_messages_per_connection": "100",
}
GENERAL = {
    "name": "North", "domain": "north.example.com", "enabled": "on", "sending_interval": "0.5",
    "burst": "1", "daily_quota": "", "quota_reset_time": "00:00", "quota_time_zone": "UTC",
    "max_connections": "2",
}  # fmt: skip


def url(page: str, *args: Any) -> str:
    return address("dispatch.emailservice", page, *args)


def attempts(service: EmailService, count: int, **kwargs: Any) -> None:
    subtask = SubTaskFactory()
    Attempt.objects.bulk_create(
        Attempt(
            subtask=subtask, service=service, dispatcher_id=1, claim_token=uuid.uuid4(),
            slot_at=Now(), started_at=kwargs.get("started_at", Now()), outcome="accepted",
        )
        for _ in range(count)
    )  # fmt: skip


def test_a_service_that_sends_connects_though_it_was_never_tested() -> None:
    service = EmailServiceFactory()
    attempts(service, 1, started_at="2999-01-01T00:00Z")
    shown = page_of(signed_in(member(OPERATOR)).get(url("change", service.pk)))
    assert "A message was accepted since the connection was last tried or changed." in shown
    assert "Not tested" not in shown


class TestTheForm:
    @pytest.fixture
    def user(self) -> Any:
        return member(OPERATOR)

    def save(self, user: Any, service: Any = None, query: str = "", **fields: str) -> Any:
        page = url("change", service.pk) if service else url("add") + "?provider=smtp"
        return signed_in(user).post(page + query, {**GENERAL, **SMTP, **fields}, follow=True)

    def test_asks_for_the_provider_first(self, user: Any) -> None:
        page = page_of(signed_in(user).get(url("add")))
        assert "Which provider?" in page
        assert "?provider=smtp" in page

    @pytest.mark.parametrize("provider", ["nonsense", "%00", ""])
    def test_asks_again_for_a_provider_that_is_none(self, user: Any, provider: str) -> None:
        page = page_of(signed_in(user).get(f"{url('add')}?provider={provider}"))
        assert "Which provider?" in page

    def test_keeps_a_service_with_its_settings_encrypted(self, user: Any) -> None:
        self.save(user, settings_user="ada", settings_password="s3cret")
        service = EmailService.objects.get()
        assert service.sending_interval == Decimal("0.5")
        assert service.provider == "smtp"
        assert "s3cret" not in service.credentials
        assert decrypt(service.credentials)["password"] == "s3cret"
        assert entries(service)[0][0] == user.username

    def test_tells_the_history_of_limits_and_never_of_settings(self, user: Any) -> None:
        service = EmailServiceFactory(name="Old", settings={"host": "old.example.com"})
        self.save(user, service, settings_user="ada", settings_password="s3cret")
        [(who, what)] = entries(service)
        assert who == user.username
        assert "Name from “Old” to “" in what
        assert "Password (not shown)" in what
        assert not [word for word in ("s3cret", "old.example.com", "ada") if word in what]

    def test_never_shows_a_secret_again_and_keeps_it_when_left_empty(self, user: Any) -> None:
        service = EmailServiceFactory(settings={"host": "smtp.example.com", "password": "s3cret"})
        page = page_of(signed_in(user).get(url("change", service.pk)))
        assert "smtp.example.com" in page
        assert "s3cret" not in page
        self.save(user, service, settings_timeout="20")
        service.refresh_from_db()
        assert decrypt(service.credentials)["password"] == "s3cret"
        assert decrypt(service.credentials)["timeout"] == 20
        assert "leave empty to keep it. Enter “-” to have none." in page

    def test_removes_a_secret_that_is_optional(self, user: Any) -> None:
        service = EmailServiceFactory(settings={"host": "smtp.example.com", "password": "s3cret"})
        self.save(user, service, settings_password="-")
        service.refresh_from_db()
        assert decrypt(service.credentials)["password"] == ""

    @pytest.mark.parametrize("role", [MANAGER, VIEWER])
    def test_shows_the_providers_settings_only_to_whoever_may_change_them(self, role: str) -> None:
        service = EmailServiceFactory(settings={"host": "smtp.example.com"})
        page = page_of(signed_in(member(role)).get(url("change", service.pk)))
        assert service.domain in page
        assert "smtp.example.com" not in page

    @pytest.mark.parametrize(
        ("field", "value", "problem"),
        [
            ("domain", "no domain", "Enter a domain name"),
            ("sending_interval", "-1", "greater than or equal to 0"),
            ("sending_interval", "NaN", "Enter a number"),
            ("burst", "0", "greater than or equal to 1"),
            ("burst", "99999999", "less than or equal to 32767"),
            ("daily_quota", "-1", "greater than or equal to 0"),
            ("quota_time_zone", "Mars/Olympus", "is not a time zone"),
            ("quota_time_zone", "../../etc/passwd", "is not a time zone"),
            ("max_connections", "", "This field is required"),
            ("settings_host", "", "This field is required"),
            ("settings_port", "99999", "less than or equal to 65535"),
            ("settings_security", "rot13", "Select a valid choice"),
            ("settings_ca_certificates", "x", "no certificate in PEM form"),
            ("name", "\x00", "Null characters"),
            ("users", "x", "not a valid value|not valid"),
        ],
    )
    def test_explains_what_cannot_be(self, user: Any, field: str, value: str, problem: str) -> None:
        response = self.save(user, **{field: value})
        assert response.status_code == 200
        assert any(each in page_of(response) for each in problem.split("|"))
        assert not EmailService.objects.exists()

    def test_refuses_a_password_that_would_travel_in_the_clear(self, user: Any) -> None:
        response = self.save(user, settings_security="none", settings_user="ada")
        assert "The password would travel unencrypted" in page_of(response)

    def test_lets_an_operator_choose_who_may_use_it(self, user: Any) -> None:
        manager = member(MANAGER)
        self.save(user, users=str(manager.pk))
        assert EmailService.objects.get().users.get() == manager

    def test_switches_to_another_provider(self, user: Any, settings: Settings) -> None:
        settings.DEBUG = True  # the other one is for development
        service = EmailServiceFactory()
        page = page_of(signed_in(user).get(url("change_provider", service.pk)))
        assert f"{url('change', service.pk)}?provider=maildir" in page
        self.save(user, service, query="?provider=maildir", settings_folder="outbox")
        service.refresh_from_db()
        assert (service.provider, decrypt(service.credentials)) == ("maildir", {"folder": "outbox"})

    @pytest.mark.parametrize("role", [MANAGER, VIEWER, NOBODY])
    def test_is_refused_to_whoever_may_not(self, role: str) -> None:
        service, user = EmailServiceFactory(), member(role)
        assert self.save(user, service).status_code == 403
        assert self.save(user).status_code == 403
        assert signed_in(user).get(url("change_provider", service.pk)).status_code == 403
        assert EmailService.objects.get().name == service.name

    def test_opens_for_a_service_whose_provider_is_gone(self, user: Any) -> None:
        service = EmailServiceFactory(provider="pigeon")
        client = signed_in(user)
        assert client.get(url("change", service.pk)).status_code == 200
        self.save(user, service, name="Renamed")
        assert EmailService.objects.get().name == "Renamed"

    def test_opens_when_the_settings_cannot_be_decrypted(self, user: Any) -> None:
        service = EmailServiceFactory(credentials="gibberish")
        assert signed_in(user).get(url("change", service.pk)).status_code == 200
        response = self.save(user, service)
        assert "the old ones could not be read" in texts(response)
        service.refresh_from_db()
        assert decrypt(service.credentials)["host"] == "smtp.example.com"

    def test_deletes_what_never_sent_anything(self, user: Any) -> None:
        service = EmailServiceFactory()
        signed_in(user).post(url("delete", service.pk), {"post": "yes"})
        assert not EmailService.objects.exists()

    @pytest.mark.parametrize("trace", ["attempt", "turn"])
    def test_keeps_what_has_sent_something(self, user: Any, trace: str) -> None:
        service = EmailServiceFactory()
        if trace == "attempt":
            attempts(service, 1)
        else:
            Turn.objects.create(service=service, task_id=1, served_at=Now())
        response = signed_in(user).post(url("delete", service.pk), {"post": "yes"})
        assert response.status_code == 403
        assert EmailService.objects.exists()

    def test_has_no_action_that_deletes_many(self, user: Any) -> None:
        service = EmailServiceFactory()
        form = {"action": "delete_selected", "_selected_action": service.pk, "post": "yes"}
        signed_in(user).post(url("changelist"), form)
        assert EmailService.objects.exists()


def test_a_new_service_is_headed_by_its_provider() -> None:
    page = page_of(signed_in(member(SUPERUSER)).get(f"{url('add')}?provider=postmark"))
    assert "New service: Postmark" in page


def test_the_list_says_why_only_while_a_service_is_not_ready() -> None:
    EmailServiceFactory(name="North")
    client = signed_in(member(OPERATOR))
    assert "column-why" not in page_of(client.get(url("changelist")))
    EmailServiceFactory(name="South", enabled=False)
    assert "Staff switched it off." in page_of(client.get(url("changelist")))


def test_the_page_of_a_service_says_who_sends_for_which_domain() -> None:
    service = EmailServiceFactory(name="North", domain="north.example.com", provider="smtp")
    page = page_of(signed_in(member(VIEWER)).get(url("change", service.pk)))
    for fact in ("Domain</dt>", "north.example.com</dd>", "Provider</dt>", "SMTP</dd>"):
        assert fact in page


class TestTheState:
    def shown(self, service: EmailService, role: str = VIEWER) -> str:
        client = signed_in(member(role))
        pages = [client.get(url("state", service.pk)), client.get(url("changelist"))]
        in_state, in_list = (page_of(page) for page in pages)
        self.in_list = in_list
        return in_state

    def test_is_ready(self) -> None:
        assert "Ready" in self.shown(EmailServiceFactory())
        assert "Ready" in self.in_list

    def test_is_disabled(self) -> None:
        assert "Staff switched it off." in self.shown(EmailServiceFactory(enabled=False))

    def test_waits_for_its_next_slot_until_when(self) -> None:
        service = EmailServiceFactory(sending_interval=60)
        Pace.objects.update(next_send_at="2100-01-01T10:20:30Z")
        assert "The next message may start at 1 Jan 2100, 10:20 UTC." in self.shown(service)
        assert "Waiting" in self.in_list

    @pytest.mark.parametrize("minutes", [0, 4])
    def test_is_ready_when_the_next_slot_is_at_its_usual_pace(self, minutes: int) -> None:
        service = EmailServiceFactory(sending_interval=600)
        Pace.objects.update(next_send_at=database_time() + dt.timedelta(minutes=minutes))
        assert "Ready" in self.shown(service)
        assert "may start at" not in self.in_list

    def test_waits_for_its_quota_until_when(self) -> None:
        service = EmailServiceFactory(daily_quota=1000)
        pace = Pace.objects.get()
        pace_rows.charge(pace, service.limits, database_time(), 1000)
        pace.save()
        page = self.shown(service)
        assert "The quota is used up until " in page
        assert "1,000 of 1,000" in page

    def test_counts_the_quota_of_this_period_only(self) -> None:
        service = EmailServiceFactory(daily_quota=1000)
        Pace.objects.update(quota_used=7, quota_period_start="2001-01-01T00:00Z")
        assert "0 of 1,000" in self.shown(service)

    def test_is_frozen_until_when_and_why(self) -> None:
        service = EmailServiceFactory()
        Pace.objects.update(frozen_until="2100-01-01T10:20:30Z", freeze_reason="421 too much")
        assert "Until 1 Jan 2100, 10:20 UTC. 421 too much" in self.shown(service)

    def test_is_frozen_until_a_person_unfreezes_it(self) -> None:
        service = EmailServiceFactory()
        pace_rows.freeze(service, "<b>535 wrong password</b>")
        page = self.shown(service)
        assert "Until a person unfreezes it. &lt;b&gt;535 wrong password" in page

    def test_a_freeze_that_is_over_counts_no_more(self) -> None:
        service = EmailServiceFactory()
        Pace.objects.update(frozen_until="2001-01-01T00:00Z", freeze_reason="long ago")
        assert "Ready" in self.shown(service)

    def test_tells_how_many_started_in_the_last_minute(self) -> None:
        service = EmailServiceFactory()
        attempts(service, 3)
        attempts(service, 2, started_at=database_time() - dt.timedelta(minutes=2))
        page = self.shown(service)
        assert 'data-figure="Sent in the last minute">3<' in page

    def test_tells_pace_and_failures(self) -> None:
        service = EmailServiceFactory(sending_interval="2.50", burst=4)
        pace = Pace.objects.get()
        pace_rows.apply(pace_rows.PaceChanges(failures=2), pace, database_time())
        pace.save()
        page = self.shown(service)
        assert "every 2.5 s, burst 4" in page
        assert "2 failures in a row" in page

    def test_after_ten_failures_in_a_row_it_is_frozen(self) -> None:
        service = EmailServiceFactory()
        pace = Pace.objects.get()
        pace_rows.apply(
            pace_rows.PaceChanges(failures=10, freeze=ServiceError("x")), pace, database_time()
        )
        pace.save()
        assert "Frozen" in self.shown(service)

    def test_of_a_service_for_others_is_not_found(self) -> None:
        service = EmailServiceFactory()
        service.users.add(member(MANAGER))
        assert signed_in(member(MANAGER)).get(url("state", service.pk)).status_code == 404

    def test_needs_a_permission(self) -> None:
        service = EmailServiceFactory()
        assert signed_in(member(NOBODY)).get(url("state", service.pk)).status_code == 404

    @pytest.mark.parametrize("key", ["0", "x", "99999999999999999999999", "%00"])
    def test_odd_keys_are_not_found(self, key: str) -> None:
        path = url("state", 1).replace("/1/", f"/{key}/")
        assert signed_in(member(SUPERUSER)).get(path).status_code == 404


def test_settings_survive_in_the_form_of_a_service_that_was_encrypted_by_hand() -> None:
    service = EmailServiceFactory(credentials=encrypt({"host": "relay.example.com", "port": 26}))
    page = page_of(signed_in(member(OPERATOR)).get(url("change", service.pk)))
    assert 'value="relay.example.com"' in page
    assert 'value="26"' in page
