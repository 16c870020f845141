"""A newcomer's first campaign, step by step; left in the middle and come back to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from selenium.webdriver.common.keys import Keys

from campaigns.models import Contact, Suppression, Task
from dispatch.models import EmailService
from tests.browser.chromium import PHONE, Browser
from tests.dispatching import MakeService
from tests.factories import ContactFactory, SenderFactory, TagFactory, TemplateFactory
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.timeout(180)

Works = Callable[[], None]
OWN = "ada@example.com"


def import_contacts(admin: Browser, path: Path) -> None:
    admin.open(reverse("admin:campaigns_contact_import_file"))
    admin.driver.find_element("name", "file").send_keys(str(path.resolve()))
    admin.press(admin.find("#content-main form button[type=submit]"))
    admin.press(admin.find("button[name=next]"))
    admin.press(admin.find("#content-main form button[type=submit]"))
    admin.press(admin.find("button[name=start]"))
    admin.wait(lambda: Contact.objects.count() == 2, "the contacts do not come in")


def who_gets_it(admin: Browser) -> str:
    return admin.find(".edm-step-number").text


def go_on(admin: Browser, to: str) -> None:
    admin.wait_until_quiet()
    admin.press(admin.find("button[name=_next]"))
    admin.wait(lambda: admin.path.endswith(f"/steps/{to}/"), f"not at {to}")


def write_a_message(admin: Browser) -> None:
    admin.click("Write HTML or MJML")
    admin.wait_for_text("It is written for the campaign “Spring”")
    assert admin.find("[name=name]").get_attribute("value") == "Spring"
    admin.fill("subject", "Seeds for {{ name }}")
    admin.write_code("html", "<p>Dear {{ name }}, it is time to sow.</p>")
    admin.save()
    admin.wait(lambda: admin.path.endswith("/steps/content/"), "not back at the content")


def send_a_test(admin: Browser, service: EmailService) -> None:
    """From the check, and back there."""
    admin.click("Send a test")
    admin.select("service", str(service))
    admin.press(admin.find("#content-main form button[type=submit]"))
    admin.wait_for_text(f"Test to {OWN}")
    admin.press(admin.find("#content-main form a[href$='/steps/check/']"))


def launch_the_draft(admin: Browser) -> None:
    admin.click("Go on to the launch")
    admin.wait_for_text("Sending to 2 recipients starts at once.")
    assert Task.objects.get().status == "draft"
    for box in admin.visible("[name^=although-]"):
        admin.press(box)
    admin.confirm()
    admin.wait_for_text("“Spring”: Launched.")


def test_a_newcomers_first_campaign_from_the_import_to_the_report(
    admin: Browser,
    user: User,
    works: Works,
    make_service: MakeService,
    smtp: SmtpServer,
    contacts_file: Path,
) -> None:
    service = make_service()
    SenderFactory(owner=user, display_name="Garden News", postal_address="1 Example Street")
    works()
    import_contacts(admin, contacts_file)

    admin.open("/admin/")
    admin.click("New campaign")
    admin.wait(lambda: who_gets_it(admin) == "2", "the audience is not counted")
    admin.fill("name", "Spring")
    go_on(admin, "content")
    write_a_message(admin)
    admin.wait_for_text("Seeds for Ada")
    admin.fill("tasktemplate_set-0-subject", "Sow now, {{ name }}")
    admin.type(Keys.TAB)
    admin.wait_for_text("Sow now, Ada")
    go_on(admin, "delivery")
    admin.wait_for_text("If launched now")
    go_on(admin, "check")
    admin.wait_for_text("There is no plain text.")

    send_a_test(admin, service)
    assert [message.recipient for message in smtp.messages] == [OWN]

    launch_the_draft(admin)
    admin.wait_for_text("2 of 2 sent")
    assert any(b"Subject: Sow now, Cleo" in message.data for message in smtp.messages)
    admin.open(reverse("admin:campaigns_task_report", args=[Task.objects.get().pk]))
    admin.wait_for_text("2 of 2 sent")


def test_one_who_leaves_in_the_middle_comes_back_to_the_same_place(
    admin: Browser, user: User
) -> None:
    vip = TagFactory(owner=user, name="VIP")
    for name in ("ada", "bob", "cy"):
        ContactFactory(owner=user, email=f"{name}@example.com").tags.add(vip)
    ContactFactory(owner=user)
    Suppression.objects.create(email="bob@example.com", reason="unsubscribed")
    TemplateFactory(owner=user, name="Seeds", html="<p>It is time to sow.</p>")

    admin.resize(PHONE)
    admin.open(reverse("admin:campaigns_task_steps"))
    admin.wait(lambda: who_gets_it(admin) == "3", "the audience is not counted")
    with admin.without_reload():
        admin.fill("name", "Spring")
        admin.select("audience", "Contacts by tags and segments")
        admin.choose("include_tags", "VIP")
        admin.wait(lambda: who_gets_it(admin) == "2", "the tag is not counted")
    assert not admin.is_wider_than_its_window()
    admin.wait_until_quiet()
    admin.press(admin.find("button[name=_leave]"))
    admin.wait_for_text("“Spring” is kept as a draft.")

    admin.click("Spring")
    admin.wait(lambda: admin.path.endswith("/steps/content/"), "not where it went on")
    admin.choose("tasktemplate_set-0-template", "Seeds")
    frame = admin.find(".edm-message-frame")
    assert "It is time to sow." in str(frame.get_attribute("srcdoc"))
    admin.wait_until_quiet()
    assert not admin.is_wider_than_its_window()
    assert list(Task.objects.get().include_tags.all()) == [vip]
    assert not Task.objects.get().templates.exists()
