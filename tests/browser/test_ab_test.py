"""An A/B test as staff run it: planned, launched, watched, decided."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from selenium.webdriver.common.keys import Keys

from campaigns.ab_tests import deciding, release
from campaigns.launching import launch
from campaigns.models import ABTest, Task, TaskTemplate
from tests.browser.accessibility import violations
from tests.browser.chromium import PHONE, Browser
from tests.campaigns.ab_tests.making import (
    click,
    hand_over,
    pass_time,
    planned,
    sample_of,
    test_of,
)
from tests.factories import EmailServiceFactory

pytestmark = pytest.mark.timeout(300)


def page(task: Task, name: str = "change") -> str:
    return reverse(f"admin:campaigns_task_{name}", args=[task.pk])


def a_draft(owner: User) -> Task:
    """With two subjects, and no test yet."""
    task = planned(200, variants=2, status="draft", owner=owner)
    ABTest.objects.all().delete()
    EmailServiceFactory()
    return task


def a_waiting_test(owner: User) -> Task:
    task = planned(300, owner=owner, sample=50)
    launch.expand(task.pk)
    hand_over(sample_of(task))
    deciding.look_at_tests()
    return task


def test_a_test_is_planned_in_the_form_and_shown_before_the_launch(
    admin: Browser, user: User
) -> None:
    task = a_draft(user)
    admin.open(page(task))
    admin.click("Add an A/B test")
    admin.fill("ab_test-0-sample", "30")
    admin.select("ab_test-0-decide_after", "2 hours")
    admin.press(admin.find("button[name=_continue]"))
    admin.wait_for_text("was changed successfully")
    assert (test_of(task).sample, TaskTemplate.objects.filter(task=task).count()) == (30, 2)

    admin.open(page(task, "launch"))
    admin.wait_for_text("a sample of 60 of 200 recipients starts at once")
    admin.wait_for_text("60 get the variants, at least 30 each, and 140 wait for the result")
    assert not admin.is_wider_than_its_window()


def test_the_result_is_watched_and_decided_by_hand(admin: Browser, user: User) -> None:
    task = a_waiting_test(user)
    click(task, 2, 9)
    pass_time(task, 0.1)
    deciding.look_at_tests()
    admin.open(page(task))
    admin.wait_for_text("150 recipients of the sample get the variants; 150 wait for the result.")
    admin.wait_for_text("Third subject")
    assert violations(admin) == []
    admin.resize(PHONE)
    assert not admin.is_wider_than_its_window()

    admin.click("Decide it now")
    admin.wait_for_text("cannot be taken back")
    assert violations(admin) == []
    admin.press(admin.find("input[name=decision][value=C]"))
    admin.confirm()
    admin.wait_for_text("is sent to the rest")
    release.release_decided()
    admin.open(page(task))
    admin.wait_for_text("All 150 that waited were released.")
    assert test_of(task).decided_by == user


def test_a_test_is_planned_in_the_steps_on_a_phone(admin: Browser, user: User) -> None:
    task = planned(200, variants=1, status="draft", owner=user)
    ABTest.objects.all().delete()
    EmailServiceFactory()
    admin.resize(PHONE)
    admin.open(page(task, "step_content"))
    assert not admin.visible("[name=tasktemplate_set-1-subject]")
    admin.press(admin.find("[name=kind][value=test]"))
    admin.fill("tasktemplate_set-1-subject", "Second subject")
    assert not admin.is_wider_than_its_window()
    assert violations(admin) == []
    admin.type(Keys.TAB)
    admin.wait(lambda: "B: " in admin.find("#beside").text, "the variant is not seen")
    admin.wait_until_quiet()
    admin.click("Add a variant")
    admin.fill("tasktemplate_set-2-subject", "Third subject")
    admin.fill("ab_test-0-sample", "30")
    admin.select("ab_test-0-decide_after", "2 hours")
    admin.type(Keys.TAB)
    admin.wait_until_quiet()
    admin.press(admin.find("button[name=_next]"))
    admin.wait_for_path(page(task, "step_delivery"))
    rows = TaskTemplate.objects.filter(task=task).order_by("pk")
    assert list(rows.values_list("subject", flat=True)) == ["", "Second subject", "Third subject"]
    assert len(set(rows.values_list("template", flat=True))) == 1

    admin.open(page(task, "step_check"))
    admin.wait_for_text("60 get the variants, at least 20 each, and 140 wait for the result")
    admin.wait_for_text("Variant C “Third subject”")
    assert not admin.is_wider_than_its_window()
