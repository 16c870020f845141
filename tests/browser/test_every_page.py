"""Every page of the product: by the rules of WCAG 2.2 that axe-core checks, as wide as its window,
without a complaint of the browser, and in pictures, in both languages.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from django.contrib.auth.models import User

from devmail.demo import USER
from signin.models import Profile
from tests.browser.accessibility import violations
from tests.browser.chromium import DESKTOP, PHONE, Browser
from tests.browser.conftest import sign_in_as
from tests.browser.furnished import MISSING, furnish, pages
from tests.smtp_server import SmtpServer

pytestmark = [pytest.mark.timeout(1200), pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).parents[2] / "var" / "screenshots"
PARTS = 2


@pytest.fixture
def staff(browser: Browser, smtp: SmtpServer, roles: None) -> Browser:
    """Signed in as the account of a database in use."""
    sign_in_as(browser, furnish(smtp.port))
    return browser


def part_of(part: int) -> list[tuple[str, str]]:
    """Of all pages, by name: each is in the same part whatever others there are."""
    return [(name, page) for name, page in pages().items() if crc32(name.encode()) % PARTS == part]


def walk(browser: Browser, part: int, language: str, check: Callable[[Browser], list[str]]) -> Any:
    """What is wrong, by page. Each is pictured, for people to look at."""
    found = {}
    for name, page in part_of(part):
        browser.open(page)
        wrong = check(browser)
        for device, size in (("phone", PHONE), ("desktop", DESKTOP)):
            browser.resize(size)
            wrong += [f"wider than its window: {device}"] * browser.is_wider_than_its_window()
            folder = PICTURES / language / device
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.png").write_bytes(browser.driver.get_screenshot_as_png())
        wrong += [each for each in browser.complaints() if MISSING not in each]
        if wrong:
            found[page] = wrong
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing_in_light_or_dark_and_a_phone_shows_the_whole_width(
    staff: Browser, part: int
) -> None:
    assert walk(staff, part, "en", violations) == {}


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_in_chinese_says_so_and_fits(staff: Browser, part: int) -> None:
    def speaks_otherwise(browser: Browser) -> list[str]:
        language = browser.script("return document.documentElement.lang")
        return [f"in {language}"] * (language != "zh-hans")

    user = User.objects.get(username=USER)
    Profile.objects.update_or_create(user=user, defaults={"language": "zh-hans"})
    staff.speak("zh-hans")
    found = walk(staff, part, "zh-hans", speaks_otherwise)
    staff.speak("en")
    assert found == {}
