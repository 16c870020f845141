"""Text that is not saved yet is looked at, written on, and saved."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.models import Template
from tests.browser.chromium import PHONE, Browser
from tests.dispatching import MakeService
from tests.factories import ContactFactory, TemplateFactory
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.timeout(180)

HTML = 'first line\n\n<p title="a">Dear {{ name }} & co.</p>'


def show(browser: Browser) -> None:
    browser.press(browser.find("button[name=_preview]"))


def see_in_the_message(browser: Browser, text: str) -> None:
    browser.wait_for_text("This text is not saved yet.")
    browser.driver.switch_to.frame(browser.find("iframe.edm-message-frame"))
    browser.wait_for_text(text)
    browser.driver.switch_to.default_content()


def test_of_a_new_template(admin: Browser, user: User) -> None:
    ContactFactory(owner=user, name="Ada")
    ContactFactory(owner=user, name="Bob", email="bob@example.com")
    admin.open(reverse("admin:campaigns_template_add"))
    admin.fill("name", "Seeds")
    admin.fill("subject", "{{ oops")
    admin.write_code("html", HTML)
    show(admin)
    admin.wait_for_text("Subject, line 1")
    admin.fill("subject", "Seeds for {{ name }}")
    show(admin)
    see_in_the_message(admin, "Dear Ada & co.")
    admin.fill("contact", "bob@example.com")
    show(admin)
    see_in_the_message(admin, "Dear Bob & co.")
    admin.resize(PHONE)
    assert not admin.is_wider_than_its_window()
    admin.click("Go back to the text")
    assert admin.script("return document.getElementById('id_html').value") == HTML
    assert not Template.objects.exists()
    show(admin)
    admin.click("Save and continue editing")
    admin.wait_for_text("was added successfully")
    assert Template.objects.get().html == HTML.replace("\n", "\r\n")


def test_of_a_template_that_is_changed(
    admin: Browser, user: User, make_service: MakeService, smtp: SmtpServer
) -> None:
    make_service(name="North")
    template = TemplateFactory(owner=user, html="<p>Old</p>")
    admin.open(reverse("admin:campaigns_template_change", args=[template.pk]))
    admin.write_code("html", "<p>New</p>")
    show(admin)
    see_in_the_message(admin, "New")
    admin.driver.back()
    admin.write_code("html", "<p>Newer</p>")
    show(admin)
    see_in_the_message(admin, "Newer")
    admin.click("Send a test")
    admin.select("service", "North")
    admin.press(admin.find("button[type=submit]"))
    admin.wait_for_text("Test to ada@example.com accepted.")
    [message] = smtp.messages
    assert b"<p>Newer</p>" in message.data
    admin.click("Go back")
    see_in_the_message(admin, "Newer")
    template.refresh_from_db()
    assert template.html == "<p>Old</p>"
    admin.click("Save and continue editing")
    admin.wait_for_text("was changed successfully")
    show(admin)
    admin.wait_for_path(reverse("admin:campaigns_template_preview", args=[template.pk]))
    assert "not saved" not in admin.text


def sign_out(browser: Browser) -> dict[str, str]:
    """What a session that ends does to a page that is open. Returns the cookie to come back by."""
    name = settings.SESSION_COOKIE_NAME
    cookie = browser.driver.get_cookie(name)
    assert cookie is not None
    browser.driver.delete_cookie(name)
    return {"name": name, "value": str(cookie["value"])}


def come_back(browser: Browser, cookie: dict[str, str]) -> None:
    browser.driver.add_cookie(cookie)
    browser.script("window.dispatchEvent(new Event('focus'))")
    browser.wait(lambda: not browser.visible("#edm-still-here"), "still told to sign in")


def test_of_a_message_in_blocks_is_there_after_the_session_ended(admin: Browser) -> None:
    admin.open(f"{reverse('admin:campaigns_template_add')}?format=blocks")
    admin.fill("name", "Seeds")
    admin.fill("subject", "Sow now")
    admin.press(admin.find("#add_heading"))
    admin.find("[data-block] input[type=text]").send_keys("Long work")
    cookie = sign_out(admin)
    admin.press(admin.find("#add_text"))
    admin.wait_for_text("You are signed out. Nothing of what you wrote on this page is lost")
    come_back(admin, cookie)
    admin.save()
    admin.wait_for_text("was added successfully")
    assert (Template.objects.get().blocks or {})["blocks"][0]["text"] == "Long work"
    admin.complaints()  # that the page to sign in may not be in a frame


def test_is_not_sent_by_one_who_was_signed_out_long_ago(admin: Browser, user: User) -> None:
    template = TemplateFactory(owner=user, name="Seeds", html="<p>Sow</p>")
    admin.open(reverse("admin:campaigns_template_change", args=[template.pk]))
    admin.fill("name", "Peas")
    cookie = sign_out(admin)
    admin.script("const now = Date.now(); Date.now = () => now + 3600000")
    admin.find("button[name=_save]").click()
    admin.wait_for_text("You are signed out.")
    come_back(admin, cookie)
    admin.save()
    admin.wait_for_text("was changed successfully")
    assert Template.objects.get().name == "Peas"
    admin.complaints()
