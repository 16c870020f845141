"""Style sheets that are made to cost: reading and applying them takes time that is linear in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from campaigns.rendering.content import TemplateError, check
from campaigns.rendering.css import inline as inline_css
from campaigns.rendering.css import rules as css_rules
from tests.security.scaling import assert_linear, repeated


def test_no_style_sheet_means_no_inliner() -> None:
    assert inline_css.inline_css("<div>" * 20_000) == "<div>" * 20_000


CSS = {
    "opened rules": "p{",
    "nested rules": "p{a:b;",
    "opened media": "@media x{",
    "closed": "}",
    "semicolons": ";",
    "opened functions": "p{a:b(",
    "commas": "p,",
    "combinators": "p > ",
    "neighbours": "p + ",
    "places": ":empty",
    "stars": "*",
    "colons": ":",
    "negations": ":not(",
    "attributes": "[a",
    "comments": "/*",
    "strings": "'",
    "escapes": "\\",
    "important": "!important ",
    "declarations": "a:b!important;",
    "at-rules": "@a ",
    "comment marks": "<!--",
    "blanks": " ",
    "line ends": "\r\n",
    "hyphens": "-",
}


@pytest.mark.parametrize("piece", CSS.values(), ids=CSS)
@pytest.mark.parametrize("read", [css_rules.read_rules, css_rules.read_declarations])
def test_reading_css_takes_time_in_proportion_to_its_length(
    read: Callable[[str], object], piece: str
) -> None:
    assert_linear(read, repeated(piece), largest=100_000, raises=(RecursionError,))


def inline(html: str) -> None:
    inline_css.inline_css(html)


def test_deciding_what_wins_takes_time_in_proportion_to_the_elements() -> None:
    css = "p{margin:1px;top:2px} @media print{p{margin-top:2px} .a{top:3px}} a:hover{top:1px}"
    row = '<p class="a" style="top: 1px">x <a href="#">y</a></p>'
    assert_linear(inline, repeated(row, before=f"<style>{css}</style>"), largest=100_000)


def test_matching_what_liquid_chooses_takes_time_in_proportion_to_the_elements() -> None:
    css = "p{top:1px} .b{top:2px} p + p{top:3px} p:nth-child(2n){top:4px}"
    row = '<p class="a {% if x %}b{% endif %}" {% if x %}id="c"{% endif %}>x</p>'
    assert_linear(inline, repeated(row, before=f"<style>{css}</style>"), largest=100_000)


def test_deciding_what_wins_takes_time_in_proportion_to_the_rules() -> None:
    rules = "p{margin:1px} p:hover{margin-top:2px} @media print{.a{margin:3px}} b{top:1px}"
    after = "</style><p class=a>x</p><p style='margin:1px'>y</p><b>z</b>"
    assert_linear(inline, repeated(rules, before="<style>", after=after), largest=100_000)


@pytest.mark.parametrize("css", ["p{" * 20_000, "p{a:b(" * 20_000, "@media x{" * 20_000])
def test_css_that_is_nested_deeply_is_refused(css: str) -> None:
    with pytest.raises(TemplateError, match="HTML: .*nested too deeply"):
        check("Hi", f"<style>{css}</style><p>x", "")


def test_a_number_of_thousands_of_digits_in_css_is_refused() -> None:
    with pytest.raises(TemplateError, match="thousands of digits"):
        check("Hi", f"<style>p{{top:{'1' * 5000}px}}</style><p>x", "")
