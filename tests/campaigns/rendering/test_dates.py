"""Dates come out the same on every host and every day; `make oracle` compares them with Ruby's."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from campaigns.rendering.liquid.dates import times_of
from tests.campaigns.rendering.by_liquid import by_liquid

NOW = dt.datetime(2026, 7, 14, 21, 30, 15, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def zone(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"


def dated(value: object, format: object = "%d %B %Y, %H:%M:%S %z", **others: object) -> str:
    variables = {"a": value, "f": format, **times_of(NOW), **others}
    return by_liquid("{{ a | date: f }}", variables, escape=False)


@pytest.mark.parametrize(
    "text",
    [
        "03.04.2026", "3.4.2026", "3. 4. 2026", "3.4.26", "03/04/2026", "03-04-2026", "2026-04-03",
        "26-04-03", "2026/4/3", "2026.04.03", "2026年4月3日", "2026 年 04 月 03 日", "2026년 4월 3일",
        "3 April 2026", "3rd Apr 2026", "03-apr-2026", "April 3, 2026", "Fri, 03 Apr 2026",
        " 2026-04-03 ",
    ],
)  # fmt: skip
def test_a_day_is_read_as_files_write_it(text: str) -> None:
    assert dated(text) == "03 April 2026, 00:00:00 +0200"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("03.04.2026 14:30", "03 April 2026, 14:30:00 +0200"),
        ("03.01.2026, 14:30:07", "03 January 2026, 14:30:07 +0100"),
        ("2026-04-03 2:30 pm", "03 April 2026, 14:30:00 +0200"),
        ("2026-04-03 12 a.m.", "03 April 2026, 00:00:00 +0200"),
        ("2026-04-03T14:30:00Z", "03 April 2026, 14:30:00 +0000"),
        ("2026-04-03T14:30:00.5-09:30", "03 April 2026, 14:30:00 -0930"),
        ("20260403T143000+0800", "03 April 2026, 14:30:00 +0800"),
        ("Fri, 03 Apr 2026 14:30:00 EST", "03 April 2026, 14:30:00 -0500"),
        ("2026年4月3日 14:30", "03 April 2026, 14:30:00 +0200"),
        ("2026-03-29 02:30", "29 March 2026, 03:30:00 +0200"),
    ],
)
def test_a_time_is_in_its_own_zone_or_that_of_the_site(text: str, written: str) -> None:
    assert dated(text) == written


@pytest.mark.parametrize("seconds", [1775226605, "1775226605"])
def test_numbers_and_digits_are_seconds_since_1970(seconds: object) -> None:
    assert dated(seconds) == "03 April 2026, 16:30:05 +0200"


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "abc", "tomorrow", "14:30", "2:30 pm", "April", "3 April", "Monday", "04/03", "2026-04",
        "31.02.2026", "2026-02-30", "13/13/2026", "03/13/2026", "03/04/26", "0.0.2026", "2026-04-03 24:00",
        "2026-04-03 13 pm", "2026-04-03 14:30 or so", "until 3 April 2026", "10.5", "192.168.0.1", "-5",
        "room 12", "²", "٣", "9" * 30, "1" * 5_000, "2026-04-03" + " " * 200, "0000-01-01", "\n",
        "2026-04-03T14:30+99:00",
    ],
)  # fmt: skip
def test_what_is_no_whole_date_stays_as_it_is(text: str) -> None:
    assert dated(text) == text


@pytest.mark.parametrize(
    ("value", "shown"), [(None, ""), (True, "true"), (1.5, "1.5"), ([1, 2], "12"), ({}, "{}")]
)
def test_other_values_stay_as_they_are(value: object, shown: str) -> None:
    assert dated(value) == shown


@pytest.mark.parametrize("format", [None, ""])
def test_without_a_format_the_value_stays_as_it_is(format: object) -> None:
    assert dated("03.04.2026", format) == "03.04.2026"


@pytest.mark.parametrize("word", ["now", "today", "NOW", "Today"])
def test_the_present_is_the_hand_over(word: str) -> None:
    assert dated(word) == "14 July 2026, 23:30:15 +0200"


def test_no_attribute_is_taken_for_the_present() -> None:
    year = dt.datetime.now(dt.UTC).year
    assert dated("now", "%Y", now="1999-01-01") in (str(year), str(year + 1))


@pytest.mark.parametrize(
    ("format", "written"),
    [
        ("%-d.%-m.%y", "3.4.26"),
        ("%e|%k|%l", " 3|16| 4"),
        ("%P %p %^b %#p", "pm PM APR pm"),
        ("%s", "1775226605"),
        ("%Z %:z", "CEST +02:00"),
        ("%j %U %V %u %w", "093 13 14 5 5"),
        ("%F %T %D %R", "2026-04-03 16:30:05 04/03/26 16:30"),
        ("%Y年%-m月%-d日", "2026年4月3日"),
        ("%5d %_m %3N %L", "00003  4 000 000"),
        ("100%% %! %", "100% %! %"),
    ],
)
def test_directives_are_those_of_ruby(format: str, written: str) -> None:
    assert dated(1775226605, format) == written


@pytest.fixture
def elsewhere() -> Iterator[None]:
    """A host in another zone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Pacific/Auckland")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
def test_the_zone_of_the_host_does_not_matter() -> None:
    assert dated(1775226605, "%F %T %z %Z %s") == "2026-04-03 16:30:05 +0200 CEST 1775226605"
    assert dated("03.04.2026", "%s") == "1775167200"


def test_the_locale_of_the_host_does_not_matter() -> None:
    class Day(dt.datetime):
        def strftime(self, format: str) -> str:
            raise AssertionError("asks the C library, which asks the locale")

    assert dated(Day(2026, 4, 3), "%A %B %c %p") == "Friday April Fri Apr  3 00:00:00 2026 AM"


def test_what_the_format_has_in_html_is_kept_and_what_a_value_has_is_escaped() -> None:
    source = '{{ a | date: "<b>%d</b>" }}{{ a | date: f }}{{ b | date: "%d" }}'
    variables = {"a": "03.04.2026", "f": "<%d>", "b": "<b>"}
    assert by_liquid(source, variables, escape=True) == "<b>03</b>&lt;03&gt;&lt;b&gt;"


@pytest.mark.parametrize("format", ["%1000000d", "%99999999999d", "%5000N", "%1001F"])
def test_a_directive_without_measure_is_text(format: str) -> None:
    assert dated(0, format) == format


def test_a_format_that_is_no_text_is_written() -> None:
    assert dated(0, 5) == "5"
