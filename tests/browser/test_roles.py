"""What each role finds in its menu and can do, and two owners side by side."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from selenium.webdriver.common.keys import Keys

from campaigns.models import Contact, Operation, Task
from tests.browser.chromium import Browser
from tests.browser.conftest import sign_in_as
from tests.campaigns.admin.staff import MANAGER, OPERATOR, VIEWER, member, signed_in
from tests.campaigns.images.pictures import from_a_camera
from tests.factories import (
    ContactFactory,
    ContentFactory,
    OperationFactory,
    SegmentFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TagFactory,
    TemplateFactory,
)

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("roles")]

OPEN = {
    "Campaigns", "Messages", "Who got what", "Templates", "Contacts", "Segments", "Tags", "Sign-up forms",
    "Suppressions", "Email services", "Help",
}  # fmt: skip
FOLDED = {
    "Saved blocks", "Brands", "Images", "Senders", "Seed lists", "Attributes", "Sign-ups", "Work",
    "Attempts", "Events", "Rejected requests", "History",
}  # fmt: skip
MENU = {
    MANAGER: (OPEN | {"Imports"}, FOLDED),
    OPERATOR: (OPEN | {"Monitor"}, FOLDED | {"Teams", "Export or erase"}),
    VIEWER: (OPEN | {"Monitor"}, FOLDED | {"Teams"}),
}
ENTRIES, FOLDS = "#nav-sidebar ol a", "#nav-sidebar h2 button"
BUTTONS = {
    MANAGER: {"Preview", "Pause", "Clone", "Export", "Cancel"},
    OPERATOR: {"Preview", "Pause", "Cancel"},
    VIEWER: {"Preview"},
}
REFUSED = {
    MANAGER: reverse("monitor"),
    OPERATOR: reverse("admin:campaigns_task_steps"),
    VIEWER: reverse("admin:campaigns_contact_add"),
}
SEEN = """
return [...document.querySelectorAll(arguments[0])].filter((each) => each.offsetParent).map((each) => each.innerText);
"""
LISTS = (
    "campaigns_task", "campaigns_subtask", "campaigns_contact", "campaigns_template", "campaigns_tag",
    "campaigns_segment", "campaigns_image", "campaigns_operation",
)  # fmt: skip
PALETTE = "#search-input-command"


def page_of(model: str, key: int) -> str:
    return reverse(f"admin:campaigns_{model}_change", args=[key])


def texts(browser: Browser, selector: str) -> set[str]:
    """Of links and buttons that are seen, at once: the page renews itself. Without their icons."""
    found = browser.script(SEEN, selector)
    return {text.strip().split("\n")[-1].strip() for text in found if text.strip()}


@pytest.mark.parametrize("role", [MANAGER, OPERATOR, VIEWER])
def test_each_role_finds_its_menu_and_buttons_and_is_told_what_it_may_not(
    browser: Browser, role: str
) -> None:
    user = member(role)
    task = SendingTaskFactory(owner=user, name="Spring")
    SubTaskFactory(task=task, content=ContentFactory(task=task))
    sign_in_as(browser, user)
    browser.open(page_of("task", task.pk))
    browser.find("#nav-sidebar")
    shown, folded = MENU[role]
    assert texts(browser, ENTRIES) == shown
    for button in browser.visible(FOLDS):
        browser.press(button)
    browser.wait(lambda: texts(browser, ENTRIES) == shown | folded, "another menu")
    assert texts(browser, "a, button") & BUTTONS[MANAGER] == BUTTONS[role]

    browser.open(REFUSED[role])
    browser.wait_for_text("Your account may not do this")
    assert [each for each in browser.complaints() if "403" not in each] == []
    browser.click("Start page")
    browser.wait_for_path("/admin/")
    assert ("New campaign" in texts(browser, "a")) == (role == MANAGER)


def own(owner: User, name: str) -> Task:
    """A campaign of this owner with a message, and a row in each list, all of them called so."""
    task: Task = SendingTaskFactory(owner=owner, name=f"{name} campaign")
    contact = ContactFactory(owner=owner, email=f"{name}@example.com", name=name)
    SubTaskFactory(
        task=task,
        content=ContentFactory(task=task),
        recipient_email=contact.email,
        status="pending",
    )
    TemplateFactory(owner=owner, name=f"{name} template")
    TagFactory(owner=owner, name=f"{name} tag")
    SegmentFactory(owner=owner, name=f"{name} segment")
    OperationFactory(owner=owner, requested_by=owner, kind="export", title=f"{name} export")
    picture = SimpleUploadedFile(f"{name}.jpg", from_a_camera(), "image/jpeg")
    signed_in(owner).post("/admin/campaigns/image/choose/", {"upload": picture, "alt": name})
    return task


def ask_the_palette(browser: Browser, words: str, answer: str) -> None:
    field = browser.find(PALETTE)
    field.clear()
    field.send_keys(words)
    found = "#command-results"
    browser.wait(lambda: answer in browser.find(found).text, f"no “{answer}” about “{words}”")


def test_two_owners_never_see_what_is_the_others(browser: Browser) -> None:
    ada, bea = member(MANAGER), member(MANAGER)
    foreign, task = own(ada, "tulip"), own(bea, "rose")
    sign_in_as(browser, bea)
    for name in LISTS:
        browser.open(reverse(f"admin:{name}_changelist"))
        browser.wait_for_text("rose")
        assert "tulip" not in browser.text.lower(), name

    browser.open(f"{reverse('found_messages')}?q=tulip")
    assert "tulip campaign" not in browser.text
    browser.open(f"{reverse('found_messages')}?q=rose")
    browser.wait_for_text("rose campaign")
    browser.open(page_of("task", task.pk))
    browser.find("body").send_keys(Keys.CONTROL, "k")
    ask_the_palette(browser, "rose", "Rose campaign")
    ask_the_palette(browser, "tulip", "No results matching your query")

    for address in (
        page_of("task", foreign.pk),
        page_of("subtask", foreign.subtasks.get().pk),
        page_of("contact", Contact.objects.get(owner=ada).pk),
        page_of("operation", Operation.objects.get(owner=ada).pk),
    ):
        browser.open(address)
        browser.wait_for_text("doesn’t exist")
        assert "tulip" not in browser.text.lower(), address
