"""Amounts and words that go with numbers, for values that people and files have."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.rendering.liquid.environment import Problem
from tests.campaigns.rendering.by_liquid import by_liquid


def shown(source: str, value: Any) -> str:
    return by_liquid(source, {"a": value}, escape=False).replace("\u00a0", " ")


class TestMoney:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (0, "€0.00"), (-3.5, "-€3.50"), ("12.50", "€12.50"), (0.005, "€0.01"), (2.675, "€2.68"),
            ("", ""), (None, ""), (True, "true"), ("12,50", "12,50"), ([1], "1"),
            (10**15, str(10**15)), ("9" * 150, "9" * 150), (float("inf"), "inf"), (1e300, "1e+300"),
        ],
    )  # fmt: skip
    def test_is_shown_of_numbers_alone(self, value: Any, expected: str) -> None:
        assert shown('{{ a | money: "EUR", "en" }}', value) == expected

    @pytest.mark.parametrize(
        "source",
        [
            "{{ a | money }}", '{{ a | money: "" }}', '{{ a | money: "EURO" }}', '{{ a | money: "€" }}',
            '{{ a | money: "EUR", "../de" }}', '{{ a | money: "EUR", "xx" }}', '{{ a | money: a, a }}',
            '{{ a | money: "EUR", "de_DE_x_y_z" }}',
        ],
    )  # fmt: skip
    def test_a_currency_or_a_language_that_there_is_not_is_an_error(self, source: str) -> None:
        with pytest.raises(Problem):
            shown(source, 1)

    def test_signs_stay_safe_in_html(self) -> None:
        assert by_liquid('{{ a | money: "EUR" }}', {"a": "<b>"}, escape=True) == "&lt;b&gt;"


class TestPlural:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (1, "day"),
            (0, "days"),
            (-1, "day"),
            ("1", "day"),
            (1.5, "days"),
            ("x", "days"),
            (None, "days"),
        ],
    )
    def test_of_two_words(self, value: Any, expected: str) -> None:
        assert shown('{{ a | plural: "day", "days", language: "en" }}', value) == expected

    @pytest.mark.parametrize(
        ("value", "expected"), [(1, "a"), (2, "b"), (5, "c"), (22, "b"), (1.5, "d")]
    )
    def test_of_a_language_with_four(self, value: Any, expected: str) -> None:
        source = '{{ a | plural: one: "a", few: "b", many: "c", other: "d", language: "pl" }}'
        assert shown(source, value) == expected

    def test_of_a_language_with_one(self) -> None:
        assert shown('{{ a | plural: "天", "天", language: "zh" }}', 1) == "天"

    @pytest.mark.parametrize(
        "source",
        ["{{ a | plural }}", '{{ a | plural: "day" }}', '{{ a | plural: "a", "b", several: "c" }}',
         '{{ a | plural: "a", "b", language: "?" }}'],
    )  # fmt: skip
    def test_a_missing_word_is_an_error(self, source: str) -> None:
        with pytest.raises(Problem):
            shown(source, 2)

    def test_words_are_escaped_in_html(self) -> None:
        source = "{{ a | plural: b, c }}"
        assert by_liquid(source, {"a": 2, "b": "x", "c": "<i>"}, escape=True) == "&lt;i&gt;"


class TestZones:
    def test_a_moment_is_shown_in_another_zone(self) -> None:
        source = '{{ a | date: "%R %z", "Asia/Kolkata" }}'
        assert shown(source, "2026-04-03T12:00:00Z") == "17:30 +0530"

    @pytest.mark.parametrize(
        "zone", ["../../etc/passwd", "Mars/Base", "", " ", "x" * 900, "/etc/localtime"]
    )
    def test_a_zone_that_there_is_not_is_an_error(self, zone: str) -> None:
        source = '{{ "2026-04-03" | date: "%R", a }}'
        if zone:
            with pytest.raises(Problem, match="is no time zone"):
                shown(source, zone)
        else:
            assert shown(source, zone) == "00:00"
