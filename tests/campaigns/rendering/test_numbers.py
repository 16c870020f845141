"""Numbers come out as Ruby has them, whether they are numbers or texts from a file."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.rendering.liquid import environment
from tests.campaigns.rendering.by_liquid import by_liquid


def rendered(source: str, **variables: Any) -> str:
    return by_liquid(source, variables, escape=False)


def shows(condition: str, **variables: Any) -> bool:
    return rendered(f"{{% if {condition} %}}yes{{% endif %}}", **variables) == "yes"


@pytest.mark.parametrize(
    ("value", "filter", "result"),
    [
        (2.5, "round", "3"), (-2.5, "round", "-3"), (0.5, "round", "1"), ("12.5", "round", "13"),
        (1250, "round: -2", "1300"), (1234.5, "round: -2", "1200"), (-1250, "round: -2", "-1300"),
        (2.675, "round: 2", "2.68"), (1.005, "round: 2", "1.01"), (1.5, "round: 0", "2"), (7, "round: 2", "7"),
        (1.23456, "round: 'x'", "1"), (1e300, "round: 2", "1e+300"), (12.3, "round: 5000", "12.3"),
        (12.3, "round: -5000", "0"), (15, "round: -3000000", "0"),
        (7, "divided_by: 2", "3"), (-7, "divided_by: 2", "-4"), (7, "divided_by: 2.0", "3.5"), ("20", "divided_by: '7'", "2"),
        (7, "modulo: 3", "1"), (-7, "modulo: 3", "2"), (-7.5, "modulo: 2", "0.5"), (7.5, "modulo: -2", "-0.5"),
        (3, "times: 4", "12"), (0.1, "times: 3", "0.3"), ("1.10", "times: 3", "3.3"),
        (0.1, "plus: 0.2", "0.3"), ("12.50", "plus: ' 7 '", "19.5"), ("abc", "plus: 1", "1"), ("", "plus: 1", "1"),
        ("7 pieces", "plus: 1", "8"), ("1,5", "plus: 1", "2"), (True, "plus: 1", "1"), (None, "minus: 1", "-1"),
        ("1_000", "plus: 0", "1000"), ("٣", "plus: 0", "0"), ([1], "plus: 1", "1"),
        (-1.5, "abs", "1.5"), ("-7", "abs", "7"), (1.2, "ceil", "2"), (-1.2, "floor", "-2"), ("1.9", "floor", "1"),
        ("5", "at_least: 7", "7"), (5, "at_most: '2.5'", "2.5"), (" 12.50\n", "at_least: 1", "12.5"),
    ],
)  # fmt: skip
def test_filters_calculate_as_ruby_does(value: object, filter: str, result: str) -> None:
    assert rendered(f"{{{{ a | {filter} }}}}", a=value) == result


@pytest.mark.parametrize("filter", ["divided_by", "modulo"])
@pytest.mark.parametrize("zero", [0, 0.0, "0", "abc", "", None])
def test_dividing_by_nothing_is_an_error(filter: str, zero: object) -> None:
    with pytest.raises(environment.Problem, match=f"{filter}: can't divide by"):
        rendered(f"{{{{ 7 | {filter}: b }}}}", b=zero)


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        ("12", "a > 10"), ("9", "a < 10"), (" 12 ", "a >= 12"), ("12.50", "a == 12.5"), ("12.50", "12.5 == a"),
        ("12.1", "a <= 12.1"), ("-3", "a < 0"), ("+3", "a > 2"), ("9", "10 > a"), ("10", "a == 10"), ("10.0", "a == 10"),
        ("9", "a != 10"), (12, 'a > "10"'), ("007", "a == 7"), ("n/a", "a != 10"), ("9", "a > 8 and a < 10"),
        (str(2**70), f"a > {2**69}"),
    ],
)  # fmt: skip
def test_a_text_that_is_a_number_compares_as_one(value: object, condition: str) -> None:
    assert shows(condition, a=value)


@pytest.mark.parametrize("value", ["", "  ", None, True, [], [12], {"a": 12}])
@pytest.mark.parametrize(
    "condition", ["a > 10", "a < 10", "a >= 10", "10 <= a", "a == 10", "a > true"]
)
def test_what_is_nothing_or_of_another_kind_is_neither_more_nor_less(
    value: object, condition: str
) -> None:
    assert not shows(condition, a=value)


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("text", ["n/a", "1,5", "1 000", "12abc", "1e3", "9" * 5_000])
def test_a_text_that_is_no_number_cannot_be_compared_with_one(operator: str, text: str) -> None:
    with pytest.raises(environment.Problem, match="is no number and cannot be compared with 10"):
        shows(f"a {operator} 10", a=text)


def test_texts_compare_as_texts() -> None:
    assert shows("a > b", a="9", b="10")
    assert shows('a < "b"', a="a")


@pytest.mark.parametrize(
    "source",
    [
        "{% if a > 9 %}yes{% endif %}",
        "{% unless a < 9 %}yes{% endunless %}",
        "{% if x %}{% elsif a > 9 %}yes{% endif %}",
        "{% case a %}{% when 9 %}no{% when 10 %}yes{% endcase %}",
        "{% for i in (1..1) %}{% if a > 9 %}yes{% endif %}{% endfor %}",
    ],
)
def test_every_tag_that_compares_knows_numbers(source: str) -> None:
    assert rendered(source, a="10") == "yes"


def test_nothing_and_empty_stay_what_they_are() -> None:
    assert shows("a == empty and a == blank", a="")
    assert (
        not shows("a == 0", a="") and not shows("a == 0", a=None) and not shows("a == 0", a=False)
    )
