"""A campaign from its first step to its report, with the interface in Simplified Chinese."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from campaigns.models import Task
from tests.browser.chromium import Browser
from tests.browser.conftest import sign_in_as
from tests.browser.test_steps import go_on, who_gets_it
from tests.campaigns.admin.staff import MANAGER, member
from tests.dispatching import MakeService
from tests.factories import ContactFactory, SenderFactory, TemplateFactory
from tests.smtp_server import SmtpServer

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("roles")]

USER_MENU = "button[aria-controls=user-menu]"
LANGUAGE = "return document.documentElement.lang"


def switch(browser: Browser, language: str) -> None:
    browser.press(browser.find(USER_MENU))
    switches = {
        each.text.split("\n")[0].strip(): each for each in browser.visible("#user-menu button")
    }
    browser.press(next(each for text, each in switches.items() if text.startswith(language)))


def test_a_campaign_from_start_to_report_after_the_language_was_switched(
    browser: Browser, works: Callable[[], None], make_service: MakeService, smtp: SmtpServer
) -> None:
    user = member(MANAGER)
    make_service()
    ContactFactory(owner=user, name="小明")
    SenderFactory(owner=user, display_name="花园新闻", postal_address="花园路 1 号")
    TemplateFactory(
        owner=user, name="种子", subject="{{ name }}，该播种了", html="<p>该播种了。</p>"
    )
    sign_in_as(browser, user)
    browser.open("/admin/")
    browser.wait_for_text("New campaign")
    switch(browser, "简体中文")
    browser.wait_for_text("新建活动")
    works()

    browser.click("新建活动")
    browser.wait(lambda: who_gets_it(browser) == "1", "the audience is not counted")
    browser.fill("name", "春季")
    go_on(browser, "content")
    browser.choose("tasktemplate_set-0-template", "种子")
    browser.wait_for_text("小明，该播种了")
    go_on(browser, "delivery")
    go_on(browser, "check")
    browser.click("继续启动")
    browser.wait_for_text("1 位收件人")
    for box in browser.visible("[name^=although-]"):
        browser.press(box)
    browser.confirm()
    browser.wait_for_text("已发送 1 / 1")
    assert [message.recipient for message in smtp.messages]
    browser.open(reverse("admin:campaigns_task_report", args=[Task.objects.get().pk]))
    browser.wait_for_text("春季")
    assert browser.script(LANGUAGE) == "zh-hans"
    switch(browser, "English")
    browser.wait_for_text("1 of 1 sent")
