"""A template is written in the editor, and seen beside it while one writes."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from selenium.common.exceptions import (
    NoSuchElementException,
    NoSuchFrameException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from campaigns.models import Attribute, Template, TemplateVersion
from tests.browser.accessibility import violations
from tests.browser.chromium import PHONE, Browser
from tests.factories import ContactFactory, TemplateFactory

pytestmark = pytest.mark.timeout(300)
ADD = "/admin/campaigns/template/add/"


@pytest.fixture(autouse=True)
def contacts(user: User) -> None:
    Attribute.objects.create(owner=user, key="city", label="Town")
    for name, city in (("Ada", "Rome"), ("Bob", "")):
        ContactFactory(
            owner=user,
            name=name,
            email=f"{name.lower()}@example.com",
            attributes={"city": city},
        )


def see(browser: Browser, text: str) -> None:
    """In the message, in its frame within the frame of the preview."""

    def seen() -> bool:
        return in_frames(browser, ".message") and text in browser.text

    browser.wait(seen, f"the message has no “{text}”")
    browser.driver.switch_to.default_content()


def see_beside(browser: Browser, text: str) -> None:
    """In the frame of the preview."""

    def seen() -> bool:
        return in_frames(browser) and text in browser.text

    browser.wait(seen, f"the preview has no “{text}”")
    browser.driver.switch_to.default_content()


FRAME_IS_NEW = 10_000
"""Stands for a width that is not known yet."""


def in_frames(browser: Browser, *selectors: str) -> bool:
    """False while a new frame takes the place of an old one."""
    browser.driver.switch_to.default_content()
    try:
        for selector in (".edm-live-stage iframe:not(.edm-live-waiting)", *selectors):
            browser.driver.switch_to.frame(browser.driver.find_element(By.CSS_SELECTOR, selector))
    except (NoSuchElementException, NoSuchFrameException, StaleElementReferenceException):
        return False
    return True


def write(browser: Browser, *keys: str) -> None:
    browser.type(*keys)


def test_is_seen_while_one_writes_and_then_saved(admin: Browser) -> None:
    admin.open(ADD)
    with admin.without_reload():
        admin.fill("name", "Seeds")
        admin.fill("subject", "Seeds for {{ name }}")
        admin.press(admin.find(".edm-editor"))
        write(admin, "<p>Dear {{ name }} of {{ city }}.</p>")
        see(admin, "Dear Ada of Rome.")
        see_beside(admin, "Seeds for Ada")
        admin.click("With something missing", within="#edm-live")
        see(admin, "Dear Bob of no city.")
        see_beside(admin, "Empty for bob@example.com: city")
        assert admin.find("#id_see_contact").get_attribute("value") == "bob@example.com"
        admin.click("Next", within="#edm-live")
        see(admin, "Dear Ada of Rome.")
        admin.click("Plain text", within="#edm-live")
        see_beside(admin, "Unsubscribe:")
    admin.save()
    admin.wait_for_text("was added successfully")
    assert Template.objects.get().html == "<p>Dear {{ name }} of {{ city }}.</p>"
    assert TemplateVersion.objects.count() == 1


def test_names_the_line_that_is_wrong_and_keeps_what_was_seen(admin: Browser, user: User) -> None:
    template = TemplateFactory(owner=user, html="<p>Hello</p>\n<p>you</p>\n")
    admin.open(reverse("admin:campaigns_template_change", args=[template.pk]))
    see(admin, "Hello")
    admin.press(admin.find(".edm-editor"))
    write(admin, Keys.CONTROL, Keys.END)
    admin.script("ace.edit(document.querySelector('.field-html .edm-editor')).navigateFileEnd()")
    write(admin, "{{ name | nonsense }}")
    see_beside(admin, "HTML, line 3: unknown filter 'nonsense'")
    see(admin, "Hello")
    admin.wait(lambda: admin.visible(".ace_gutter-cell.ace_error") or None, "no mark at the line")
    assert violations(admin) == []


def test_is_left_by_keyboard(admin: Browser) -> None:
    admin.open(ADD)
    admin.press(admin.find(".edm-editor"))

    def in_editor() -> bool:
        return bool(admin.script("return !!document.activeElement.closest('.edm-editor')"))

    write(admin, "a", Keys.TAB)
    assert in_editor()
    write(admin, Keys.ESCAPE)
    write(admin, Keys.TAB)
    assert not in_editor()
    assert admin.driver.switch_to.active_element.text == "Insert a picture"
    write(admin, Keys.TAB)
    assert admin.driver.switch_to.active_element.get_attribute("name") == "text"


def test_writes_variables_where_the_cursor_is(admin: Browser) -> None:
    admin.open(ADD)
    admin.find("[name=subject]").send_keys("For ")
    admin.press(admin.find(".edm-variables summary"))
    admin.wait_for_text("1 contact has it, such as “Rome”")
    admin.press(admin.find("[data-insert='{{ city }}']"))
    assert admin.find("[name=subject]").get_attribute("value") == "For {{ city }}"
    admin.press(admin.find(".edm-editor"))
    admin.press(admin.find("[data-insert='{{ name }}']"))
    assert "{{ name }}" in str(admin.script("return document.getElementById('id_html').value"))


def test_offers_variables_and_filters_within_liquid(admin: Browser) -> None:
    admin.open(ADD)
    admin.press(admin.find(".edm-editor"))
    write(admin, "{{ ci")
    admin.wait(lambda: "city" in offered(admin) or None, "the variable is not offered")
    write(admin, Keys.ENTER, " | defa")
    admin.wait(lambda: "default" in offered(admin) or None, "the filter is not offered")


def offered(browser: Browser) -> str:
    """What is typed already stands in an element of its own."""
    return "".join(each.text for each in browser.visible(".ace_autocomplete .ace_line")).replace(
        "\n", ""
    )


def test_is_seen_in_the_dark_and_as_on_a_phone(admin: Browser, user: User) -> None:
    html = (
        "<style>@media (prefers-color-scheme: dark) { p { color: rgb(9, 9, 9) !important } }"
        "</style><p>Hello</p>"
    )
    template = TemplateFactory(owner=user, html=html)
    admin.open(reverse("admin:campaigns_template_change", args=[template.pk]))
    see(admin, "Hello")

    def colour() -> str:
        try:
            in_frames(admin, ".message")
            return str(admin.visible("p")[0].value_of_css_property("color"))
        except (IndexError, NoSuchElementException, StaleElementReferenceException):
            return "being drawn"
        finally:
            admin.driver.switch_to.default_content()

    admin.wait(lambda: colour() == "rgba(0, 0, 0, 1)" or None, "the message is not light")
    admin.click("Dark", within="#edm-live")
    admin.wait(lambda: colour() == "rgba(9, 9, 9, 1)" or None, "the message is not dark")
    admin.click("Phone", within="#edm-live")

    def width() -> int:
        try:
            seen = in_frames(admin) and admin.visible(".message")
            return int(seen[0].size["width"]) if seen else FRAME_IS_NEW
        except (NoSuchElementException, StaleElementReferenceException):
            return FRAME_IS_NEW
        finally:
            admin.driver.switch_to.default_content()

    admin.wait(lambda: width() <= 377 or None, "the message is not as narrow as a phone")
    admin.resize(PHONE)
    assert not admin.is_wider_than_its_window()


def test_going_back_leaves_the_page(admin: Browser, user: User) -> None:
    template = TemplateFactory(owner=user)
    admin.open("/admin/campaigns/template/")
    admin.open(reverse("admin:campaigns_template_change", args=[template.pk]))
    see(admin, "Hello Ada")
    admin.click("Next", within="#edm-live")
    see(admin, "Hello Bob")
    admin.driver.back()
    admin.wait_for_path("/admin/campaigns/template/")


def test_a_version_is_compared_and_restored(admin: Browser, user: User) -> None:
    template = TemplateFactory(owner=user, html="<p>Old</p>")
    admin.open(reverse("admin:campaigns_template_change", args=[template.pk]))
    admin.script("edmCode.set('html', '<p>New</p>')")
    see(admin, "New")
    admin.press(admin.find("button[name=_continue]"))
    admin.wait_for_text("was changed successfully")
    admin.open(reverse("admin:campaigns_template_versions", args=[template.pk]))
    admin.click("1")
    admin.wait_for_text("As it was before versions were kept")
    admin.click("Restore this version")
    admin.confirm()
    admin.wait_for_text("The template is as it was in version 1.")
    template.refresh_from_db()
    assert template.html == "<p>Old</p>"
