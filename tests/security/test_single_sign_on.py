"""Attacks by who sits at an unlocked browser, or leads it, through the pages of single sign-on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from signin.session import sessions
from signin.single_sign_on import NOT_CONFIRMED, proved_at
from tests.http_server import HttpServer
from tests.signin.identity_provider import IdentityProvider
from tests.signin.pages import HOME, grow_old, make_user, sign_in

LOGIN = "/admin/account/oidc/sso/login/"
GROUP = "/admin/auth/group/add/"
HOUR = 3600


@pytest.fixture
def provider(settings: Settings) -> Iterator[IdentityProvider]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with HttpServer() as server:
        made = IdentityProvider(server)
        server.otherwise = made.answer
        settings.SOCIALACCOUNT_PROVIDERS = made.settings()
        settings.OIDC_SERVER_URL, settings.OIDC_NAME = made.issuer, "Example ID"
        yield made


@pytest.fixture
def ada(db: None) -> User:
    return make_user("ada", is_superuser=True, email="ada@example.com")


def come_by(client: Client, provider: IdentityProvider, *, leaving_out: str = "") -> Any:
    """Sign in, or confirm, by single sign-on; of what is asked of the provider the browser can
    leave something out.
    """
    sent = client.get(LOGIN)["Location"].replace(leaving_out, "")
    return client.get(provider.authorize(sent))


@pytest.fixture
def unlocked(ada: User, client: Client, provider: IdentityProvider) -> Client:
    """A browser whose user went away: signed in here and at the provider an hour ago."""
    come_by(client, provider)
    provider.signed_in_at = int(time.time()) - HOUR
    grow_old(client, HOUR, sessions.CONFIRMED)
    return client


def is_confirmed(client: Client) -> bool:
    return client.get(GROUP).status_code == 200


def test_showing_anew_who_one_is_confirms(unlocked: Client, provider: IdentityProvider) -> None:
    come_by(unlocked, provider)
    assert is_confirmed(unlocked)


def test_leaving_the_new_proof_out_on_the_way_confirms_nothing(
    unlocked: Client, provider: IdentityProvider
) -> None:
    answer = come_by(unlocked, provider, leaving_out="prompt=login")
    assert not is_confirmed(unlocked)
    assert answer["Location"] == HOME and str(NOT_CONFIRMED) in unlocked.get(HOME).content.decode()


def test_a_provider_that_does_not_say_when_confirms_nothing(
    unlocked: Client, provider: IdentityProvider
) -> None:
    provider.says_when = False
    answer = come_by(unlocked, provider)
    assert not is_confirmed(unlocked)
    assert answer["Location"] == HOME


def test_signing_out_and_in_again_without_a_proof_confirms_nothing(
    unlocked: Client, provider: IdentityProvider
) -> None:
    unlocked.post("/admin/logout/")
    come_by(unlocked, provider)
    assert unlocked.get(HOME).status_code in (200, 302)
    assert not is_confirmed(unlocked)


@pytest.mark.parametrize("query", ["auth_params=max_age%3D99999", "auth_params=prompt%3Dnone"])
def test_the_address_does_not_say_what_the_provider_is_asked(unlocked: Client, query: str) -> None:
    sent = unlocked.get(f"{LOGIN}?{query}")["Location"]
    assert "prompt=login" in sent and "max_age=0" in sent


def test_the_address_does_not_say_what_is_asked_to_know(unlocked: Client) -> None:
    assert "calendar" not in unlocked.get(f"{LOGIN}?scope=calendar")["Location"]


def test_a_second_person_cannot_be_connected_to_an_account(
    ada: User, client: Client, provider: IdentityProvider
) -> None:
    sign_in(client)
    provider.person |= {"sub": "evil", "email": "evil@example.com"}
    sent = client.get(f"{LOGIN}?process=connect")["Location"]
    client.get(provider.authorize(sent))
    assert not SocialAccount.objects.filter(uid="evil").exists()


@pytest.mark.parametrize(
    "at", [None, True, "4102444800", [], float("nan"), float("-inf"), -(10**400)]
)
def test_a_time_that_is_none_is_long_ago(at: Any) -> None:
    assert proved_at({"id_token": {"auth_time": at}}) == 0


@pytest.mark.parametrize("told", [None, [], {"id_token": None}])
def test_a_provider_without_id_token_does_not_say_when(told: Any) -> None:
    assert proved_at(told) == 0


@pytest.mark.parametrize("at", [4102444800, float("inf"), 10**400])
def test_a_time_to_come_is_now(at: float) -> None:
    assert proved_at({"id_token": {"auth_time": at}}) <= time.time()
