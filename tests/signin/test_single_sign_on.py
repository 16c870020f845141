"""Signing in through an OpenID Connect provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from signin.models import SignIn
from signin.session import sessions
from tests.http_server import Answer, HttpServer
from tests.signin.identity_provider import IdentityProvider
from tests.signin.pages import HOME, code, enter_code, grow_old, is_signed_in, with_app

LOGIN = "/admin/account/oidc/sso/login/"
GROUP = "/admin/auth/group/add/"


@pytest.fixture
def provider(settings: Settings) -> Iterator[IdentityProvider]:
    with HttpServer() as server:
        made = IdentityProvider(server)
        server.otherwise = made.answer
        settings.SOCIALACCOUNT_PROVIDERS = made.settings()
        settings.OIDC_SERVER_URL, settings.OIDC_NAME = made.issuer, "Example ID"
        yield made


def go_through(client: Client, provider: IdentityProvider, url: str = LOGIN) -> Any:
    """The whole way of a browser; the answer at its end."""
    sent = client.get(url)
    assert sent["Location"].startswith(f"{provider.issuer}/authorize?")
    return client.get(provider.authorize(sent["Location"]))


@pytest.fixture
def known(ada: User) -> Any:
    ada.email = "Ada@Example.com"
    ada.save()
    return ada


def test_the_sign_in_page_offers_it(db: None, client: Client, provider: IdentityProvider) -> None:
    assert "Sign in with Example ID" in client.get("/admin/login/").content.decode()


def test_a_verified_address_finds_its_account(
    known: Any, client: Client, provider: IdentityProvider
) -> None:
    assert go_through(client, provider)["Location"] == HOME
    assert is_signed_in(client)
    row = SignIn.objects.get()
    assert (row.user, row.outcome, row.method) == (known, "signed_in", "socialaccount")


def test_the_page_asked_for_opens_afterwards(
    known: Any, client: Client, provider: IdentityProvider
) -> None:
    assert go_through(client, provider, f"{LOGIN}?next={GROUP}")["Location"] == GROUP


def test_it_leads_to_no_other_site(known: Any, client: Client, provider: IdentityProvider) -> None:
    answer = go_through(client, provider, f"{LOGIN}?next=https://evil.example.com/")
    assert answer["Location"] == HOME


def test_an_address_that_is_not_verified_finds_nothing(
    known: Any, client: Client, provider: IdentityProvider
) -> None:
    provider.person["email_verified"] = False
    answer = go_through(client, provider)
    assert "no staff account" in client.get(answer["Location"]).content.decode()
    assert not is_signed_in(client)
    assert SignIn.objects.get().outcome == "not_allowed"


def test_the_word_false_is_not_verified(
    known: Any, client: Client, provider: IdentityProvider
) -> None:
    provider.person["email_verified"] = "false"
    go_through(client, provider)
    assert not is_signed_in(client)


def test_an_unknown_person_gets_no_account(
    ada: User, client: Client, provider: IdentityProvider
) -> None:
    go_through(client, provider)
    assert not is_signed_in(client)
    assert User.objects.count() == 1


def test_an_address_of_two_accounts_finds_neither(
    known: Any, client: Client, provider: IdentityProvider
) -> None:
    User.objects.create(username="double", email="ada@example.com", is_staff=True)
    go_through(client, provider)
    assert not is_signed_in(client)


def test_accounts_are_made_without_rights_where_that_is_set(
    db: None, client: Client, provider: IdentityProvider, settings: Settings
) -> None:
    settings.OIDC_CREATE_USERS = True
    answer = go_through(client, provider)
    made = User.objects.get()
    rights = (made.is_staff, made.is_superuser, made.has_usable_password(), made.groups.count())
    assert (made.username, made.email) == ("ada.l", "ada@example.com")
    assert rights == (False, False, False, 0)
    assert "it may not sign in" in client.get(answer["Location"]).content.decode()
    assert not is_signed_in(client)


def test_an_account_that_is_switched_off_stays_out(
    known: Any, client: Client, provider: IdentityProvider
) -> None:
    go_through(client, provider)
    User.objects.filter(pk=known.pk).update(is_active=False)
    fresh = Client()
    go_through(fresh, provider)
    assert not is_signed_in(client) and not is_signed_in(fresh)


def test_from_then_on_the_person_counts_not_the_address(
    known: Any, client: Client, provider: IdentityProvider
) -> None:
    go_through(client, provider)
    provider.person["email"] = "new@example.com"
    fresh = Client()
    go_through(fresh, provider)
    assert is_signed_in(fresh)
    assert SocialAccount.objects.get().user == known


def test_a_second_factor_is_asked_for_all_the_same(
    known: Any, client: Client, provider: IdentityProvider
) -> None:
    with_app(known)
    go_through(client, provider)
    assert not is_signed_in(client)
    enter_code(client, code())
    assert is_signed_in(client)


def test_an_answer_that_was_not_asked_for_is_refused(
    known: Any, client: Client, provider: IdentityProvider
) -> None:
    back = provider.authorize(client.get(LOGIN)["Location"])
    stranger = Client()
    stranger.get(back)
    assert not is_signed_in(stranger)


def test_a_code_is_not_taken_twice(known: Any, client: Client, provider: IdentityProvider) -> None:
    back = provider.authorize(client.get(LOGIN)["Location"])
    client.get(back)
    assert is_signed_in(client)
    client.logout()
    client.get(back)
    assert not is_signed_in(client)


@pytest.mark.parametrize("answer", [Answer(500), Answer(200, []), Answer(misdeed="cut")])
def test_a_provider_that_fails_is_told_of_plainly(
    known: Any, client: Client, provider: IdentityProvider, answer: Answer
) -> None:
    back = provider.authorize(client.get(LOGIN)["Location"])
    provider.server.otherwise = answer
    page = client.get(client.get(back)["Location"]).content.decode()
    assert "Single sign-on did not work this time" in page


def test_who_has_no_password_confirms_by_single_sign_on(
    known: Any, client: Client, provider: IdentityProvider
) -> None:
    known.set_unusable_password()
    known.save()
    go_through(client, provider)
    grow_old(client, 3600, sessions.CONFIRMED)
    asked = client.get(client.get(GROUP)["Location"])
    assert (
        asked["Location"].startswith(LOGIN)
        and "prompt=login" in client.get(asked["Location"])["Location"]
    )
    go_through(client, provider, asked["Location"])
    assert client.get(GROUP).status_code == 200
