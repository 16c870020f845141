"""What a mouse does, the keyboard does."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.keys import Keys

from tests.browser.accessibility import violations
from tests.browser.chromium import Browser
from tests.factories import ContactFactory

pytestmark = pytest.mark.timeout(300)
CONTACTS = "/admin/campaigns/contact/"
SIDEBAR, USER_MENU = "button[aria-controls=nav-sidebar]", "button[aria-controls=user-menu]"
CONTENT = "#nav-sidebar button[aria-controls=nav-group-2]"
PALETTE = "#search-input-command"
FILTERS = "#changelist a[role=button]"


@pytest.fixture
def contacts(admin: Browser, user: User) -> Browser:
    ContactFactory(owner=user, email="cleo@example.com")
    admin.open(CONTACTS)
    admin.wait_for_text("cleo@example.com")
    return admin


def has_focus(browser: Browser, selector: str) -> bool:
    return bool(browser.script("return document.activeElement.matches(arguments[0])", selector))


def tab_to(browser: Browser, selector: str, most: int = 120) -> None:
    """From the top of the page, by the tabulator alone."""
    for _ in range(most):
        browser.type(Keys.TAB)
        if has_focus(browser, selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_the_first_key_offers_a_way_past_the_navigation(contacts: Browser) -> None:
    contacts.type(Keys.TAB)
    assert has_focus(contacts, ".edm-skip-link")
    assert contacts.find(".edm-skip-link").is_displayed()
    contacts.type(Keys.ENTER)
    contacts.wait(lambda: has_focus(contacts, "#content"), "the content has no focus")


def test_the_sidebar_is_hidden_and_shown(contacts: Browser) -> None:
    tab_to(contacts, SIDEBAR)
    contacts.type(Keys.ENTER)
    contacts.wait(lambda: not contacts.visible("#nav-sidebar"), "the sidebar stays")
    contacts.type(Keys.SPACE)
    contacts.find("#nav-sidebar")


def test_a_folded_group_of_the_sidebar_opens_and_closes(contacts: Browser) -> None:
    brands = "#nav-sidebar a[href$='/brand/']"
    assert contacts.visible(brands) == []
    tab_to(contacts, CONTENT)
    contacts.type(Keys.ENTER)
    contacts.find(brands)
    assert contacts.find(CONTENT).get_attribute("aria-expanded") == "true"
    contacts.type(Keys.SPACE)
    contacts.wait(lambda: not contacts.visible(brands), "the group stays open")


def test_the_user_menu_opens_and_escape_closes_it(contacts: Browser) -> None:
    tab_to(contacts, USER_MENU)
    contacts.type(Keys.ENTER)
    contacts.find("#user-menu")
    assert violations(contacts) == []
    contacts.type(Keys.ESCAPE)
    contacts.wait(lambda: not contacts.visible("#user-menu"), "the menu stays open")
    assert has_focus(contacts, USER_MENU)


def test_the_filters_open(contacts: Browser) -> None:
    contacts.script("document.querySelector('#content').focus()")
    tab_to(contacts, FILTERS)
    contacts.type(Keys.ENTER)
    contacts.find("#changelist-filter")
    assert violations(contacts) == []
    contacts.type(Keys.ESCAPE)
    contacts.wait(lambda: not contacts.visible("#changelist-filter"), "the filters stay open")


def open_the_palette(browser: Browser) -> None:
    keys = ActionChains(browser.driver)
    keys.key_down(Keys.CONTROL).send_keys("k").key_up(Keys.CONTROL).perform()
    browser.wait(lambda: has_focus(browser, PALETTE), "no place to write")


def test_the_palette_keeps_the_keyboard_and_gives_it_back(contacts: Browser) -> None:
    tab_to(contacts, USER_MENU)
    open_the_palette(contacts)
    contacts.type("cleo")
    contacts.wait_for_text("Found 1 result")
    assert violations(contacts) == []
    tab_to(contacts, "#command-results a", most=2)
    contacts.type(Keys.TAB)
    assert has_focus(contacts, PALETTE)
    back = ActionChains(contacts.driver)
    back.key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    assert has_focus(contacts, "#command-results a")
    contacts.type(Keys.ESCAPE, Keys.ESCAPE)
    contacts.wait(lambda: not contacts.visible(PALETTE), "the palette stays open")
    assert has_focus(contacts, USER_MENU)


def test_the_palette_says_and_opens_what_the_arrows_choose(contacts: Browser) -> None:
    open_the_palette(contacts)
    contacts.type("cleo")
    contacts.wait_for_text("Found 1 result")
    contacts.type(Keys.ARROW_DOWN)
    said = "return document.querySelector('[role=dialog] [role=status]').textContent"
    contacts.wait(lambda: "cleo@example.com" in contacts.script(said), "nothing is said")
    contacts.type(Keys.ENTER)
    contacts.wait(lambda: contacts.path.startswith("/admin/campaigns/contact/"), "not opened")


def test_a_palette_that_a_click_closed_opens_anew(contacts: Browser) -> None:
    open_the_palette(contacts)
    contacts.type("cleo")
    contacts.wait_for_text("Found 1 result")
    contacts.type(Keys.ARROW_DOWN)
    beside = ActionBuilder(contacts.driver)
    beside.pointer_action.move_to_location(5, 300).click()
    beside.perform()
    contacts.wait(lambda: not contacts.visible(PALETTE), "the palette stays open")
    open_the_palette(contacts)
    assert not contacts.visible("#command-results a")
    contacts.type(Keys.ENTER)
    assert contacts.path == CONTACTS
    assert contacts.complaints() == []
