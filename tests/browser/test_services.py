"""The form of an email service: addresses to copy, and a time zone to search for."""

from __future__ import annotations

import pytest
from django.urls import reverse
from selenium.webdriver.common.keys import Keys

from dispatch.models import EmailService
from tests.browser.chromium import Browser
from tests.factories import EmailServiceFactory

pytestmark = pytest.mark.timeout(180)
CLIPBOARD = ["clipboardReadWrite", "clipboardSanitizedWrite"]


@pytest.fixture
def service() -> EmailService:
    made: EmailService = EmailServiceFactory(
        provider="postmark", settings={"server_token": "a" * 36, "message_stream": "broadcast"}
    )
    return made


def focused(admin: Browser) -> str:
    return str(admin.script("return document.activeElement.dataset.copy || ''"))


def test_the_webhook_address_is_copied_with_the_keyboard_and_that_is_said(
    admin: Browser, service: EmailService
) -> None:
    admin.command("Browser.grantPermissions", permissions=CLIPBOARD, origin=admin.site)
    admin.open(reverse("admin:dispatch_emailservice_change", args=[service.pk]))
    address = admin.find("#webhook-address")
    admin.press(address)
    admin.type(Keys.TAB)
    assert focused(admin) == "webhook-address"
    admin.type(Keys.ENTER)

    def said() -> bool:
        return bool(
            admin.script("return document.querySelector('body > [role=status]').textContent")
        )

    admin.wait(said, "nothing is said")
    copied = admin.driver.execute_async_script(
        "navigator.clipboard.readText().then(arguments[arguments.length - 1])"
    )
    assert copied == address.get_attribute("value")
    admin.wait(lambda: not said(), "it is said on and on")
    assert focused(admin) == "webhook-address"


def test_a_time_zone_is_found_by_a_part_of_its_name(admin: Browser, service: EmailService) -> None:
    admin.open(reverse("admin:dispatch_emailservice_change", args=[service.pk]))
    opener = "select[name='quota_time_zone'] + .select2 .select2-selection"
    admin.press(admin.find(opener))
    admin.find(".select2-dropdown .select2-search__field").send_keys("shang")

    def offered() -> list[str]:
        return [each.text for each in admin.visible(".select2-results__option[role=option]")]

    admin.wait(lambda: offered() == ["Asia/Shanghai"], "not found")
    admin.type(Keys.ENTER)
    admin.save()
    admin.wait_for_text("was changed successfully")
    service.refresh_from_db()
    assert service.quota_time_zone == "Asia/Shanghai"
