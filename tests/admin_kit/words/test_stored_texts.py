"""Texts that are stored in English are read in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.template import Context, Template
from django.utils.translation import gettext, override
from pytest_django import Settings

from admin_kit.words import stored_texts
from admin_kit.words.stored_texts import in_english, shown, shown_reply

TEXTS: dict[str | tuple[str, ...], str | tuple[str, ...]] = {
    "timed out": "超时",
    "Could not connect: %(reason)s": "无法连接：%(reason)s",
    "%(host)s answered %(code)s to the login.": "%(host)s 对登录的应答为 %(code)s。",
    "%(rate)s %% of the messages bounced.": "%(rate)s%% 的邮件被退回。",
    ("%(number)s failure in a row", "%(number)s failures in a row"): ("连续失败 %(number)s 次",),
    "Wants %(topics)s.": "希望接收 %(topics)s。",
    "%(name)s, %(other)s": "%(name)s、%(other)s",
    "“%(task)s” was not launched. %(why)s": "“%(task)s”没有启动。%(why)s",
    "%(part)s: %(problem)s.": "%(part)s：%(problem)s。",
    "Subject": "主题",
    "the audience": "受众",
    "Of these, %(count)s: %(reason)s.": "其中 %(count)s 人：%(reason)s。",
    "the sender": "发件人",
    "Changed: %(parts)s.": "已更改：%(parts)s。",
    ("day", "%(count)s days"): ("%(count)s 天",),
    "Rows.": "行。",
    "Frozen: %(reason)s": "已冻结：%(reason)s",
}


@pytest.fixture(autouse=True)
def catalog(tmp_path: Path, settings: Settings) -> Iterator[None]:
    made = Catalog(locale="zh_Hans")
    for text, translated in TEXTS.items():
        made.add(text, translated)
    made.add(", ", "、", context="between the items of a list")
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, made)
    settings.LOCALE_PATHS = [tmp_path]
    forget()
    with override("zh-hans"):
        yield
    forget()


def forget() -> None:
    stored_texts._catalog.cache_clear()
    stored_texts._shown.cache_clear()


@pytest.mark.parametrize("stored, read", [
    ("timed out", "超时"),
    ("Could not connect: no route", "无法连接：no route"),
    ("Could not connect: timed out", "无法连接：超时"),
    ("mx.example.com answered 535 to the login.", "mx.example.com 对登录的应答为 535。"),
    ("7 % of the messages bounced.", "7% 的邮件被退回。"),
    ("1 failure in a row", "连续失败 1 次"),
    ("Could not connect: no route. timed out", "无法连接：no route. timed out"),
    ("timed out. Not again", "timed out. Not again"),
    ("Wants “Sale”. Wants “News”.", "希望接收 “Sale”。希望接收 “News”。"),
    ("20 failures in a row", "连续失败 20 次"),
    ("“Spring” was not launched. Subject: timed out. timed out", "“Spring”没有启动。主题：超时。超时"),
    ("Of these, 1: timed out. Of these, 2: Subject.", "其中 1 人：超时。其中 2 人：主题。"),
    ("Changed: the audience, the sender.", "已更改：受众、发件人。"),
])  # fmt: skip
def test_a_stored_text_is_read_in_chinese(stored: str, read: str) -> None:
    assert shown(stored) == read


@pytest.mark.parametrize("stored", [
    "day", "550 No such user", "Reply: timed out.", "it timed out twice", "Could not connect", "Ada, Bob", "", "x" * 100_000,
])  # fmt: skip
def test_what_others_wrote_is_read_as_it_is(stored: str) -> None:
    assert shown(stored) == stored


@pytest.mark.parametrize(("said", "read"), [
    ("Subject", "Subject"), ("day", "day"), ("550 No such user", "550 No such user"),
    ("timed out", "超时"), ("Could not connect: timed out", "无法连接：超时"),
])  # fmt: skip
def test_a_servers_own_words_stay_though_the_product_has_them_too(said: str, read: str) -> None:
    assert shown_reply(said) == read


def test_it_is_read_in_english_as_it_is_stored() -> None:
    with override("en"):
        assert shown("Could not connect: timed out") == "Could not connect: timed out"


def test_a_template_shows_it() -> None:
    page = Template("{% load stored_texts %}{{ error|shown }}")
    assert page.render(Context({"error": "Could not connect: <b>"})) == "无法连接：&lt;b&gt;"


def test_a_page_in_chinese_stores_english() -> None:
    with in_english():
        assert gettext("Save") == "Save"
    assert gettext("Save") == "保存"


@pytest.mark.parametrize("part", ["Frozen: ", "Rows. "])
def test_what_a_server_repeats_without_end_is_read_to_an_end(part: str) -> None:
    text = (part * 2000)[: stored_texts.LONGEST]
    assert 100 < len(shown(text)) < stored_texts.LONGEST
