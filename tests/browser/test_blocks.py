"""Messages in blocks as a newcomer writes them: by mouse, by keyboard alone, and converted."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth.models import User
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from campaigns.blocks.kinds import KINDS
from campaigns.models import Template, TemplateFormat
from tests.browser.accessibility import violations
from tests.browser.chromium import PHONE, Browser
from tests.factories import ContactFactory, SenderFactory

pytestmark = pytest.mark.timeout(300)
ADD = "/admin/campaigns/template/add/?format=blocks"
TYPED = {
    "header": {"alt": "Garden News"},
    "heading": {"text": 'Hello {{ name | default: "friend" }}'},
    "text": {"text": "It is **spring**.\n\n- sow\n- water"},
    "image": {"image": "{{ picture }}", "alt": "A rose"},
    "button": {"text": "See the roses", "link": "https://example.com/roses"},
    "products": {"items-0-title": "Rose", "items-0-price": "3 €"},
    "social": {"items-0-name": "Mastodon", "items-0-link": "https://example.com/@garden"},
    "quote": {"text": "Splendid.", "by": "Ada"},
    "mjml": {"mjml": "<mj-section><mj-column><mj-text>By hand</mj-text></mj-column></mj-section>"},
    "footer": {"address": "1 Garden Road"},
}


@pytest.fixture(autouse=True)
def contact(user: User) -> None:
    SenderFactory(owner=user, display_name="Garden News", postal_address="1 Garden Road\nKew")
    ContactFactory(owner=user, name="Ada", email="ada@example.com")


def kinds(browser: Browser) -> list[str]:
    found = browser.driver.find_elements(By.CSS_SELECTOR, ".edm-block > [name=b__order]")
    return [str(each.get_attribute("value")).split(" ")[1] for each in found]


def add(browser: Browser, kind: str) -> str:
    """Add a block; returns its id."""
    before = ids(browser)
    browser.press(browser.find(f"#add_{kind}"))
    browser.wait(lambda: len(ids(browser)) == len(before) + 1 or None, f"no {kind} was added")
    (made,) = set(ids(browser)) - set(before)
    browser.find(f"#block-{made}[open]")
    return made


def ids(browser: Browser) -> list[str]:
    found = browser.driver.find_elements(By.CSS_SELECTOR, ".edm-block > [name=b__order]")
    return [str(each.get_attribute("value")).split(" ")[0] for each in found]


def test_a_message_of_each_kind_is_written_by_mouse(admin: Browser) -> None:
    admin.open("/admin/campaigns/template/")
    admin.click("Add template")
    admin.find(".edm-choices a[href*=blocks]").click()
    admin.fill("name", "Spring")
    admin.fill("subject", "Spring is here")
    with admin.without_reload():
        for kind in KINDS:
            key = add(admin, kind)
            for name, value in TYPED.get(kind, {}).items():
                admin.fill(f"b-{key}__{name}", value)
            if kind == "columns":
                admin.press(admin.find(f"#add_text_{key}_1"))
                admin.find(".edm-block-column textarea").send_keys("On the right")
    assert kinds(admin)[-1] == "footer"
    assert violations(admin) == []
    assert admin.find("[name=subject]").get_attribute("value") == "Spring is here"
    admin.press(admin.find("button[name=_preview]"))
    admin.wait_for_text("Spring is here")
    assert "Hello Ada" in str(admin.find("iframe").get_attribute("srcdoc"))
    admin.press(admin.find("button[name=_edit]"))
    admin.save()
    admin.wait_for_text("was added successfully")
    template = Template.objects.get()
    assert len((template.blocks or {})["blocks"]) == len(KINDS)
    admin.open(f"/admin/campaigns/template/{template.pk}/change/")
    admin.click("Convert to MJML")
    admin.wait_for_text("never again in blocks")
    admin.confirm()
    admin.wait_for_text("It is written as MJML from now on.")
    template.refresh_from_db()
    assert template.format == TemplateFormat.MJML


def active(browser: Browser) -> str:
    return str(browser.script("return document.activeElement.id || document.activeElement.name"))


def tab_to(browser: Browser, name: str, key: str = Keys.TAB) -> None:
    for _ in range(120):
        if active(browser).startswith(name):
            return
        browser.type(key)
    raise AssertionError(f"{name} is not reached; at {active(browser)}")


def test_a_message_is_written_and_put_in_order_by_keyboard_alone(admin: Browser) -> None:
    admin.open(ADD)
    until = partial(tab_to, admin)

    def keys(*pressed: str) -> None:
        admin.type(*pressed)

    until("id_name")
    keys("Spring")
    until("id_subject")
    keys("Spring is here")
    for kind, text in (("text", "It is spring."), ("heading", "Hello")):
        until(f"add_{kind}")
        keys(Keys.ENTER)
        admin.wait(lambda: active(admin).endswith("__text") or None, "no focus in the new block")
        keys(text)
    until("up_", Keys.SHIFT + Keys.TAB)
    key = active(admin).removeprefix("up_")
    assert kinds(admin) == ["text", "heading"]
    keys(Keys.ENTER)
    admin.wait(lambda: kinds(admin) == ["heading", "text"] or None, "not moved")
    admin.wait(lambda: active(admin) == f"down_{key}" or None, "the focus did not go along")
    assert admin.find(f"[name='b-{key}__text']").get_attribute("value") == "Hello"
    until("remove_")
    keys(Keys.ENTER)
    admin.wait(lambda: active(admin) == "undo_removal" or None, "no way back")
    keys(Keys.ENTER)
    admin.wait(lambda: kinds(admin) == ["heading", "text"] or None, "not brought back")
    until("_save")
    keys(Keys.ENTER)
    admin.wait_for_text("was added successfully")
    assert [each["kind"] for each in (Template.objects.get().blocks or {})["blocks"]] == [
        "heading",
        "text",
    ]


def test_a_block_is_dragged_by_its_handle(admin: Browser) -> None:
    admin.open(ADD)
    first, _, third = (add(admin, kind) for kind in ("heading", "text", "divider"))
    admin.script(
        "for (const each of document.querySelectorAll('#blocks details')) each.open = false"
    )
    admin.script("document.getElementById('blocks').scrollIntoView({block: 'center'})")
    handles = [admin.find(f"[data-block='{key}'] [data-handle]") for key in (third, first)]
    hands = ActionChains(admin.driver).click_and_hold(handles[0])
    hands.move_to_element(handles[1]).move_by_offset(0, -12).release().perform()
    admin.wait(lambda: kinds(admin) == ["divider", "heading", "text"] or None, "not dragged")


def test_what_is_wrong_is_said_at_its_block_and_a_phone_shows_it(admin: Browser) -> None:
    admin.resize(PHONE)
    admin.open(ADD)
    admin.fill("name", "Spring")
    admin.fill("subject", "Spring is here")
    key = add(admin, "button")
    admin.fill(f"b-{key}__link", "javascript:alert(1)")
    admin.save()
    admin.wait_for_text("Write an address that begins with https://")
    assert admin.find(f"[name='b-{key}__link']").get_attribute("value") == "javascript:alert(1)"
    wide = admin.script("return document.documentElement.scrollWidth > innerWidth")
    assert not wide
    assert violations(admin) == []
