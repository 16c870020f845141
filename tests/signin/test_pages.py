"""Signing in and out by the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from signin.models import SignIn
from tests.signin.pages import HOME, LOGIN, PASSWORD, WRONG, is_signed_in, make_user, sign_in


def test_a_right_password_opens_the_admin(ada: User, client: Client) -> None:
    assert sign_in(client)["Location"] == HOME
    assert is_signed_in(client)


def test_a_wrong_password_and_an_unknown_name_read_the_same(ada: User, client: Client) -> None:
    wrong = sign_in(client, password="not it").content.decode()
    unknown = sign_in(client, "nobody").content.decode()
    assert WRONG in wrong and WRONG in unknown


def test_an_account_that_is_not_staff_is_told_so_with_its_own_password_only(
    db: None, client: Client
) -> None:
    make_user("guest", is_staff=False)
    told, guessed = sign_in(client, "guest"), sign_in(client, "guest", password="not it")
    assert "it may not sign in" in told.content.decode()
    assert WRONG in guessed.content.decode()
    assert not is_signed_in(client)
    assert [row.outcome for row in SignIn.objects.order_by("pk")] == [
        "not_allowed",
        "wrong_password",
    ]


def test_an_account_that_is_switched_off_reads_like_an_unknown_one(
    db: None, client: Client
) -> None:
    make_user("former", is_active=False)
    assert WRONG in sign_in(client, "former").content.decode()


def test_an_unknown_name_costs_as_much_hashing_as_a_known_one(
    ada: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    sign_in(client, password="guess one")
    sign_in(client, "nobody", "guess two")
    assert hashed == ["guess one", "guess two"]


def test_the_page_asked_for_opens_after_signing_in(ada: User, client: Client) -> None:
    page = reverse("admin:auth_user_changelist")
    asked = client.get(page)
    assert asked["Location"] == f"{LOGIN}?next={page}"
    assert sign_in(client, then=page)["Location"] == page


def test_signing_out_needs_a_post(ada: User, client: Client) -> None:
    sign_in(client)
    assert client.get(reverse("admin:logout")).status_code == 405
    client.post(reverse("admin:logout"))
    assert not is_signed_in(client)


def test_who_is_no_longer_staff_is_not_sent_to_and_fro(ada: User, client: Client) -> None:
    sign_in(client)
    type(ada).objects.update(is_staff=False)
    assert client.get(client.get(HOME)["Location"]).status_code == 200


def test_the_log_says_who_signed_in_from_where_and_how(ada: User, client: Client) -> None:
    sign_in(client, address="2001:db8::1", HTTP_USER_AGENT="Browser/1.0")
    row = SignIn.objects.get()
    found = (row.user, row.user_name, row.outcome, row.method, row.address, row.user_agent)
    assert found == (ada, "ada", "signed_in", "password", "2001:db8::1", "Browser/1.0")


def test_the_log_names_the_account_that_was_tried(ada: User, client: Client) -> None:
    sign_in(client, password="not it")
    row = SignIn.objects.get()
    assert (row.user_name, row.outcome) == ("ada", "wrong_password")


def test_what_was_typed_instead_of_a_name_is_not_kept(ada: User, client: Client) -> None:
    sign_in(client, PASSWORD, PASSWORD)
    row = SignIn.objects.get()
    assert (row.user, row.user_name) == (None, "")


def test_signing_out_is_in_the_log(ada: User, client: Client) -> None:
    sign_in(client)
    client.post(reverse("admin:logout"))
    assert SignIn.objects.filter(outcome="signed_out", user=ada).exists()


def test_the_log_says_in_words_how_one_signed_in(admin_client: Client) -> None:
    SignIn.objects.create(outcome="signed_in", user_name="ada", method="password and totp")
    SignIn.objects.create(outcome="refused", method="wide-pair")
    page = admin_client.get(reverse("admin:signin_signin_changelist")).content.decode()
    assert "password, authenticator app" in page
    assert "limit of the network with this name" in page


def test_only_superusers_see_the_log(ada: User, client: Client, admin_client: Client) -> None:
    sign_in(client, password="not it")
    url = reverse("admin:signin_signin_changelist")
    assert "wrong user name or password" in admin_client.get(url).content.decode()
    staff = make_user("bob")
    staff.user_permissions.set(Permission.objects.all())
    client.force_login(staff)
    assert client.get(url).status_code == 403


def test_the_log_cannot_be_changed(ada: User, client: Client, admin_client: Client) -> None:
    sign_in(client, password="not it")
    url = reverse("admin:signin_signin_delete", args=[SignIn.objects.get().pk])
    assert admin_client.post(url, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("name", ["socialaccount", "mfa", "usersessions", "account"])
def test_allauth_has_no_admin_pages(admin_client: Client, name: str) -> None:
    assert admin_client.get(f"/admin/{name}/").status_code == 404
