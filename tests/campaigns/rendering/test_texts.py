"""Recipients never see Python's words for nothing, or for yes and no."""

from __future__ import annotations

from typing import Any

import pytest

from tests.campaigns.rendering.by_liquid import by_liquid


def rendered(source: str, **variables: Any) -> str:
    return by_liquid(source, variables, escape=False)


@pytest.mark.parametrize(
    ("value", "filters", "shown"),
    [
        (True, "append: '!'", "true!"), (False, "upcase", "FALSE"), (None, "append: '!'", "!"), (None, "slice: 1", ""),
        ("x", "append: nothing", "x"), ("x", "append: yes", "xtrue"), ("a", "replace: 'a', yes", "true"),
        ([None, 1, True], "join: ','", ",1,true"), (None, "join", ""), (None, "reverse", ""), (True, "uniq", "true"),
        ([None, 1], "reverse", "1"), ([True, [None, [2]]], "compact", "true2"), ([2, None, 1], "sort | join: ','", "1,2,"),
        ("Ada a", "truncate: 5", "Ada a"), ("Ada ab", "truncate: 5", "Ad..."), ("abc", "truncatewords: 1", "abc"),
        ("one two", "truncatewords: 1", "one..."), ("one two", "truncatewords: 0", "one..."), ("x" * 50, "truncate", "x" * 50),
        ("a,,b,,", "split: ',' | join: '-'", "a--b"), (",,", "split: ',' | size", "0"), ("abc", "remove_last: 'a'", "bc"), ("abca", "remove_last: 'a'", "abc"), ("abc", "replace_last: 'a', 'x'", "xbc"),
        ("abc", "replace_last: 'z', 'x'", "abc"), ("abc", "replace_last: '', 'x'", "abcx"), ("aa", "remove_last: 'aa'", ""),
    ],
)  # fmt: skip
def test_values_are_shown_as_ruby_shows_them(value: object, filters: str, shown: str) -> None:
    assert rendered(f"{{{{ a | {filters} }}}}", a=value, yes=True) == shown


@pytest.mark.parametrize("source", ["{{ a }}", "{% echo a %}"])
def test_a_list_is_shown_without_what_is_nothing(source: str) -> None:
    assert rendered(source, a=[None, "x", False, [1, None]]) == "xfalse1"


@pytest.mark.parametrize("value", [7, 1.5, True, None, ""])
def test_what_can_contain_nothing_contains_nothing(value: object) -> None:
    assert rendered("{% if a contains '7' %}yes{% endif %}", a=value) == ""


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("{{ a | replace_last: '<', '<br>' }}", "&lt;b&gt;x<br>/b&gt;"),
        ("{{ a | truncate: 50 }}", "&lt;b&gt;x&lt;/b&gt;"),
        ("{{ a | append: '<i>' }}", "&lt;b&gt;x&lt;/b&gt;<i>"),
        ("{{ list }}", "&lt;b&gt;"),
        ("{{ list | join: '<br>' }}", "&lt;b&gt;<br>"),
    ],
)
def test_values_are_escaped_in_html_and_what_the_template_says_is_not(
    source: str, html: str
) -> None:
    assert by_liquid(source, {"a": "<b>x</b>", "list": ["<b>", None]}, escape=True) == html
