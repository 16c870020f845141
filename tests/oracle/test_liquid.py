"""Templates come out as Shopify's own Liquid renders them, but for the differences in the docs."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
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


EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "0"))
"""Of each test, others each time; without it, 500 that are always the same."""

compared = settings(
    deadline=None,
    max_examples=EXAMPLES or 500,
    derandomize=not EXAMPLES,
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


INTEGERS = st.integers(-10_000, 10_000)
FLOATS = st.decimals(-10_000, 10_000, places=3, allow_nan=False).map(float)
NUMBERS = INTEGERS | FLOATS
TEXTS = st.one_of(
    INTEGERS.map(str),
    FLOATS.map(str),
    st.decimals(-100, 100, places=2).map(str),
    st.sampled_from(
        ["", " ", " 7 ", "12.50", " 12.50\n", "abc", "12abc", "1_000", "1__0", "_1", "+5", "+1.5", "- 5", "1.",
         ".5", "1,5", "1e3", "0x1A", "٣", "--5", "007", "-0", "-0.0", "1.5.2", "1 000", "9" * 40]
    ),
)  # fmt: skip
OTHERS = st.sampled_from([None, True, False, [], [1, 2], {}, {"a": 1}])
VALUES = NUMBERS | TEXTS | OTHERS
MATHS = st.sampled_from(["plus", "minus", "times", "divided_by", "modulo", "at_least", "at_most"])
ALONE = st.sampled_from(
    ["abs", "ceil", "floor", "round", "round: 0", "round: '0'", "round: missing"]
)


@compared
@given(filter=MATHS, a=VALUES, b=VALUES)
def test_calculations(ruby: Reference, filter: str, a: object, b: object) -> None:
    assume(
        filter not in ("divided_by", "modulo")
        or here("{{ b | times: 0.5 }}", {"b": b}) not in ("0.0", "-0.0")
    )
    source, variables = f"{{{{ a | {filter}: b }}}}", {"a": a, "b": b}
    assert here(source, variables) == ruby.render(source, variables).replace(".0e", "e")


@compared
@given(filter=ALONE, a=VALUES)
def test_numbers_alone(ruby: Reference, filter: str, a: object) -> None:
    source, variables = f"{{{{ a | {filter} }}}}", {"a": a}
    assert here(source, variables) == ruby.render(source, variables)


@compared
@given(a=VALUES, places=st.integers(-6, 6) | st.sampled_from(["1", "-1", 1.7, "x", None]))
def test_rounding(ruby: Reference, a: object, places: object) -> None:
    source, variables = "{{ a | round: n }}", {"a": a, "n": places}
    assert here(source, variables) == ruby.render(source, variables)


OPERATORS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
CONDITIONS = st.sampled_from(
    [
        "{{% if a {0} b %}}yes{{% else %}}no{{% endif %}}",
        "{{% unless a {0} b %}}yes{{% else %}}no{{% endunless %}}",
        "{{% if x %}}{{% elsif a {0} b and true %}}yes{{% else %}}no{{% endif %}}",
        "{{% case a %}}{{% when 1, b %}}yes{{% else %}}no{{% endcase %}}",
    ]
)


def is_text_against_number(a: object, b: object) -> bool:
    """Where Shopify's finds no order, and no equality."""
    kinds = {type(a), type(b)}
    return str in kinds and bool(kinds & {int, float})


@compared
@given(condition=CONDITIONS, operator=OPERATORS, a=VALUES, b=VALUES)
def test_conditions(ruby: Reference, condition: str, operator: str, a: object, b: object) -> None:
    assume(not is_text_against_number(a, b) and not (isinstance(a, str) and "case" in condition))
    source, variables = condition.format(operator), {"a": a, "b": b}
    assert here(source, variables) == ruby.render(source, variables)


