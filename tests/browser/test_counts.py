"""The numbers before a launch are those that are sent, and each opens its list."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.admin.recipients import numbers
from campaigns.models import Contact, SubTask, Suppression, Task
from tests.browser.chromium import PHONE, Browser
from tests.factories import ContactFactory, EmailServiceFactory, TaskFactory

pytestmark = pytest.mark.timeout(180)
Works = Callable[[], None]
PEOPLE = ("ada", "bob", "cem", "dan", "eve")


@pytest.fixture
def task(user: User) -> Task:
    EmailServiceFactory()
    made: Task = TaskFactory(owner=user, name="Spring")
    for name in PEOPLE:
        ContactFactory(owner=user, email=f"{name}@example.com", name=name.capitalize())
    Suppression.objects.create(email="dan@example.com", reason="unsubscribed")
    Contact.objects.filter(name="Eve").update(mail_consent="refused")
    return made


def page(task: Task, name: str) -> str:
    return reverse(f"admin:campaigns_task_{name}", args=[task.pk])


def shown(admin: Browser) -> dict[str, str]:
    found = admin.driver.find_elements("css selector", "[data-figure]")
    return {each.get_attribute("data-figure") or "": each.text for each in found}


def addresses(admin: Browser) -> list[str]:
    return [each.text for each in admin.driver.find_elements("css selector", "[data-address]")]


def look(admin: Browser, name: str) -> None:
    """A picture for the developer who asks for it."""
    if directory := os.environ.get("PICTURES"):
        admin.driver.save_screenshot(str(Path(directory) / f"{name}.png"))


def test_what_is_shown_is_what_is_sent_and_every_difference_is_named(
    admin: Browser, task: Task, works: Works
) -> None:
    admin.open(page(task, "launch"))
    admin.wait_for_text("Launch to 3 recipients")
    look(admin, "question")
    assert shown(admin) == {
        "Will be sent": "3",
        "The address is suppressed": "1",
        "Did not agree to be mailed": "1",
    }
    admin.press(admin.find("[data-figure='Will be sent']"))
    admin.wait_for_text("ada@example.com")
    look(admin, "list")
    assert addresses(admin) == ["ada@example.com", "bob@example.com", "cem@example.com"]
    admin.driver.back()
    admin.wait_for_text("Launch to 3 recipients")

    Contact.objects.get(email="bob@example.com").delete()
    admin.confirm()
    works()
    admin.wait_for_text("Promised 3")
    admin.wait_for_text("made 2")
    look(admin, "result")
    assert SubTask.objects.filter(task=task).count() == 2
    admin.click("1 was deleted")
    admin.wait_for_text("This contact was deleted.")


def test_those_left_out_are_listed_after_the_launch(
    admin: Browser, task: Task, works: Works
) -> None:
    admin.open(page(task, "launch"))
    admin.confirm()
    works()
    admin.wait_for_text("Promised 3 and made 3")
    admin.press(admin.find("[data-figure='the address is suppressed' i] a"))
    admin.wait_for_text("dan@example.com")
    assert addresses(admin) == ["dan@example.com"]


def test_the_numbers_of_a_big_audience_come_by_themselves(
    admin: Browser, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers, "AT_ONCE", 2)
    admin.open(page(task, "launch"))
    admin.wait_for_text("Launch to 3 recipients")
    assert shown(admin)["Will be sent"] == "3"
    admin.confirm()
    admin.wait_for_text("Launched.")
    assert Task.objects.get(pk=task.pk).status == "queued"


@pytest.mark.parametrize("dark", [False, True])
def test_the_question_fits_a_phone(admin: Browser, task: Task, dark: bool) -> None:
    admin.resize(PHONE)
    admin.dark(dark)
    admin.open(page(task, "launch"))
    admin.wait_for_text("Launch to 3 recipients")
    look(admin, f"phone-{'dark' if dark else 'light'}")
    is_wider = admin.is_wider_than_its_window()
    admin.dark(False)
    assert not is_wider
