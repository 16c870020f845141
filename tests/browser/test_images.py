"""A picture, taken in and looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from campaigns.models import Image
from tests.browser.chromium import DESKTOP, PHONE, Browser
from tests.campaigns.images import pictures

WIDTH = "return document.querySelector(\"img[src^='/images/']\").naturalWidth"
pytestmark = pytest.mark.timeout(180)


def test_a_picture_is_taken_in_and_seen(admin: Browser, tmp_path: Path) -> None:
    file = tmp_path / "spring day.jpg"
    file.write_bytes(pictures.from_a_camera())
    admin.open("/admin/campaigns/image/add/")
    admin.driver.find_element(By.NAME, "upload").send_keys(str(file))
    admin.fill("alt", "A spring day in the park")
    admin.driver.save_screenshot(str(tmp_path / "form.png"))
    admin.press(admin.find("button[name=_continue]"))
    admin.wait_for_text("400 × 300 pixels")
    image = Image.objects.get()
    assert image.name == "spring day"
    for where in (f"/admin/campaigns/image/{image.pk}/change/", "/admin/campaigns/image/"):
        admin.open(where)
        admin.find("img[src^='/images/']")
        admin.wait(lambda: admin.script(WIDTH) == 400, "the picture")
        for size in (DESKTOP, PHONE):
            admin.resize(size)
            admin.driver.save_screenshot(str(tmp_path / f"{where.count('/')}-{size[0]}.png"))
            assert not admin.is_wider_than_its_window()
        admin.resize(DESKTOP)
