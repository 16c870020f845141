"""The messages of a task, and what came back for each, as files."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.utils import translation

from campaigns.exports import asking
from campaigns.exports.asking import Export
from campaigns.exports.tables import Gone
from campaigns.models import ABTest, SubTask, SubTaskStatus, Task
from dispatch.models import Attempt
from tests.campaigns.admin.staff import MANAGER, member
from tests.campaigns.exports.files import csv_rows, sheets, xlsx_rows
from tests.factories import (
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    one_message,
)
from tracking.models import Event

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 5, 1, 12, 30, 5, tzinfo=dt.UTC)


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def sent(user: User) -> SubTask:
    service = EmailServiceFactory(name="the service")
    task = SendingTaskFactory(owner=user)
    return SubTaskFactory(
        task=task,
        content=ContentFactory(task=task),
        recipient_email="ada@example.com",
        status=SubTaskStatus.SENT,
        service=service,
        sent_at=AT,
        attempts=1,
        provider_message_id="abc",
    )


def exported(user: User, task: Task, subject: str, format: str = "csv") -> bytes:
    export = Export(user, subject, format, {"task": task.pk}, "results")
    keys = export.few_keys()
    assert keys is not None
    return b"".join(asking.file_of(export, keys))


def test_a_message_has_its_recipient_status_times_and_last_reply(user: User, sent: SubTask) -> None:
    assert sent.service
    for n, (code, reply) in enumerate([(451, "later"), (250, "OK queued")]):
        Attempt.objects.create(
            subtask=sent, service=sent.service, dispatcher_id=1, outcome="accepted", code=code,
            claim_token=f"00000000-0000-0000-0000-00000000000{n}", slot_at=AT, reply=reply,
        )  # fmt: skip
    (row,) = csv_rows(exported(user, sent.task, "messages"))
    assert row["recipient"] == "ada@example.com"
    assert (row["name"], row["status"], row["service"]) == ("Ada", "Sent", "the service")
    assert (row["sent_at"], row["failed_at"]) == ("2026-05-01T12:30:05Z", "")
    assert (row["last_reply"], row["provider_message_id"]) == ("250 OK queued", "abc")


def test_a_message_sent_at_once_was_refused_for_a_while_0_times(user: User) -> None:
    (row,) = csv_rows(exported(user, one_message(owner=user).task, "messages"))
    assert row["refused_for_a_while"] == "0"


def test_a_file_is_named_after_its_campaign(user: User) -> None:
    def named(about: str) -> str:
        return Export(user, "messages", "csv", {}, "results", about=about).file_name[:-15]

    assert named("Spring “news” 🎉 / May") == "spring-news-may-messages"
    assert named("春季 <b>新品</b>") == "春季-b新品b-messages"
    assert named("=1+1 " + "x" * 100) == f"11-{'x' * 57}-messages"
    assert named("🎉") == "messages"


def test_columns_of_an_xlsx_are_as_wide_as_a_time_and_can_be_filtered(
    user: User, sent: SubTask
) -> None:
    sheet = openpyxl.load_workbook(BytesIO(exported(user, sent.task, "messages", "xlsx"))).active
    assert sheet.auto_filter.ref.startswith("A1:") and sheet.auto_filter.ref.endswith("2")
    assert sheet.column_dimensions["A"].width >= len("ada.lovelace@sub.example.com")
    assert sheet.column_dimensions["B"].width >= len("2026-05-01 12:30:05")


def test_a_message_says_its_variant_and_language(user: User, sent: SubTask) -> None:
    second = ContentFactory(task=sent.task, language="de-AT")
    SubTask.objects.filter(pk=sent.pk).update(content=second)
    ABTest.objects.create(task=sent.task)
    (row,) = csv_rows(exported(user, sent.task, "messages"))
    assert (row["variant"], row["language"]) == ("B", "de-AT")


def test_a_failure_is_said_in_words(user: User) -> None:
    message = one_message(owner=user)
    SubTask.objects.filter(pk=message.pk).update(
        status="failed", failure_reason="rejected", error="=550 no such user"
    )
    (row,) = csv_rows(exported(user, message.task, "messages"))
    assert row["failure"] == "Rejected by the recipient's server"
    assert row["error"] == "'=550 no such user"


def test_times_of_an_xlsx_are_times_of_the_site(user: User, sent: SubTask, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    (row,) = xlsx_rows(exported(user, sent.task, "messages", "xlsx"))
    assert row["sent_at"] == dt.datetime(2026, 5, 1, 14, 30, 5)


def test_events_are_those_of_the_task_in_their_order(user: User, sent: SubTask) -> None:
    other = one_message(owner=user)
    for n, (subtask, kind, state) in enumerate(
        [(sent, "delivered", "applied"), (sent, "clicked", "applied"), (sent, "opened", "waiting"),
         (other, "opened", "applied")]
    ):  # fmt: skip
        Event.objects.create(
            kind=kind, source="open", subtask=subtask, state=state, dedupe_key=str(n),
            occurred_at=AT, url="https://example.com/=1", ip_address="192.0.2.0", user_agent="secret",
        )  # fmt: skip
    rows = csv_rows(exported(user, sent.task, "events"))
    assert [(row["recipient"], row["event"], row["by"]) for row in rows] == [
        ("ada@example.com", "Delivered", ""),
        ("ada@example.com", "Clicked", "Person"),
    ]
    assert rows[1]["link"] == "https://example.com/=1"
    assert b"192.0.2.0" not in exported(user, sent.task, "events")


@pytest.mark.parametrize("subject", ["messages", "events"])
def test_nothing_is_exported_of_a_task_of_others(sent: SubTask, subject: str) -> None:
    with pytest.raises(Gone):
        exported(member(MANAGER), sent.task, subject)


@pytest.mark.parametrize(
    ("language", "subject", "expected"),
    [
        ("en", "messages", ["recipient", "status", "in_doubt", "sent_at", "last_reply"]),
        ("zh-hans", "messages", ["收件人", "状态", "状态不明", "发送时间", "最后回复"]),
        ("zh-hans", "events", ["收件人", "事件", "发生时间", "链接"]),
    ],
)
def test_its_headings_are_in_the_language_of_the_reader(
    user: User, sent: SubTask, language: str, subject: str, expected: list[str]
) -> None:
    with translation.override(language):
        (sheet,) = sheets(exported(user, sent.task, subject, "xlsx"))
    assert [heading for heading in sheet[0] if heading in expected] == expected
