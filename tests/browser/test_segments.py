"""Segments as a marketer builds them: by mouse, by keyboard alone, and used in a campaign."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from campaigns.models import Attribute, Segment, Task
from tests.browser.accessibility import violations
from tests.browser.chromium import PHONE, Browser
from tests.factories import (
    ContactFactory,
    SenderFactory,
    SendingTaskFactory,
    TagFactory,
    TemplateFactory,
)

pytestmark = pytest.mark.timeout(180)
ADD = "/admin/campaigns/segment/add/"


@pytest.fixture(autouse=True)
def contacts(user: User) -> None:
    """Ada and Bob are in Berlin, Ada with 12 points; Cleo is in Rome; Dan has no attribute."""
    vip = TagFactory(owner=user, name="VIP")
    Attribute.objects.create(owner=user, key="city", label="City")
    Attribute.objects.create(owner=user, key="points", label="Points", kind="number")
    for name, attributes in (
        ("Ada", {"city": "Berlin", "points": 12}),
        ("Bob", {"city": "Berlin", "points": 3}),
        ("Cleo", {"city": "Rome"}),
        ("Dan", {}),
    ):
        contact = ContactFactory(
            owner=user, name=name, email=f"{name.lower()}@example.com", attributes=attributes
        )
        if name in ("Bob", "Cleo"):
            contact.tags.add(vip)


def pick(browser: Browser, name: str, label: str) -> None:
    """Choose in a list that shows other controls, and wait for these."""
    with browser.without_reload():
        old = browser.find(f"[name='{name}']")
        browser.select(name, label)
        browser.wait(lambda: gone(old) or None, f"no answer to “{label}”")


def gone(element: WebElement) -> bool:
    try:
        return not element.is_enabled()
    except Exception:
        return True


def press(browser: Browser, value: str) -> None:
    old = browser.find("#condition")
    browser.press(browser.find(f"button[value='{value}']"))
    browser.wait(lambda: gone(old) or None, f"no answer to {value}")


def counts(browser: Browser, text: str) -> None:
    def shown() -> bool:
        return browser.driver.find_element(By.CSS_SELECTOR, "[data-figure]").text == text

    browser.wait(shown, f"not counted: {text}")


def test_is_built_of_two_groups_by_mouse_and_used_in_a_campaign(admin: Browser, user: User) -> None:
    sender = SenderFactory(owner=user, display_name="Garden News")
    TemplateFactory(owner=user, name="Seeds")
    admin.open(ADD)
    admin.fill("name", "Berlin or VIP")
    pick(admin, "c-0__field", "City")
    admin.fill("c-0__text", "Berlin")
    counts(admin, "2 contacts")
    press(admin, "group:c")
    pick(admin, "c-1-0__field", "Tag")
    admin.select("c-1-0__tag", "VIP")
    counts(admin, "1 contact")
    assert admin.find("[name='c-0__text']").get_attribute("value") == "Berlin"
    press(admin, "line:c-1")
    pick(admin, "c-1-1__field", "Points")
    pick(admin, "c-1-1__operator", "is more than")
    admin.fill("c-1-1__number", "10")
    counts(admin, "2 contacts")
    admin.wait_for_text("City is “Berlin” and (has the tag “VIP” or Points is more than 10)")
    admin.wait_for_text("Ada, ada@example.com")
    assert violations(admin) == []
    assert admin.find("[name=name]").get_attribute("value") == "Berlin or VIP"
    admin.save()
    admin.wait_for_text("was added successfully")
    admin.wait(lambda: "…" not in admin.find("#result_list").text or None, "not counted")

    admin.open("/admin/campaigns/task/add/")
    admin.fill("name", "Spring")
    admin.choose("sender", str(sender))
    admin.select("audience", "Contacts by tags and segments")
    admin.choose("include_segments", "Berlin or VIP")
    admin.choose("tasktemplate_set-0-template", "Seeds")
    admin.press(admin.find("button[name=_continue]"))
    admin.wait_for_text("Nothing is sent before you launch it.")
    assert Task.objects.get().include_segments.get() == Segment.objects.get()


class Keyboard:
    """What a person does who has no mouse."""

    def __init__(self, admin: Browser) -> None:
        self.admin = admin

    def press(self, *keys: str) -> None:
        self.admin.type(*keys)

    def active(self, what: str = "name || document.activeElement.id") -> str:
        return str(self.admin.script(f"return document.activeElement.{what}"))

    def go_to(self, name: str, what: str = "name || document.activeElement.id") -> None:
        for _ in range(40):
            if self.active(what) == name:
                return
            self.press(Keys.TAB)
        raise AssertionError(f"the keyboard does not get to {name}")

    def change(self, *keys: str) -> None:
        """Press keys that have the condition shown anew."""
        old = self.admin.find("#condition")
        self.press(*keys)
        self.admin.wait(lambda: gone(old) or None, "no answer")


def test_is_built_by_keyboard_alone(admin: Browser) -> None:
    admin.open(ADD)
    keyboard = Keyboard(admin)
    admin.find("[name=name]").send_keys("Romans")
    keyboard.go_to("c-0__field")
    keyboard.change("City")
    assert keyboard.active() == "c-0__field"
    keyboard.go_to("c-0__text")
    keyboard.press("Rome")
    counts(admin, "1 contact")
    keyboard.go_to("line:c", "value")
    keyboard.change(Keys.ENTER)
    admin.wait(lambda: keyboard.active() == "c-1__field" or None, "the new line has no focus")
    keyboard.change("Tag")
    keyboard.go_to("c-1__tag")
    keyboard.press("VIP")
    counts(admin, "1 contact")
    keyboard.go_to("_save")
    keyboard.press(Keys.ENTER)
    admin.wait_for_text("was added successfully")
    lines = Segment.objects.get().condition["lines"]
    assert [line["field"] for line in lines] == ["attribute:city", "tag"]


def test_keeps_what_is_typed_while_the_server_answers(admin: Browser) -> None:
    admin.open(ADD)
    pick(admin, "c-0__field", "City")
    admin.script("""document.addEventListener("htmx:beforeSend", () => {
        document.getElementById("id_c-0__text").value = "Rome";
    }, {once: true})""")
    press(admin, "line:c")
    assert admin.find("[name='c-0__text']").get_attribute("value") == "Rome"


def test_is_neither_saved_nor_changed_by_the_enter_key(admin: Browser) -> None:
    admin.open(ADD)
    admin.fill("name", "Romans")
    pick(admin, "c-0__field", "City")
    old = admin.find("#condition")
    admin.find("[name='c-0__text']").send_keys("Rome", Keys.ENTER)
    admin.wait(lambda: gone(old) or None, "no answer to the key")
    assert admin.path == ADD
    assert admin.find("[name='c-0__text']").get_attribute("value") == "Rome"
    assert not Segment.objects.exists()


def test_those_who_did_not_open_a_campaign_are_mailed_in_two_clicks(
    admin: Browser, user: User
) -> None:
    task = SendingTaskFactory(
        owner=user, name="Spring", track_opens=True, launched_at="2030-01-01T00:00Z"
    )
    admin.open(reverse("admin:campaigns_task_change", args=[task.pk]))
    admin.click("Mail those who did not open it")
    admin.wait_for_text("Mail those who did not open “Spring”?")
    admin.confirm()
    admin.wait_for_text("“Spring: did not open it” is a new draft.")
    draft = Task.objects.latest("pk")
    assert admin.path == reverse("admin:campaigns_task_step_check", args=[draft.pk])


def test_reads_well_in_the_dark_and_on_a_phone(admin: Browser, user: User) -> None:
    row = Segment.objects.create(owner=user, name="Romans", condition={
        "match": "all", "lines": [
            {"field": "attribute:city", "operator": "is", "value": "Rome"},
            {"match": "none", "lines": [{"field": "opened", "operator": "did", "value": {"days": 30}}]},
        ],
    })  # fmt: skip
    admin.dark(True)
    admin.resize(PHONE)
    admin.open(reverse("admin:campaigns_segment_change", args=[row.pk]))
    counts(admin, "1 contact")
    assert not admin.is_wider_than_its_window()
    admin.dark(False)


def test_a_segment_is_built_without_scripts(admin: Browser) -> None:
    admin.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        admin.open(ADD)
        admin.find("[name='name']").send_keys("Adas")
        admin.select("c-0__field", "Name")
        admin.press(admin.find("[name='_do'][value='count']"))
        admin.find("[name='c-0__text']").send_keys("Ada")
        admin.press(admin.find("[name='_do'][value='count']"))
        admin.wait_for_text("1 contact")
        admin.save()
        admin.wait_for_text("was added successfully")
    finally:
        admin.command("Emulation.setScriptExecutionDisabled", value=False)
