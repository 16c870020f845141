"""Pictures chosen while a message is written, and a message seen before it is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from campaigns.images import keeping
from campaigns.models import Image, Template, TemplateFormat
from tests.browser.chromium import DESKTOP, PHONE, Browser
from tests.campaigns.images import pictures
from tests.factories import ContactFactory, TemplateFactory

pytestmark = pytest.mark.timeout(180)
BLOCKS = {
    "version": 1,
    "blocks": [
        {
            "id": "a1",
            "kind": "image",
            "image": "{{ picture }}",
            "alt": "",
            "is_decoration": True,
            "link": "",
            "width": None,
            "align": "center",
        }
    ],
}


CLICK = """
const frame = document.querySelector('.edm-live-stage iframe');
const page = frame?.contentDocument?.querySelector('iframe.message')?.contentDocument;
const picture = page?.body?.dataset.listens && page.querySelector('img');
picture?.click();
return Boolean(picture);
"""


def in_blocks(user: User) -> Template:
    made: Template = TemplateFactory(
        owner=user, format=TemplateFormat.BLOCKS, blocks=BLOCKS, html="<p>old</p>"
    )
    return made


def shown(browser: Browser) -> str:
    return str(
        browser.script(
            "return document.querySelector('.edm-live-stage iframe')"
            "?.contentDocument?.querySelector('iframe.message')?.srcdoc ?? ''"
        )
    )


def test_a_picture_is_chosen_by_keyboard_and_seen_at_once(
    admin: Browser, user: User, settings: Settings, tmp_path: Path
) -> None:
    settings.PUBLIC_URL = admin.site
    image = Image(owner=user, name="Logo", alt="Our logo")
    keeping.put(image, keeping.understand(pictures.drawing()), pytest.fail)
    admin.open(f"/admin/campaigns/template/{in_blocks(user).pk}/change/")
    admin.press(admin.find("#block-a1 > summary"))
    admin.find("[data-into='id_b-a1__image']").send_keys(Keys.ENTER)
    field = admin.find("dialog[open] input[type=search]")
    admin.driver.save_screenshot(str(tmp_path / "choose.png"))
    field.send_keys(Keys.TAB, Keys.TAB, Keys.TAB)  # past the search and the upload
    admin.wait(
        lambda: admin.script("return document.activeElement.dataset.address") or None, "a picture"
    )
    admin.driver.switch_to.active_element.send_keys(Keys.ENTER)
    written = admin.find("[name='b-a1__image']")
    assert written.get_attribute("value") == image.file.url
    assert admin.find("[name='b-a1__alt']").get_attribute("value") == "Our logo"
    focus = "return document.activeElement.id === 'id_b-a1__image'"
    admin.wait(lambda: admin.script(focus) or None, "the focus at the picture's field")
    admin.wait(lambda: str(image.file.name) in shown(admin) or None, "the picture in the preview")

    admin.press(admin.find("#block-a1 > summary"))
    assert not admin.visible("[name='b-a1__image']")
    admin.wait(lambda: admin.script(CLICK) or None, "a picture to click")
    admin.find("#block-a1[open] [name='b-a1__image']")


def test_a_picture_is_uploaded_into_a_message_in_mjml(
    admin: Browser, user: User, tmp_path: Path
) -> None:
    file = tmp_path / "spring day.jpg"
    file.write_bytes(pictures.from_a_camera())
    admin.open("/admin/campaigns/template/add/?format=mjml")
    admin.press(admin.find("[data-code='mjml']"))
    admin.find("dialog details[open]")  # there is no picture to choose yet
    admin.driver.find_element(By.CSS_SELECTOR, "dialog [name=upload]").send_keys(str(file))
    admin.click("Upload and use it", within="dialog")
    admin.wait_for_text("Say in a few words what the picture shows")
    admin.driver.find_element(By.CSS_SELECTOR, "dialog [name=upload]").send_keys(str(file))
    admin.driver.find_element(By.CSS_SELECTOR, "dialog [name=alt]").send_keys("A {day}")
    admin.click("Upload and use it", within="dialog")
    mjml = admin.driver.find_element(By.CSS_SELECTOR, "textarea[name=mjml]")
    written = admin.wait(lambda: mjml.get_attribute("value") or None, "the picture in the text")
    address = Image.objects.get().file.url
    assert written == f'<mj-image src="{address}" alt="A &#123;day&#125;" width="400px" />'


def test_a_message_is_seen_as_another_contact_on_a_phone(admin: Browser, user: User) -> None:
    ContactFactory(owner=user, name="Ada", email="ada@example.com")
    ContactFactory(owner=user, name="Bob", email="bob@example.com")
    template = TemplateFactory(owner=user)
    for size in (DESKTOP, PHONE):
        admin.resize(size)
        admin.open(f"/admin/campaigns/template/{template.pk}/preview/")
        admin.press(admin.find("label:has([name=view][value=phone])"))
        admin.click("Next")
        admin.wait_for_text("For bob@example.com")
        assert admin.find("iframe").size["width"] <= 377
        assert not admin.is_wider_than_its_window()
    admin.resize(DESKTOP)
