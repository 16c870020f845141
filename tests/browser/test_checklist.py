"""The checklist before a launch, and the approval by a second person."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.models import Approval, Brand, Task
from tests.browser.chromium import PHONE, Browser
from tests.factories import ContactFactory, EmailServiceFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.timeout(180)
HTML = """<html><body>
<h1 style="position:relative">Hello {{ name }}</h1>
<p><a href="http://shop.example/">shop</a></p>
</body></html>"""


@pytest.fixture
def task(user: User) -> Task:
    EmailServiceFactory()
    made: Task = TaskFactory(owner=user, name="Spring")
    made.templates.update(html=HTML, preview_text="What grows now")
    ContactFactory(owner=user, email="ada@example.com", name="Ada")
    return made


def page(task: Task, name: str) -> str:
    return reverse(f"admin:campaigns_task_{name}", args=[task.pk])


def look(admin: Browser, name: str) -> None:
    """A picture for the developer who asks for it."""
    if directory := os.environ.get("PICTURES"):
        admin.driver.save_screenshot(str(Path(directory) / f"{name}.png"))


def test_a_warning_leads_to_its_line_and_is_overruled_by_name(admin: Browser, task: Task) -> None:
    admin.open(page(task, "launch"))
    admin.wait_for_text("Launch although: 1 link has an address that is not encrypted")
    look(admin, "launch")
    admin.resize(PHONE)
    look(admin, "launch-phone")
    assert not admin.is_wider_than_its_window()
    admin.resize((1280, 900))
    admin.dark(True)
    look(admin, "launch-dark")
    admin.dark(False)
    admin.click("See the check", "#checks")
    admin.click("HTML, line 3", "[data-check=links_http]")
    admin.wait(
        lambda: (
            admin.script("return document.querySelector('.ace_gutter-active-line')?.innerText")
            == "3"
        ),
        "the line is not reached",
    )
    look(admin, "line")
    admin.open(page(task, "launch"))
    admin.confirm()
    admin.wait_for_text("Mend it, or say that it may be so.")
    look(admin, "launch-again")
    for box in admin.driver.find_elements("css selector", "input[name^=although-]"):
        admin.press(box)
    admin.confirm()
    admin.wait_for_text("“Spring”: Launched.")
    admin.open(page(task, "history"))
    admin.wait_for_text("Although: “")


def test_a_blocker_has_no_button(admin: Browser, task: Task) -> None:
    task.templates.update(html='<a href="{{ unsubscribe_url }}"></a>')
    admin.open(page(task, "launch"))
    admin.wait_for_text("This cannot be done now")
    admin.wait_for_text("no unsubscribe link that every reader sees")
    assert not admin.visible("button[name=confirmed]")
    template = task.templates.get()
    admin.open(reverse("admin:campaigns_template_checklist", args=[template.pk]))
    look(admin, "page")
    admin.wait_for_text("1 blocker")


def test_an_approval_is_asked_for_given_and_voided_by_a_change(
    admin: Browser, user: User, task: Task
) -> None:
    task.templates.update(html="<p>Hello {{ name }}</p>")
    Brand.objects.create(owner=user, needs_approval=True)
    admin.open(page(task, "change"))
    admin.wait_for_text("Its owner wants a second person to approve it.")
    admin.click("Ask for approval")
    admin.fill("words", "Please look at the price")
    admin.confirm()
    admin.wait_for_text("Approval is asked for.")
    look(admin, "asked")
    Approval.objects.update(asked_by=UserFactory(username="eve"))
    admin.open(reverse("admin:index"))
    admin.wait_for_text("eve asks for your approval. Please look at the price")
    look(admin, "start")
    admin.click("Look at it", "#needs-you")
    admin.wait_for_text("Asked for by eve")
    look(admin, "approve")
    admin.confirm()
    admin.wait_for_text("Approved by ada")
    task.templates.update(html="<p>Hello again</p>")
    admin.open(page(task, "launch"))
    admin.wait_for_text("Changed since it was approved: the content")
    assert not admin.visible("button[name=confirmed]")
    admin.open(page(task, "change"))
    admin.wait_for_text("NO LONGER APPROVED")
    look(admin, "voided")
