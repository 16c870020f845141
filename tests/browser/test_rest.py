"""Services and the local mailbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse
from pytest_django import Settings

from devmail.mailbox import Mailbox, default_path
from dispatch.models import EmailService
from tests.browser.chromium import Browser
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.timeout(180)


def test_a_service_is_set_up_tested_frozen_and_unfrozen(admin: Browser, smtp: SmtpServer) -> None:
    admin.open(reverse("admin:dispatch_emailservice_add"))
    admin.click("SMTP")
    admin.fill("name", "North")
    admin.fill("domain", "north.example.com")
    admin.fill("settings_host", "127.0.0.1")
    admin.fill("settings_port", str(smtp.port))
    admin.select("settings_security", "None")
    admin.press(admin.find("button[name=_continue]"))
    admin.wait_for_text("was added successfully")
    admin.wait_for_text("Ready")

    admin.click("Test")
    admin.click("Test connection")
    admin.wait_for_text("Nothing is sent.")
    admin.confirm()
    admin.wait_for_text(f"Connection tested: 127.0.0.1:{smtp.port} answered")

    admin.click("Test")
    admin.click("Send test mail")
    admin.press(admin.find("button[type=submit]"))
    admin.wait_for_text("Test to ada@example.com accepted.")
    assert [message.recipient for message in smtp.messages] == ["ada@example.com"]

    service = EmailService.objects.get()
    admin.open(reverse("admin:dispatch_emailservice_change", args=[service.pk]))
    admin.click("Freeze")
    admin.fill("reason", "Too many complaints")
    admin.confirm()
    admin.wait_for_text("Until a person unfreezes it. Too many complaints")
    with admin.without_reload():
        service.pace.refresh_from_db()
        service.pace.freeze_reason = "Something else"
        service.pace.save()
        admin.wait_for_text("Until a person unfreezes it. Something else")
    admin.click("Unfreeze")
    admin.confirm()
    admin.wait_for_text("“North”: Unfrozen.")
    admin.wait_for_text("Ready")


@pytest.fixture
def mailbox(settings: Settings, tmp_path: Path) -> None:
    settings.DEBUG = True  # the pages are for development only
    settings.VAR_DIR = tmp_path
    with Mailbox(default_path()) as box:
        for name in ("ada", "cleo"):
            html = f"<script>document.title = 'ran'</script><p>Dear {name}</p>"
            head = f"Subject: Seeds for {name}\r\nContent-Type: text/html; charset=utf-8"
            box.add("news@example.com", f"{name}@example.com", f"{head}\r\n\r\n{html}".encode())


@pytest.mark.usefixtures("mailbox")
def test_the_local_mailbox_is_searched_and_read(admin: Browser) -> None:
    admin.open("/mail/")
    admin.wait_for_text("2 messages")
    admin.fill("recipient", "cleo")
    admin.click("Search")
    admin.wait_for_text("1 message")
    admin.click("Seeds for cleo")
    frame = admin.find("iframe")
    admin.driver.switch_to.frame(frame)
    admin.wait_for_text("Dear cleo")
    admin.driver.switch_to.default_content()
    assert admin.driver.title == "Seeds for cleo"
    blocked = [entry for entry in admin.complaints() if "Blocked script execution" not in entry]
    assert blocked == []
    admin.click("All mail")
    admin.wait_for_text("Seeds for ada")
