"""Apps, recovery codes, and who must have one."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from signin.models import SignIn
from tests.signin.pages import (
    HOME,
    PASSWORD,
    SECRET,
    code,
    enter_code,
    is_signed_in,
    make_user,
    sign_in,
    with_app,
    wrong_code,
)


def set_up(client: Client) -> list[str]:
    """An app, by the pages. Returns the recovery codes shown, and makes the app know the secret."""
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    assert 'id="authenticator_secret"' in page
    session = client.session
    session["mfa.totp.secret"] = SECRET
    session.save()
    shown = client.post(reverse("mfa_activate_totp"), {"code": code()}, follow=True)
    return re.findall(r"\b\d{10}\b", shown.content.decode())


def test_after_the_password_the_code_is_asked_for(ada: User, client: Client) -> None:
    with_app(ada)
    assert sign_in(client)["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    assert enter_code(client, code())["Location"] == HOME
    assert is_signed_in(client)


def test_a_wrong_code_opens_nothing_and_is_in_the_log(ada: User, client: Client) -> None:
    with_app(ada)
    sign_in(client)
    assert "Wrong code" in enter_code(client, wrong_code()).content.decode()
    assert not is_signed_in(client)
    assert SignIn.objects.get().outcome == "wrong_code"


def test_the_page_asked_for_opens_after_the_code(ada: User, client: Client) -> None:
    with_app(ada)
    page = reverse("admin:auth_user_changelist")
    sign_in(client, then=page)
    assert enter_code(client, code())["Location"] == page


def test_an_app_is_set_up_by_its_first_code(
    ada: User, client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    sign_in(client)
    with django_capture_on_commit_callbacks(execute=True):
        codes = set_up(client)
    assert len(codes) == 10
    told = LogEntry.objects.filter(object_id=str(ada.pk)).values_list("change_message", flat=True)
    assert "Set up a second factor: TOTP Authenticator." in told


def test_a_key_is_named_in_the_language_of_the_page(ada: User, client: Client) -> None:
    sign_in(client)
    client.cookies["django_language"] = "zh-hans"
    assert "密钥名称" in client.get(reverse("mfa_add_webauthn")).content.decode()


def test_a_recovery_code_is_good_for_one_sign_in(ada: User, client: Client) -> None:
    sign_in(client)
    codes = set_up(client)
    for fresh, works in ((Client(), True), (Client(), False)):
        sign_in(fresh)
        enter_code(fresh, codes[3])
        assert is_signed_in(fresh) == works


def test_recovery_codes_are_shown_once(ada: User, client: Client) -> None:
    sign_in(client)
    codes = set_up(client)
    page = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert codes[0] not in page
    assert client.get(reverse("mfa_download_recovery_codes")).status_code in (403, 404)


def test_secrets_are_encrypted_at_rest(ada: User, client: Client) -> None:
    sign_in(client)
    set_up(client)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in stored and stored.count("gAAAA") == 2


def test_rotating_the_credentials_key_rotates_second_factors(
    ada: User, client: Client, settings: Settings
) -> None:
    with_app(ada)
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIALS_KEYS]
    call_command("rotate_credentials")
    settings.CREDENTIALS_KEYS = settings.CREDENTIALS_KEYS[:1]
    sign_in(client)
    enter_code(client, code())
    assert is_signed_in(client)


def test_without_the_key_nobody_gets_in(ada: User, client: Client, settings: Settings) -> None:
    with_app(ada)
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    sign_in(client)
    assert enter_code(client, code()).status_code == 403
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("required", "superuser", "operator", "anybody"),
    [
        ("nobody", True, True, True),
        ("superusers", False, True, True),
        ("operators", False, False, True),
        ("everybody", False, False, False),
    ],
)
def test_who_needs_a_second_factor_gets_nowhere_without(
    db: None, settings: Settings, required: str, superuser: bool, operator: bool, anybody: bool
) -> None:
    settings.REQUIRE_SECOND_FACTOR = required
    users = [make_user("root", is_superuser=True), make_user("olga"), make_user("ulf")]
    users[1].user_permissions.add(Permission.objects.get(codename="see_everything"))
    got_in = []
    for user in users:
        client = Client()
        client.force_login(user)
        got_in.append(is_signed_in(client))
    assert got_in == [superuser, operator, anybody]


def test_who_needs_a_second_factor_can_set_it_up(
    ada: User, client: Client, settings: Settings
) -> None:
    settings.REQUIRE_SECOND_FACTOR = "superusers"
    sign_in(client)
    assert client.get(HOME)["Location"] == reverse("mfa_index")
    set_up(client)
    assert is_signed_in(client)


def test_removing_a_needed_second_factor_closes_the_rest_at_once(
    ada: User, client: Client, settings: Settings
) -> None:
    settings.REQUIRE_SECOND_FACTOR = "superusers"
    sign_in(client)
    set_up(client)
    assert is_signed_in(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert client.get(HOME)["Location"] == reverse("mfa_index")


def test_a_superuser_resets_the_second_factor_of_another(
    ada: User, admin_client: Client, client: Client
) -> None:
    with_app(ada)
    sign_in(client)
    enter_code(client, code())
    page = reverse("admin:auth_user_reset_second_factor", args=[ada.pk])
    assert "call back" in admin_client.get(page).content.decode()
    admin_client.post(page, {"confirmed": "yes"})
    assert not Authenticator.objects.exists()
    assert not is_signed_in(client)
    assert "Reset the second factor" in LogEntry.objects.get().change_message


def test_others_cannot_reset_a_second_factor(ada: User, client: Client) -> None:
    with_app(ada)
    staff = make_user("bob")
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    client.force_login(staff)
    page = reverse("admin:auth_user_reset_second_factor", args=[ada.pk])
    assert client.post(page, {"confirmed": "yes"}).status_code == 403
    assert Authenticator.objects.exists()


def test_removing_an_app_ends_the_other_sessions(ada: User, client: Client) -> None:
    sign_in(client)
    set_up(client)
    other = Client()
    sign_in(other)
    enter_code(other, code(1))
    assert is_signed_in(other)
    client.post(reverse("mfa_deactivate_totp"))
    assert is_signed_in(client) and not is_signed_in(other)


def test_the_password_alone_does_not_open_the_pages_of_second_factors(
    ada: User, client: Client
) -> None:
    with_app(ada)
    sign_in(client, password=PASSWORD)
    for name in ("mfa_index", "mfa_deactivate_totp", "mfa_generate_recovery_codes"):
        assert client.post(reverse(name)).status_code in (302, 405)
    assert Authenticator.objects.count() == 1
