"""What moves in the admin moves under its content security policy; what the policy blocks is a
complaint of the browser, for which the fixtures fail.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import PHONE, Browser
from tests.factories import ContactFactory, SendingTaskFactory, SubTaskFactory, TagFactory

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def rows(user: User) -> None:
    task = SendingTaskFactory(owner=user, name="Spring")
    SubTaskFactory.create_batch(3, task=task)
    ContactFactory(owner=user).tags.add(TagFactory(owner=user, name="gardeners"))


def test_the_colours_of_the_installation_are_there(admin: Browser) -> None:
    admin.open("/admin/")
    name = "return getComputedStyle(document.documentElement).getPropertyValue"
    assert admin.script(f"{name}('--color-primary-600')") == "oklch(54.6% .245 262.881)"
    assert admin.script(f"{name}('--color-base-500')") == "oklch(55.1% .027 264.364)"


def test_the_theme_is_switched_from_the_menu_of_the_user(admin: Browser) -> None:
    admin.open("/admin/")
    root = admin.driver.find_element("tag name", "html")
    admin.press(admin.find("button[aria-controls=user-menu]"))
    admin.press(admin.find("[x-on\\:click*='dark']"))
    admin.wait(lambda: "dark" in (root.get_attribute("class") or ""), "not dark")
    admin.press(admin.find("[x-on\\:click*='light']"))
    admin.wait(lambda: "dark" not in (root.get_attribute("class") or ""), "still dark")


def test_the_sidebar_opens_on_a_phone(admin: Browser) -> None:
    admin.resize(PHONE)
    admin.open("/admin/")
    assert admin.visible("#nav-sidebar-apps") == []
    admin.press(admin.find("[x-on\\:click*=sidebarMobileOpen]"))
    admin.find("#nav-sidebar-apps")


def test_a_list_is_filtered_from_its_sheet_by_date(admin: Browser, rows: None) -> None:
    admin.open(reverse("admin:campaigns_subtask_changelist"))
    admin.press(admin.find("[x-on\\:click*=filterOpen]"))
    field = admin.find("input[name=sent_at_from_0]")
    field.send_keys("2030-01-01")
    field.send_keys(Keys.ENTER)
    admin.wait(lambda: "sent_at_from_0=2030-01-01" in admin.driver.current_url, "not filtered")


def test_actions_of_a_list_appear_when_rows_are_chosen(admin: Browser, rows: None) -> None:
    admin.open(reverse("admin:campaigns_contact_changelist"))
    admin.press(admin.find("#action-toggle"))
    admin.find("#changelist-actions select[name=action]")


def test_a_tag_is_added_in_a_window_of_its_own(admin: Browser, rows: None) -> None:
    admin.open(reverse("admin:campaigns_contact_add"))
    before = set(admin.driver.window_handles)
    admin.press(admin.find("[x-ref=relatedWidgetWrappertags]"))
    admin.press(admin.find("#add_id_tags"))
    (window,) = admin.wait(lambda: set(admin.driver.window_handles) - before, "no window")
    admin.driver.switch_to.window(window)
    admin.fill("name", "new ones")
    admin.save()
    admin.wait(lambda: set(admin.driver.window_handles) == before, "the window stays")
    admin.driver.switch_to.window(before.pop())
    admin.wait_for_text("new ones")


def test_the_searched_command_palette_finds_a_page(admin: Browser) -> None:
    admin.open("/admin/")
    admin.driver.find_element("tag name", "body").send_keys(Keys.CONTROL, "k")
    admin.find("input[x-ref=searchInputCommand]").send_keys("suppress")
    admin.wait(lambda: admin.visible("#command-results a"), "nothing found")


def test_the_monitors_charts_are_drawn(admin: Browser, rows: None) -> None:
    admin.open(reverse("monitor"))
    admin.find("canvas[data-monitor-chart]")
    drawn = "return !!Chart.getChart(document.querySelector('canvas[data-monitor-chart]'))"
    admin.wait(lambda: admin.script(drawn), "no chart")


def test_a_day_is_picked_from_a_calendar(admin: Browser, user: User) -> None:
    contact = ContactFactory(owner=user)
    admin.open(reverse("admin:campaigns_contact_change", args=[contact.pk]))
    field = admin.find("#id_mail_consent_at_0")
    admin.press(admin.find("#calendarlink0"))
    admin.press(admin.find(".calendarbox .calendar td a"))
    admin.wait(lambda: (field.get_attribute("value") or "").endswith("-01"), "no day picked")
