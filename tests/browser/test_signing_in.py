"""Signing in as staff meet it: by form, with an app, with a security key."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

from signin import invitations
from tests.browser.accessibility import violations
from tests.browser.chromium import Browser
from tests.browser.conftest import PASSWORD
from tests.signin.pages import code, with_app

pytestmark = pytest.mark.timeout(180)

INDEX = "/admin/account/second-factor/"
NOTHING_SENT = "Nothing is being sent."


@pytest.fixture
def security_key(browser: Browser) -> Iterator[None]:
    """A key in the USB port, touched whenever it is asked for."""
    options = VirtualAuthenticatorOptions(is_user_verified=True)
    browser.driver.add_virtual_authenticator(options)
    yield
    browser.driver.remove_virtual_authenticator()


def enter(browser: Browser) -> None:
    browser.open("/")
    browser.fill("username", "ada")
    browser.fill("password", PASSWORD)
    browser.press(browser.find("button[type=submit]"))


def test_the_code_of_an_app_is_asked_for(browser: Browser, user: User) -> None:
    with_app(user)
    enter(browser)
    browser.wait_for_text("Second factor")
    browser.fill("code", code())
    browser.click("Sign in")
    browser.wait_for_text(NOTHING_SENT)


def test_a_security_key_is_added_and_signs_in(
    browser: Browser, user: User, security_key: None
) -> None:
    enter(browser)
    browser.wait_for_text(NOTHING_SENT)
    browser.open(f"{INDEX}webauthn/add/")
    browser.click("Add")
    browser.wait_for_text("Your codes")
    browser.driver.delete_all_cookies()
    enter(browser)
    browser.wait_for_text("Use a security key")
    browser.click("Use a security key")
    browser.wait_for_text(NOTHING_SENT)


def test_axe_finds_nothing_before_one_is_in(browser: Browser, user: User) -> None:
    with_app(user)
    browser.open(urlsplit(invitations.make(user, by=user)).path)
    wrong = violations(browser)
    enter(browser)
    browser.wait_for_text("Second factor")
    wrong += violations(browser)
    browser.open("/admin/login/")
    assert wrong + violations(browser) == []
