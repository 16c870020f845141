"""A campaign as staff run it: planned, launched, watched, steered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.models import SubTask, Task
from dispatch.pace import services
from tests.browser.chromium import Browser
from tests.browser.conftest import PASSWORD
from tests.dispatching import MakeService
from tests.factories import (
    ContactFactory,
    ContentFactory,
    EmailServiceFactory,
    in_doubt,
    sending_task,
)
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.timeout(180)

Works = Callable[[], None]
MESSAGES = 40
SENT = "Sent, no delivery reported"


def page(task: Task) -> str:
    return reverse("admin:campaigns_task_change", args=[task.pk])


def sign_in(browser: Browser) -> None:
    browser.open("/")
    browser.fill("username", "ada")
    browser.fill("password", PASSWORD)
    browser.press(browser.find("button[type=submit]"))
    browser.wait_for_text("Nothing is being sent.")


def add_a_sender(browser: Browser) -> None:
    browser.click("Content")
    browser.click("Senders")
    browser.press(browser.find("a[href$='/sender/add/']"))
    browser.fill("local_part", "news")
    browser.fill("display_name", "Garden News")
    browser.fill("postal_address", "1 Example Street")
    browser.save()
    browser.wait_for_text("was added successfully")


def write_and_preview_a_template(browser: Browser) -> None:
    browser.click("Templates")
    browser.press(browser.find("a.edm-new"))
    browser.click("Empty, as code")
    browser.fill("name", "Seeds")
    browser.fill("subject", "Seeds for {{ name }}")
    browser.write_code("html", "<p>Dear {{ name }}, it is time to sow.</p>")
    browser.press(browser.find("button[name=_continue]"))
    browser.wait_for_text("was added successfully")
    browser.click("Preview")
    browser.wait_for_text("Seeds for Ada")
    frame = browser.find("iframe")
    browser.driver.switch_to.frame(frame)
    browser.wait_for_text("it is time to sow")
    browser.driver.switch_to.default_content()


def plan_a_task(browser: Browser) -> None:
    browser.click("Campaigns")
    browser.press(browser.find("a[href$='/task/steps/']"))
    browser.click("All settings on one page")
    browser.fill("name", "Spring")
    browser.choose("sender", "Garden News <news@…>")
    assert not browser.visible("select[name=contacts] + .select2")
    browser.select("audience", "Chosen contacts")
    browser.find("select[name=contacts] + .select2")
    browser.select("audience", "All contacts")
    browser.choose("tasktemplate_set-0-template", "Seeds")
    browser.press(browser.find("button[name=_continue]"))
    browser.wait_for_text("Nothing is sent before you launch it.")


def test_from_the_sign_in_to_the_last_message(
    browser: Browser, user: User, works: Works, make_service: MakeService, smtp: SmtpServer
) -> None:
    service = make_service(sending_interval="2")
    ContactFactory(owner=user, name="Ada")
    ContactFactory.create_batch(MESSAGES - 1, owner=user)
    sign_in(browser)
    add_a_sender(browser)
    write_and_preview_a_template(browser)
    plan_a_task(browser)

    browser.click("Launch")
    browser.wait_for_text(f"Sending to {MESSAGES} recipients starts at once.")
    assert Task.objects.get().status == "draft"
    works()
    browser.confirm()
    browser.wait_for_text("“Spring”: Launched.")

    browser.find(f"[data-figure='{SENT}']")
    browser.wait(lambda: "Pause" in browser.text, "the buttons follow the status")
    with browser.without_reload():
        before = browser.figure(SENT)
        browser.wait(lambda: browser.figure(SENT) > before, "the numbers do not move")
    service.sending_interval = 0
    services.save(service)
    browser.wait_for_text("Completed")
    browser.wait_for_text(f"{MESSAGES} of {MESSAGES} sent")
    assert len({message.recipient for message in smtp.messages}) == len(smtp.messages) == MESSAGES
    browser.wait(lambda: "Pause" not in browser.text, "the buttons follow the status")


def test_pause_resume_and_cancel(
    admin: Browser, user: User, works: Works, make_service: MakeService, smtp: SmtpServer
) -> None:
    make_service(sending_interval="0.2")
    task = sending_task(200, owner=user, name="Spring")
    works()
    admin.open(page(task))
    admin.wait(lambda: admin.figure(SENT) > 0, "nothing is sent")

    admin.click("Pause")
    admin.wait_for_text("will wait until you resume it")
    admin.fill("reason", "Wrong price")
    admin.confirm()
    admin.wait_for_text("“Spring”: Paused. Wrong price")
    held = "[data-figure='Reserved for a service'], [data-figure='Being handed over']"
    admin.wait(lambda: not admin.visible(held), "it goes on")
    sent = len(smtp.messages)

    admin.click("Resume")
    admin.wait_for_text("Sending goes on with the")
    assert len(smtp.messages) == sent
    admin.confirm()
    admin.wait_for_text("“Spring”: Resumed.")
    with admin.without_reload():
        admin.wait(lambda: admin.figure(SENT) > sent, "it does not go on")

    admin.click("Cancel")
    admin.wait_for_text("will never be sent")
    admin.confirm()
    admin.wait_for_text("“Spring”: Cancelled.")
    admin.wait(lambda: admin.figure(SENT) + admin.figure("Cancelled") == 200, "something is left")
    assert not admin.visible("[data-figure='Failed']")


def test_failed_ones_are_retried(
    admin: Browser, user: User, works: Works, make_service: MakeService, smtp: SmtpServer
) -> None:
    make_service()
    task = sending_task(2, status="completed", owner=user, name="Spring")
    SubTask.objects.update(status="failed", failure_reason="retries_exhausted")
    works()
    admin.open(page(task))
    admin.wait_for_text("given up after several tries 2")
    admin.click("Retry failed")
    admin.wait_for_text("2 failed messages will be sent again.")
    admin.confirm()
    admin.wait_for_text("2 of 2 sent")
    assert len(smtp.messages) == 2


@pytest.mark.parametrize(
    ("action", "button", "result"),
    [
        ("In doubt: it was sent", "It was sent", "sent"),
        ("In doubt: give up", "Give up", "failed"),
        ("In doubt: send again, may duplicate", "Send again, may duplicate", "pending"),
    ],
)
def test_what_is_in_doubt_is_decided_on(
    admin: Browser, user: User, action: str, button: str, result: str
) -> None:
    task = sending_task(0, owner=user, name="Spring")
    content, service = ContentFactory(task=task), EmailServiceFactory()
    subtasks = [in_doubt(service, task=task, content=content) for _ in range(2)]
    admin.open(page(task))
    admin.wait_for_text("All that is left are 2 messages in doubt")
    admin.click("Decide what happens to them")
    admin.press(admin.find("#action-toggle"))
    admin.select("action", action)
    admin.click("Run")
    admin.wait_for_text("2 messages in doubt. Each")
    admin.click(button)
    admin.wait_for_text(f"2 messages in doubt: {button.lower()}.")
    assert set(SubTask.objects.values_list("status", flat=True)) == {result}

    admin.open(reverse("admin:campaigns_subtask_change", args=[subtasks[0].pk]))
    admin.wait_for_text(f"Decided: {button.lower()}")
