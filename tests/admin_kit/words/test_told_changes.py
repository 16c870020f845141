from __future__ import annotations

import json

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from admin_kit.words.moments import read_again
from admin_kit.words.told_changes import told


def in_chinese(message: object) -> str:
    text = message if isinstance(message, str) else json.dumps(message)
    with override("zh-hans"):
        return told(LogEntry(action_flag=CHANGE, change_message=text))


@pytest.mark.parametrize(
    ("field", "chinese"),
    [
        ("Name from “Spring” to “Spring from Bonn to Kiel”", "名称由“Spring”改为“Spring from Bonn to Kiel”"),
        ("Subject from nothing to “Hello”", "主题由空值改为“Hello”"),
        ("Public from “no” to “yes”", "公开由“否”改为“是”"),
        ("Password (not shown)", "密码（不显示）"),
        ("Sender", "发件人"),
    ],
)  # fmt: skip
def test_a_changed_field_is_named_in_the_language_of_the_reader(field: str, chinese: str) -> None:
    assert in_chinese([{"changed": {"fields": [field]}}]) == f"已修改{chinese}。"


@pytest.mark.parametrize(
    ("stored", "chinese"),
    [
        ([{"changed": {"name": "附件", "object": "a.pdf", "fields": []}}], "已修改附件“a.pdf”。"),
        ([{"changed": {"name": "附件", "object": "a.pdf"}}], "已修改附件“a.pdf”。"),
        ([{"changed": {}}, {"changed": {"fields": ["Sender"]}}], "已修改发件人。"),
        ([{"changed": {"fields": []}}], "没有字段被修改。"),
    ],
)
def test_a_change_without_fields_is_told_of_its_row_alone(stored: object, chinese: str) -> None:
    assert in_chinese(stored) == chinese


def test_what_was_written_as_a_sentence_is_shown_as_one() -> None:
    assert in_chinese("Paused.") == "已暂停。"


@pytest.mark.parametrize(
    "message", ["", "[", "[7]", '[{"changed": 7}]', '[{"changed": {"fields": 7}}]']
)
def test_what_cannot_be_read_breaks_nothing(message: str) -> None:
    assert isinstance(in_chinese(message), str)


def test_english_is_as_it_was_stored() -> None:
    entry = LogEntry(
        action_flag=CHANGE,
        change_message=json.dumps([{"changed": {"fields": ["Name from “a” to nothing"]}}]),
    )
    with override("en"):
        assert told(entry) == "Changed Name from “a” to nothing."


@pytest.mark.parametrize(
    ("field", "told_there"),
    [
        ("Scheduled from nothing to “2026-01-31 23:30 UTC”", "“1 Feb 2026, 07:30”"),
        ("Since from “2026-01-31” to nothing", "“31 Jan 2026”"),
        ("Name from nothing to “2026-99-99”", "“2026-99-99”"),
        ("Name from nothing to “2026-01-31 23:30 XYZ”", "“2026-01-31 23:30 XYZ”"),
    ],
)
def test_a_time_is_told_in_the_zone_of_the_reader(field: str, told_there: str) -> None:
    entry = LogEntry(
        action_flag=CHANGE, change_message=json.dumps([{"changed": {"fields": [field]}}])
    )
    with timezone.override("Asia/Shanghai"):
        assert told_there in told(entry)


def test_the_zone_that_a_time_was_kept_with_tells_the_hour_that_comes_twice(
    settings: Settings,
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    with timezone.override("UTC"):
        assert read_again("until 2026-10-25 02:30 CEST.") == "until 25 Oct 2026, 00:30."
        assert read_again("until 2026-10-25 02:30 CET.") == "until 25 Oct 2026, 01:30."