@compared
@given(condition=CONDITIONS, operator=OPERATORS, a=NUMBERS, b=NUMBERS, swapped=st.booleans())
def test_conditions_take_texts_for_the_numbers_that_they_are(
    ruby: Reference, condition: str, operator: str, a: float, b: float, swapped: bool
) -> None:
    source = condition.format(operator)
    given = {"a": str(a), "b": b} if swapped else {"a": a, "b": str(b)}
    assert here(source, given) == ruby.render(source, {"a": a, "b": b})


WORDS = st.sampled_from(
    ["", "abc", "Ada a", " x ", "a,b,c", "<b>&amp;</b>", "a%20b", "a+b", "ÄÖ ß", "春天 花", "12.5", "a\nb",
     "x" * 60, "one two three", "it is", "A-B_c"]
)  # fmt: skip
PLAIN = st.one_of(WORDS, INTEGERS, FLOATS, st.none(), st.booleans())
LISTS = st.one_of(
    st.lists(WORDS | st.none(), max_size=4), st.lists(INTEGERS | st.none(), max_size=4)
)
TEXT_FILTERS = st.sampled_from(
    ["upcase", "downcase", "capitalize", "strip", "lstrip", "rstrip", "strip_newlines", "newline_to_br",
     "strip_html", "url_encode", "append: b", "prepend: b", "remove: 'a'", "remove_first: 'a'",
     "remove_last: 'a'", "replace: 'a', b", "replace_first: 'a', b", "replace_last: 'a', b", "slice: 0, 3",
     "truncate: 5", "truncate: 5, ''", "truncate", "truncatewords", "default: b", "default: b, allow_false: true",
     "split: ',' | join: b", "split: 'a' | last", "escape | size"]
)  # fmt: skip
LIST_FILTERS = st.sampled_from(
    [
        "first",
        "last",
        "reverse",
        "sort",
        "uniq",
        "compact",
        "join",
        "join: '-'",
        "concat: c",
    ]
)
MORE_TAGS = st.sampled_from(
    ["{% if a %}A{% elsif b %}B{% else %}C{% endif %}", "{% unless a == b %}{{ b }}{% endunless %}",
     "{% for i in c limit: 2 offset: 1 %}{{ forloop.index }}{{ i }}{% unless forloop.last %},{% endunless %}{% else %}-{% endfor %}",
     "{% assign d = a | append: 'x' %}{{ d }}{{ d | size }}", "{% capture e %}{{ b }}{{ a }}{% endcapture %}{{ e | upcase }}",
     "{% if a contains 'a' %}has{% endif %}", "{% if c contains 'abc' %}has{% endif %}", "{% if b == empty or c == empty %}none{% endif %}",
     "{% case b %}{% when 'abc', 'x' %}1{% when nil %}2{% else %}3{% endcase %}", "{%- if c.size > 1 -%} {{ c[0] }} {%- endif -%}",
     "{{ c.first }}{{ c.last }}{{ c[9] }}{{ nobody.is.here }}", "{% cycle 'x', 'y' %}{% cycle 'x', 'y' %}{% increment n %}{% decrement n %}",
     "{% raw %}{{ a }}{% endraw %}{% comment %}{{ a }}{% endcomment %}", "{{ c | size }}{{ b | size }}", "{% echo b | default: 'd' %}{{ 'a' | append: b }}"]
)  # fmt: skip
FIXED = st.sampled_from(["", " ", "text ", "\n", "<p>", "é"])


@compared
@given(
    a=PLAIN,
    b=WORDS | st.none() | st.booleans(),
    c=LISTS,
    texts=st.lists(TEXT_FILTERS, max_size=2),
    lists=st.lists(LIST_FILTERS, max_size=2),
    tags=st.lists(st.tuples(FIXED, MORE_TAGS).map("".join), max_size=3).map("".join),
)
def test_templates(
    ruby: Reference, a: object, b: object, c: object, texts: Any, lists: Any, tags: str
) -> None:
    source = f"{{{{ {' | '.join(['a', *texts])} }}}}/{{{{ {' | '.join(['c', *lists])} }}}} {tags}"
    variables = {"a": a, "b": b, "c": c}
    assert here(source, variables) == ruby.render(source, variables)
