"""An owner's look: chosen beside its preview, and shown on a public page."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from selenium.webdriver.common.by import By

from tests.browser.chromium import Browser
from tests.campaigns.admin.staff import address
from tests.campaigns.brands.making import brand_of
from tests.tracking.making import sent
from tests.tracking.visiting import path
from tracking.links.tokens import Purpose

pytestmark = pytest.mark.django_db(transaction=True)
ENTER = """
const field = document.getElementById(arguments[0]);
field.value = arguments[1];
field.dispatchEvent(new Event("input", {bubbles: true}));
"""
STYLE = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
LOGO = "return document.querySelector('.logo').naturalWidth"


def in_frame(admin: Browser, number: int, selector: str) -> str:
    """The colour behind an element of a preview; "" while there is none."""
    frames = admin.driver.find_elements(By.CSS_SELECTOR, "#brand-preview iframe")
    if len(frames) <= number:
        return ""
    admin.driver.switch_to.frame(frames[number])
    try:
        found = admin.driver.find_elements(By.CSS_SELECTOR, selector)
        return found[0].value_of_css_property("background-color") if found else ""
    finally:
        admin.driver.switch_to.default_content()


def test_the_preview_follows_what_is_entered(admin: Browser, user: User) -> None:
    admin.open(address("campaigns.brand", "change", brand_of(user).pk))
    assert in_frame(admin, 0, "button") == "rgba(180, 20, 90, 1)"
    assert in_frame(admin, 0, "main") == "rgba(255, 250, 245, 1)"
    assert in_frame(admin, 1, "main") == "rgba(34, 34, 34, 1)"
    admin.script(ENTER, "id_button_colour", "#004488")
    admin.wait(lambda: in_frame(admin, 0, "button") == "rgba(0, 68, 136, 1)", "the new colour")
    admin.script(ENTER, "brand-shown", "sign_up")
    admin.wait(lambda: in_frame(admin, 0, ".field input") != "", "the other page")


def test_a_public_page_shows_logo_and_colours(browser: Browser, user: User) -> None:
    brand_of(user)
    browser.open(path(Purpose.UNSUBSCRIBE, sent(task__owner=user).pk))
    assert browser.script(LOGO) == 400
    assert browser.script(STYLE, "button", "backgroundColor") == "rgb(180, 20, 90)"
    browser.dark(True)
    assert browser.script(STYLE, "main", "backgroundColor") == "rgb(34, 34, 34)"
    browser.dark(False)
