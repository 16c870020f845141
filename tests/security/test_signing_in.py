"""Attacks on the door that staff come in by."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from signin import record
from signin.models import SignIn, Tries
from signin.throttling.limits import (
    ADDRESS_TRIES,
    PAIR_TRIES,
    WIDE_PAIR_TRIES,
)
from tests.concurrency import run_together
from tests.signin.conftest import quick_hashing
from tests.signin.pages import (
    HOME,
    LOGIN,
    PASSWORD,
    TOO_MANY,
    WRONG,
    code,
    enter_code,
    is_signed_in,
    make_user,
    sign_in,
    with_app,
)

__all__ = ["quick_hashing"]  # a fixture for every test here

EVIL, OFFICE, HOME_OFFICE = "198.51.100.66", "203.0.113.7", "192.0.2.10"


@pytest.fixture
def ada(db: None) -> User:
    return make_user("ada", is_superuser=True)


def guess(times: int, name: str = "ada", address: str = EVIL) -> list[str]:
    """Pages that wrong passwords get."""
    return [
        sign_in(Client(), name, f"guess {number}", address=address).content.decode()
        for number in range(times)
    ]


def count_hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return hashed


# Guessing


def test_one_name_from_one_address_is_tried_five_times(ada: User) -> None:
    pages = guess(PAIR_TRIES + 3)
    assert [WRONG in page for page in pages] == [True] * 5 + [False] * 3
    assert all(TOO_MANY in page for page in pages[5:])


def test_the_right_password_does_not_get_in_once_guessing_was_stopped(
    ada: User, client: Client
) -> None:
    guess(PAIR_TRIES)
    sign_in(client, address=EVIL)
    assert not is_signed_in(client)


def test_many_names_from_one_address_are_tried_thirty_times(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = count_hashes(monkeypatch)
    for number in range(ADDRESS_TRIES + 20):
        sign_in(Client(), f"name{number}", "guess", address=EVIL)
    assert len(hashed) == ADDRESS_TRIES


def test_other_addresses_of_the_same_ipv6_network_are_the_same_place(ada: User) -> None:
    pages = [guess(1, address=f"2001:db8:1:1::{number:x}")[0] for number in range(1, 8)]
    assert [TOO_MANY in page for page in pages] == [False] * 5 + [True] * 2


def test_an_ipv4_address_written_as_ipv6_is_the_same_place(ada: User) -> None:
    guess(3, address=EVIL)
    pages = guess(4, address=f"::ffff:{EVIL}")
    assert [TOO_MANY in page for page in pages] == [False] * 2 + [True] * 2


def test_a_made_up_forwarded_address_is_not_believed(ada: User) -> None:
    pages = [
        sign_in(Client(), password="guess", address=EVIL, HTTP_X_FORWARDED_FOR=f"192.0.2.{n}")
        for n in range(7)
    ]
    assert TOO_MANY in pages[-1].content.decode()


def test_behind_a_proxy_only_the_last_forwarded_address_counts(
    ada: User, settings: Settings
) -> None:
    settings.BEHIND_TLS_PROXY = True
    pages = [
        sign_in(
            Client(),
            password="guess",
            address="10.0.0.1",
            HTTP_X_FORWARDED_FOR=f"192.0.2.{n}, {EVIL}",
        )
        for n in range(7)
    ]
    assert TOO_MANY in pages[-1].content.decode()


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_no_way_around_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    make_user("ada")
    hashed = count_hashes(monkeypatch)
    run_together(*[lambda: guess(1)] * 12)
    assert len(hashed) == PAIR_TRIES


def test_signing_in_as_oneself_between_guesses_does_not_help(ada: User) -> None:
    """A success gives back its own try, and no other."""
    make_user("mallory")
    pages = []
    for _ in range(8):
        pages += guess(1)
        sign_in(Client(), "mallory", address=EVIL)
    assert [TOO_MANY in page for page in pages] == [False] * 5 + [True] * 3


@pytest.mark.parametrize("name", ["ADA", "ada ", " ada", "ada\u200b"])
def test_names_that_look_alike_get_nowhere(ada: User, client: Client, name: str) -> None:
    guess(PAIR_TRIES)
    sign_in(client, name, address=EVIL)
    assert not is_signed_in(client)


# Locking others out


def test_guessing_elsewhere_does_not_keep_a_user_out(ada: User, client: Client) -> None:
    guess(20)
    assert sign_in(client, address=OFFICE)["Location"] == HOME


def test_guessing_from_many_addresses_does_not_keep_a_user_out(ada: User, client: Client) -> None:
    for number in range(1, 40):
        guess(3, address=f"198.51.100.{number}")
    assert sign_in(client, address=OFFICE)["Location"] == HOME


def test_guessing_from_the_same_office_does_not_keep_out_who_has_signed_in_there(
    ada: User, client: Client
) -> None:
    sign_in(Client(), address=OFFICE)
    guess(ADDRESS_TRIES + 5, "bob", address=OFFICE)
    guess(10, address=OFFICE)
    assert sign_in(client, address=OFFICE)["Location"] == HOME


def test_a_browser_that_was_signed_in_with_gets_in_whatever_others_try(
    ada: User, client: Client
) -> None:
    sign_in(client, address=OFFICE)
    client.post(reverse("admin:logout"))
    guess(60, address=OFFICE)
    assert sign_in(client, address=OFFICE)["Location"] == HOME


def test_a_browser_that_was_signed_in_with_has_a_limit_too(ada: User, client: Client) -> None:
    sign_in(client)
    client.post(reverse("admin:logout"))
    pages = [sign_in(client, password=f"guess {n}").content.decode() for n in range(12)]
    assert TOO_MANY in pages[-1]


def test_the_cookie_of_a_browser_is_of_no_use_for_another_name(ada: User, client: Client) -> None:
    make_user("mallory")
    sign_in(client, "mallory", address=EVIL)
    client.post(reverse("admin:logout"))
    pages = [
        sign_in(client, password=f"guess {n}", address=EVIL).content.decode() for n in range(7)
    ]
    assert TOO_MANY in pages[-1]


@pytest.mark.parametrize(
    "forged",
    [
        "nonsense",
        signing.dumps({"ada": "nonce"}, salt="another salt"),
        signing.dumps(["ada"], salt="signin.throttling.devices"),
        "",
        "a" * 4000,
    ],
    ids=["nonsense", "for something else", "no names", "empty", "long"],
)
def test_a_forged_cookie_of_a_browser_is_none(ada: User, client: Client, forged: str) -> None:
    client.cookies["edm_device"] = forged
    for number in range(PAIR_TRIES):
        sign_in(client, password=f"guess {number}", address=EVIL)
        client.cookies["edm_device"] = forged
    assert TOO_MANY in sign_in(client, address=EVIL).content.decode()


def test_a_remembered_browser_needs_password_and_second_factor_like_any_other(
    ada: User, client: Client
) -> None:
    with_app(ada)
    sign_in(client)
    enter_code(client, code())
    client.post(reverse("admin:logout"))
    assert WRONG in sign_in(client, password="guess").content.decode()
    assert sign_in(client)["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)


# Ways around


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "/\\evil.example.com",
        "javascript:alert(1)",
        "http:evil.example.com",
        "https:///evil.example.com",
        "\x08//evil.example.com",
    ],
)
def test_signing_in_leads_to_no_other_site(ada: User, client: Client, target: str) -> None:
    assert sign_in(client, then=target)["Location"] == HOME


def test_signing_in_needs_the_token_against_forgery(ada: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "password/reset/",
        "email/",
        "login/code/",
        "account/signup/",
        "account/second-factor/webauthn/login/",
    ],
)
def test_there_is_no_other_door(db: None, client: Client, path: str) -> None:
    answer = client.get(f"/admin/{path}")
    assert answer.status_code == 302 and answer["Location"].startswith(
        LOGIN
    )  # as every unknown address


def test_single_sign_on_is_off_unless_it_is_set_up(db: None, client: Client) -> None:
    assert client.get("/admin/account/oidc/sso/login/").status_code == 404
    assert client.get("/admin/account/oidc/sso/login/callback/?code=x").status_code == 404
    assert "Sign in with" not in client.get(LOGIN).content.decode()


def test_http_basic_and_headers_sign_nobody_in(ada: User, client: Client) -> None:
    answer = client.get(HOME, HTTP_REMOTE_USER="ada", HTTP_AUTHORIZATION="Basic YWRhOng=")
    assert answer.status_code == 302


def test_short_and_common_passwords_are_refused(ada: User, client: Client) -> None:
    sign_in(client)
    answers = []
    for password in (
        "Ab3$efghijk",
        "qwertyuiop123",
        "123456789012",
        "new-new-new-1",
        "fine enough",
    ):
        form = {"username": "new-new-new", "password1": password, "password2": password}
        form["usable_password"] = "true"
        answers.append(client.post(reverse("admin:auth_user_add"), form).status_code)
    assert answers == [200] * 5


# Floods


def test_a_flood_makes_a_row_for_each_try_that_was_looked_at_and_one_for_the_rest(
    ada: User,
) -> None:
    guess(60)
    rows = SignIn.objects.order_by("at").values_list("outcome", "times")
    assert list(rows) == [("wrong_password", 1)] * PAIR_TRIES + [("refused", 60 - PAIR_TRIES)]


def test_a_flood_of_names_fills_no_table(ada: User) -> None:
    for number in range(ADDRESS_TRIES + 30):
        sign_in(Client(), f"name{number}", "guess", address=EVIL)
    assert SignIn.objects.count() == ADDRESS_TRIES + 1
    assert Tries.objects.count() == ADDRESS_TRIES + 1


def test_what_is_kept_of_a_request_is_cut(ada: User, client: Client) -> None:
    sign_in(client, "n" * 5000, "guess", HTTP_USER_AGENT="\x1b[31m" + "u" * 5000)
    sign_in(client, password="guess", HTTP_USER_AGENT="\x1b[31m" + "u" * 5000)
    row = SignIn.objects.get()
    assert len(row.user_agent) == 200 and "\x1b" not in row.user_agent


def test_a_long_password_is_not_hashed_at_length(ada: User, client: Client) -> None:
    assert sign_in(client, password="p" * 2_000_000).status_code == 200
    assert not is_signed_in(client)


def test_old_rows_are_pruned_and_too_many_are(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MOST_ROWS", 20)
    rows = [SignIn(outcome="wrong_password") for _ in range(50)]
    SignIn.objects.bulk_create(rows)
    record.prune()
    assert SignIn.objects.count() == 20
    assert SignIn.objects.earliest("pk").pk == rows[30].pk


def test_sessions_that_are_over_are_pruned(ada: User, client: Client) -> None:
    sign_in(client)
    Session.objects.update(expire_date="2020-01-01T00:00:00Z")
    record.prune()
    assert not Session.objects.exists()


@pytest.mark.parametrize("name", ["\x00", "a\x00da", "' OR 1=1 --", ""])
def test_strange_names_are_wrong_names(ada: User, client: Client, name: str) -> None:
    assert sign_in(client, name).status_code == 200
    assert not is_signed_in(client)


def test_a_whole_ipv6_site_has_limits_too(ada: User) -> None:
    """A customer may have a /48, which is 65,536 of the networks that count as a place."""
    pages = [guess(1, address=f"2001:db8:7:{n:x}::1")[0] for n in range(WIDE_PAIR_TRIES + 5)]
    assert [TOO_MANY in page for page in pages] == [False] * 20 + [True] * 5


def test_a_whole_ipv6_site_does_not_keep_out_a_known_place(ada: User, client: Client) -> None:
    sign_in(Client(), address="2001:db8:7:ffff::1")
    for number in range(WIDE_PAIR_TRIES + 5):
        guess(1, address=f"2001:db8:7:{number:x}::1")
    assert sign_in(client, address="2001:db8:7:ffff::2")["Location"] == HOME


def change_password(client: Client, old: str, new: str = "another long passphrase") -> str:
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    response = client.post(reverse("admin:password_change"), form, follow=True)
    return str(response.content.decode())


def test_the_old_password_is_not_guessed_where_it_is_changed(client: Client, db: None) -> None:
    make_user("ada")
    sign_in(client)
    pages = [change_password(client, f"guess {number}") for number in range(12)]
    assert TOO_MANY in pages[-1]
    assert TOO_MANY in change_password(client, PASSWORD)


def test_a_new_password_that_is_refused_is_no_guess(client: Client, db: None) -> None:
    make_user("ada")
    sign_in(client)
    for _ in range(15):
        change_password(client, PASSWORD, "short")
    assert TOO_MANY not in change_password(client, PASSWORD)
