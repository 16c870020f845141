"""What the cluster notes on a campaign is English, and every reader has it in their own language."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now
from django.utils.translation import override

from admin_kit.words.stored_texts import shown
from campaigns.launching import launch
from campaigns.models import BackgroundJob, Suppression, Task, TaskStatus
from campaigns.tasks import LAUNCH
from dispatch.waiting import words
from dispatch.waiting.why import why
from signin.models import Profile
from tests.campaigns.admin.staff import SUPERUSER, address, member, page_of, signed_in
from tests.factories import ContactFactory, TaskFactory, TemplateFactory
from tracking import pausing

pytestmark = pytest.mark.django_db


def queued() -> Task:
    return TaskFactory(status=TaskStatus.QUEUED, launched_at=Now())


def noted(task: Task) -> tuple[str, str]:
    """As it is stored, and as a reader of Chinese has it."""
    note = Task.objects.get(pk=task.pk).note
    with override("zh-hans"):
        return note, shown(note)


def expand_on_a_chinese_site(task: Task) -> None:
    BackgroundJob.objects.create(kind=LAUNCH, about=task.pk, func="-", args=[], name="-")
    with override("zh-hans"):
        launch.expand(task.pk)
    assert Task.objects.get(pk=task.pk).status == TaskStatus.DRAFT


def test_of_a_launch_that_leaves_out_everyone() -> None:
    task = queued()
    ContactFactory(owner=task.owner, email="ada@example.com", mail_consent="refused")
    ContactFactory(owner=task.owner, email="bob@example.com")
    Suppression.objects.create(email="bob@example.com", reason="manual")
    expand_on_a_chinese_site(task)
    assert noted(task) == (
        "It was not sent: every recipient is left out. Of these, 1: The address is suppressed. "
        "Of these, 1: Did not agree to be mailed.",
        "未发送：所有收件人都被排除。其中 1 人：该地址已禁发。其中 1 人：不同意接收邮件。",
    )


def test_of_a_launch_whose_template_has_gone_wrong() -> None:
    task = queued()
    ContactFactory(owner=task.owner)
    template = TemplateFactory(owner=task.owner, subject=" ")
    task.tasktemplate_set.update(template=template)
    expand_on_a_chinese_site(task)
    assert noted(task) == ("Subject: is empty.", "主题：为空。")


def test_why_it_waits_says_the_note_of_its_pause() -> None:
    paused = pausing.too_many(pausing.PauseCounts(messages=500, hard_bounces=50, complaints=0))
    task = TaskFactory(status=TaskStatus.PAUSED, note=paused)
    with override("zh-hans"):
        said = words.sentences(why(task))
    assert said[0].startswith("已自动暂停：500 封邮件中有 50 封硬退信")


def test_the_page_says_the_note_in_the_language_of_its_reader() -> None:
    reader = member(SUPERUSER)
    Profile.objects.create(user=reader, language="zh-hans")
    task = TaskFactory(status=TaskStatus.DRAFT, note="Subject: is empty.")
    page = page_of(signed_in(reader).get(address("campaigns.task", "change", task.pk)))
    assert "主题：为空。" in page
