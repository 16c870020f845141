"""Every page of the product: by the rules of WCAG 2.2 that axe-core checks, as wide as its window,
without a complaint of the browser; and the main ones in pictures, in both languages.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from devmail.demo import USER
from signin.models import Profile
from tests.browser.chromium import DESKTOP, PHONE, Browser
from tests.browser.conftest import sign_in_as
from tests.browser.furnished import MISSING, furnish, main_pages, pages
from tests.smtp_server import SmtpServer

pytestmark = [pytest.mark.timeout(1200), pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).parents[2] / "var" / "screenshots"
PARTS = 2
AXE = """
const done = arguments[arguments.length - 1], only = arguments[0];
const options = {resultTypes: ["violations"], iframes: false};
if (only.length) options.runOnly = {type: "rule", values: only};
axe.run(document, options).then((result) => done(result.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id} (${rule.impact}): ${node.html.slice(0, 200)}`))),
    (error) => done([String(error)]));
"""


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core, from the package that ships it."""
    package = find_spec("axe_playwright_python")
    assert package is not None and package.origin
    return (Path(package.origin).parent / "axe.min.js").read_text("utf-8")


@pytest.fixture
def staff(browser: Browser, smtp: SmtpServer, transactional_db: None) -> Browser:
    """Signed in as the account of a database in use."""
    sign_in_as(browser, furnish(smtp.port))
    browser.driver.set_script_timeout(60)
    return browser


def violations(browser: Browser, *only: str) -> list[str]:
    return list(browser.driver.execute_async_script(AXE, list(only)))


@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing_in_light_or_dark_and_a_phone_shows_the_whole_width(
    staff: Browser, axe: str, part: int
) -> None:
    found = {}
    for page in pages()[part::PARTS]:
        staff.open(page)
        staff.script(axe)
        wrong = violations(staff)
        staff.dark(True)
        wrong += [f"dark: {each}" for each in violations(staff, "color-contrast")]
        staff.dark(False)
        staff.resize(PHONE)
        wrong += ["wider than a phone"] * staff.is_wider_than_its_window()
        staff.resize(DESKTOP)
        wrong += [each for each in staff.complaints() if MISSING not in each]
        if wrong:
            found[page] = wrong
    assert found == {}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_main_pages_are_pictured_on_a_desk_and_on_a_phone(
    staff: Browser, language: str
) -> None:
    """The pictures are in var/screenshots, for people to look at."""
    Profile.objects.update_or_create(
        user=User.objects.get(username=USER), defaults={"language": language}
    )
    for name, page in main_pages().items():
        staff.open(page)
        assert staff.script("return document.documentElement.lang") == language, page
        for device, size in (("desktop", DESKTOP), ("phone", PHONE)):
            staff.resize(size)
            assert not staff.is_wider_than_its_window(), (page, device)
            folder = PICTURES / language / device
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.png").write_bytes(staff.driver.get_screenshot_as_png())
    staff.resize(DESKTOP)
