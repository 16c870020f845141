"""Signing in as staff meet it: by form, with an app, with a security key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

from tests.browser.chromium import DESKTOP, PHONE, Browser
from tests.browser.conftest import PASSWORD
from tests.signin.pages import code, with_app

pytestmark = pytest.mark.timeout(180)

INDEX = "/admin/account/second-factor/"
PAGES = (
    "/admin/account/sessions/",
    INDEX,
    f"{INDEX}totp/activate/",
    f"{INDEX}webauthn/",
    f"{INDEX}webauthn/add/",
    "/admin/account/confirm/",
    "/admin/signin/signin/",
)
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


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_every_page_fits_the_window(admin: Browser, size: tuple[int, int]) -> None:
    admin.resize(size)
    widths = {}
    for path in PAGES:
        admin.open(path)
        widths[path] = admin.script("return document.documentElement.scrollWidth")
    assert {path: width for path, width in widths.items() if width > size[0]} == {}
