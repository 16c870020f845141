"""Attacks on second factors."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from signin.throttling.limits import CODE_TRIES, USER_CODE_TRIES
from tests.signin.conftest import quick_hashing
from tests.signin.pages import (
    TOO_MANY,
    code,
    enter_code,
    is_signed_in,
    make_user,
    sign_in,
    with_app,
    wrong_code,
)

__all__ = ["quick_hashing"]  # a fixture for every test here


@pytest.fixture
def ada(db: None) -> User:
    return make_user("ada", is_superuser=True)


def test_codes_are_tried_five_times(ada: User, client: Client) -> None:
    with_app(ada)
    sign_in(client)
    wrong = wrong_code()
    for _ in range(CODE_TRIES):
        enter_code(client, wrong)
    assert TOO_MANY in enter_code(client, code()).content.decode()
    assert not is_signed_in(client)


def test_a_new_password_step_brings_no_new_tries_of_codes(ada: User) -> None:
    with_app(ada)
    wrong = wrong_code()
    for _ in range(CODE_TRIES):
        fresh = Client()
        sign_in(fresh)
        enter_code(fresh, wrong)
    fresh = Client()
    sign_in(fresh)
    assert TOO_MANY in enter_code(fresh, code()).content.decode()


def test_codes_tried_from_many_addresses_are_limited_by_user(ada: User) -> None:
    with_app(ada)
    wrong = wrong_code()
    pages = []
    for number in range(USER_CODE_TRIES + 2):
        address = f"198.51.100.{number + 1}"
        fresh = Client()
        sign_in(fresh, address=address)
        pages.append(enter_code(fresh, wrong, address=address).content.decode())
    assert TOO_MANY in pages[-1] and TOO_MANY not in pages[USER_CODE_TRIES - 1]


def test_a_code_that_was_used_is_not_taken_again(ada: User) -> None:
    with_app(ada)
    seen = code()
    for works in (True, False):
        fresh = Client()
        sign_in(fresh)
        enter_code(fresh, seen)
        assert is_signed_in(fresh) == works


def test_a_used_code_written_with_a_space_is_the_same_code(ada: User) -> None:
    with_app(ada)
    seen = code()
    first, second = Client(), Client()
    sign_in(first)
    enter_code(first, seen)
    sign_in(second)
    enter_code(second, f"{seen[:3]} {seen[3:]}")
    assert not is_signed_in(second)


def test_an_old_code_is_not_taken(ada: User, client: Client) -> None:
    with_app(ada)
    sign_in(client)
    enter_code(client, code(-4))
    assert not is_signed_in(client)


def test_the_second_step_cannot_be_had_without_the_first(ada: User, client: Client) -> None:
    with_app(ada)
    enter_code(client, code())
    assert not is_signed_in(client)
