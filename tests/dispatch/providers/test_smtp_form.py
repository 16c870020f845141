from __future__ import annotations

import json
from pathlib import Path

from dispatch.providers.smtp.client import SmtpSettings
from dispatch.providers.smtp.forms import SmtpForm
from tests.dispatch.providers.certificates import self_signed

GOOD: dict[str, object] = {
    "host": "smtp.example.com",
    "port": 587,
    "security": "starttls",
    "user": "mailer",
    "password": " secret ",
    "timeout": 15,
    "reply_timeout": 90,
    "messages_per_connection": 100,
}


def test_what_the_form_cleans_can_be_stored_and_makes_settings() -> None:
    form = SmtpForm(GOOD)
    assert form.is_valid(), form.errors
    stored = json.loads(json.dumps(form.cleaned_data))
    settings = SmtpSettings.from_mapping(stored)
    assert (settings.host, settings.port, settings.password) == (
        "smtp.example.com",
        587,
        " secret ",
    )


def test_the_password_is_never_shown_again() -> None:
    assert "secret" not in SmtpForm(GOOD).as_p()


def test_a_password_does_not_travel_in_the_clear() -> None:
    assert "security" in SmtpForm({**GOOD, "security": "none"}).errors


def test_a_login_on_this_machine_may_go_without_encryption() -> None:
    assert SmtpForm({**GOOD, "security": "none", "host": "localhost"}).is_valid()


def test_the_reply_time_out_stays_between_one_and_two_minutes() -> None:
    assert "reply_timeout" in SmtpForm({**GOOD, "reply_timeout": 59}).errors
    assert "reply_timeout" in SmtpForm({**GOOD, "reply_timeout": 121}).errors


def test_an_ehlo_name_cannot_smuggle_a_command() -> None:
    assert "ehlo_name" in SmtpForm({**GOOD, "ehlo_name": "a\r\nMAIL FROM:<>"}).errors
    assert "ehlo_name" in SmtpForm({**GOOD, "ehlo_name": "bücher.example"}).errors


def test_a_private_authority_is_taken(tmp_path: Path) -> None:
    pem = self_signed("localhost", tmp_path).pem
    assert SmtpForm({**GOOD, "ca_certificates": pem}).is_valid()


def test_what_is_no_certificate_is_refused() -> None:
    for text in ("hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "ü"):
        assert "ca_certificates" in SmtpForm({**GOOD, "ca_certificates": text}).errors
