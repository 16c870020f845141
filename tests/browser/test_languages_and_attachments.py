"""A campaign in two languages with a file, from its form to its results."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from selenium.webdriver.common.keys import Keys

from campaigns.models import Attachment, Task, TaskTemplate
from tests.browser.chromium import PHONE, Browser
from tests.campaigns.attachments.making import PDF, attach
from tests.campaigns.languages.making import add_contacts, got, in_languages
from tests.factories import EmailServiceFactory

pytestmark = pytest.mark.timeout(300)


def page(task: Task, name: str = "change") -> str:
    return reverse(f"admin:campaigns_task_{name}", args=[task.pk])


def test_languages_and_files_are_entered_in_the_form(
    admin: Browser, user: User, tmp_path: Path
) -> None:
    file = tmp_path / "Übersicht.pdf"
    file.write_bytes(PDF)
    task = in_languages("", "de", status="draft", owner=user)
    EmailServiceFactory()
    add_contacts(task, "de-AT", "fr", None)
    admin.open(page(task))
    admin.fill("tasktemplate_set-0-language", "EN")
    admin.click("Attach a file")
    admin.driver.find_element("name", "attachments-0-upload").send_keys(str(file))
    admin.press(admin.find("button[name=_continue]"))
    admin.wait_for_text("was changed successfully")
    admin.wait_for_text("Übersicht.pdf")
    languages = TaskTemplate.objects.filter(task=task).order_by("pk")
    assert list(languages.values_list("language", flat=True)) == ["en", "de"]
    assert Attachment.objects.get(task=task).content_type == "application/pdf"

    admin.open(page(task, "launch"))
    admin.wait_for_text("German (de): 1")
    admin.wait_for_text("1 recipient")
    admin.wait_for_text("French (fr) (1)")
    admin.resize(PHONE)
    assert not admin.is_wider_than_its_window()


def test_results_by_language_are_read_on_a_phone(admin: Browser, user: User) -> None:
    task = in_languages("en", "de", owner=user)
    attach(task)
    add_contacts(task, "de", "de", "en", "ja")
    got(task)
    admin.resize(PHONE)
    admin.open(page(task))
    admin.click("Results by language")
    admin.wait_for_text("German (de)")
    assert admin.find("tr[data-language=de]").text.split()[2:4] == ["2", "0"]
    assert not admin.is_wider_than_its_window()


def test_languages_and_files_are_planned_in_the_steps(
    admin: Browser, user: User, tmp_path: Path
) -> None:
    file = tmp_path / "Übersicht.pdf"
    file.write_bytes(PDF)
    task = in_languages("", status="draft", owner=user)
    add_contacts(task, "de-AT", None)
    template = str(TaskTemplate.objects.get(task=task).template)
    admin.open(page(task, "step_content"))
    admin.press(admin.find("[name=kind][value=languages]"))
    admin.choose("tasktemplate_set-1-template", template)
    admin.fill("tasktemplate_set-1-language", "xx-nonsense")
    admin.driver.find_element("name", "uploads").send_keys(str(file))
    admin.type(Keys.TAB)
    admin.wait_until_quiet()
    admin.click("Attach")
    admin.wait_for_text("“xx-nonsense” names no language that is known")
    admin.fill("tasktemplate_set-1-language", "fr")
    admin.driver.find_element("name", "uploads").send_keys(str(file))
    admin.type(Keys.TAB)
    admin.wait_until_quiet()
    admin.click("Attach")
    admin.wait_for_text("No recipient gets the message in French (fr).")
    assert "Übersicht.pdf 18 bytes" in " ".join(admin.find("#files").text.split())
    admin.click("Remove", within="#files")
    admin.wait_for_text("No recipient gets the message in French (fr).")
    assert not Attachment.objects.exists()
