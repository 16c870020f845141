"""Templates come out as Shopify's own Liquid renders them, but for the differences in the docs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle.reference import Reference, here

DOCS = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-template.md"


def documented() -> list[tuple[str, dict[str, Any], str, str]]:
    """The template, the values, what the reference makes of them, what comes out here."""
    section = DOCS.read_text(encoding="utf-8").split("\n## Where it differs")[1].split("\n## ")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:5] for line in section.splitlines() if "| `" in line]
    cells = [[cell.strip().strip("`").replace("\\|", "|") for cell in row] for row in rows]
    return [(source, json.loads(values), *outputs) for source, values, *outputs in cells]


@pytest.mark.parametrize(("source", "values", "theirs", "ours"), documented())
def test_a_documented_difference_is_as_documented(
    ruby: Reference, source: str, values: dict[str, Any], theirs: str, ours: str
) -> None:
    assert ruby.render(source, values) == theirs
    assert here(source, values) == ours


compared = settings(
    deadline=None,
    max_examples=1_500,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def pasted(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


YEARS = st.integers(1950, 2200).map(str)  # before, Ruby takes the local time of another year
MONTHS = st.sampled_from(["January", "february", "Mar", "APR", "May", "June", "Sept", "Dec."])
NUMBERED_MONTHS = st.integers(1, 12).flatmap(lambda n: st.sampled_from([str(n), f"{n:02}"]))
DAYS = st.integers(1, 28).flatmap(lambda n: st.sampled_from([str(n), f"{n:02}"]))
TIMES = st.just("") | pasted(
    st.sampled_from([" ", "T", ", "]),
    st.integers(3, 23).map("{:02}".format),
    st.integers(0, 59).map(":{:02}".format),
    st.sampled_from(["", ":07", ":59", ":07.25", ":59.123456"]),
    st.sampled_from(["", "Z", " UTC", "+02:00", " -0930", "+08", " EST"]),
)
DATES = st.one_of(
    pasted(DAYS, st.just("."), NUMBERED_MONTHS, st.just("."), YEARS, TIMES),
    pasted(DAYS, st.just("/"), NUMBERED_MONTHS, st.just("/"), YEARS, TIMES),
    pasted(DAYS, st.just("-"), NUMBERED_MONTHS, st.just("-"), YEARS, TIMES),
    pasted(YEARS, st.just("-"), NUMBERED_MONTHS, st.just("-"), DAYS, TIMES),
    pasted(YEARS, st.just("/"), NUMBERED_MONTHS, st.just("/"), DAYS, TIMES),
    pasted(DAYS, st.sampled_from([" ", ". ", "", "th "]), MONTHS, st.just(" "), YEARS, TIMES),
    pasted(DAYS, st.just("-"), MONTHS.filter(str.isalpha), st.just("-"), YEARS, TIMES),
    pasted(YEARS, st.just("-"), MONTHS.filter(str.isalpha), st.just("-"), DAYS, TIMES),
    pasted(MONTHS, st.just(" "), DAYS, st.sampled_from([", ", " "]), YEARS, TIMES),
    pasted(st.sampled_from(["Fri, ", "Monday "]), DAYS, st.just(" "), MONTHS, st.just(" "), YEARS),
    pasted(MONTHS, st.just(" "), YEARS),
    st.integers(0, 200_000_000_000),
    st.integers(0, 200_000_000_000).map(str),
    st.sampled_from(["now", "today", "NOW", "abc", "", " ", None, True, "13/13/2026", "tomorrow", 1.5]),
)  # fmt: skip
DIRECTIVES = pasted(
    st.just("%"),
    st.text("-0^#_", max_size=2),
    st.sampled_from(["", "", "", "1", "3", "5", "12"]),
    st.sampled_from("aAbBcCdDeFgGhHIjklLmMnNpPrRsStTuUvVwWxXyYzZ%+QJKf") | st.sampled_from([":z", "::z"]),
)  # fmt: skip
FORMATS = st.lists(DIRECTIVES | st.sampled_from([" ", ".", "年", "x"]), max_size=4).map("".join)


@compared
@given(value=DATES, format=FORMATS)
def test_dates(ruby: Reference, value: object, format: str) -> None:
    source, variables = "{{ a | date: f }}", {"a": value, "f": format}
    assert here(source, variables) == ruby.render(source, variables)
