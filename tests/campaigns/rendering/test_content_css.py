"""Inlining CSS: style attributes appear, nothing else changes."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from campaigns.rendering.content import compile_html

NEWSLETTER = (Path(__file__).parents[2] / "data" / "newsletter.html").read_text("utf-8")
RED = "<style>p, tr, td {color: red} .big {font-size: 9px}</style>"


def without_new_styles(html: str) -> str:
    return re.sub(r' style="[^"]*;"', "", html)


def test_a_rule_becomes_a_style_attribute() -> None:
    assert compile_html(f"{RED}<p>x</p>") == f'{RED}<p style="color: red;">x</p>'


def test_the_newsletter_changes_in_nothing_but_style_attributes() -> None:
    compiled = compile_html(NEWSLETTER)
    assert compiled.count(" style=") == NEWSLETTER.count(" style=") + 3
    assert without_new_styles(compiled) == NEWSLETTER


def test_compiling_twice_changes_nothing_more() -> None:
    assert compile_html(compile_html(NEWSLETTER)) == compile_html(NEWSLETTER)


def test_media_rules_stay() -> None:
    assert "@media only screen and (max-width: 620px)" in compile_html(NEWSLETTER)


def test_an_own_style_wins_over_the_rule() -> None:
    assert compile_html(f'{RED}<p style="color:blue">x</p>').endswith('<p style="color:blue">x</p>')


def test_an_own_style_is_joined_with_the_rule() -> None:
    assert compile_html(f"{RED}<p style='margin:0'>x</p>").endswith(
        '<p style="color: red;margin: 0">x</p>'
    )


def test_liquid_between_table_rows_stays_in_the_table() -> None:
    html = RED + "<table>{% for i in list %}<tr><td>{{ i }}</td></tr>{% endfor %}</table>"
    assert without_new_styles(compile_html(html)) == html


@pytest.mark.parametrize(
    "html",
    [
        '<a href="{{ url | default: "https://example.com" }}?a=1&b=2&amp;c=3#d">x</a>',
        "<b {% if x %}title='1'{% endif %}>x</b>",
        '<b class="{% if x > 1 %}a{% else %}b{% endif %}">x</b>',
        "{% if a < b and c %}<b>x</b>{% endif %}",
        "<!--[if mso]><p>&nbsp;<a href=x></p><![endif]--><i>x</i>",
        "<![if !mso]><i>x</i><![endif]>",
        "<A HREF = 'HTTPS://EXAMPLE.COM/?a&b' >&copy; é &#233;</A><br/><img src=x>",
        "<script>if (a < b) { '<p>' }</script><textarea>{{ x }}</textarea>",
        "{% raw %}{{ x }}{% endraw %}<i>unclosed <b>",
    ],
)
def test_what_no_rule_matches_keeps_its_bytes(html: str) -> None:
    assert compile_html(RED + html) == RED + html


def test_a_style_with_liquid_keeps_it_and_comes_after_the_rules() -> None:
    html = RED + """<p style='margin:{{ m | default: "0" }}'>x</p>"""
    assert compile_html(html).endswith(
        """<p style='color: red; margin:{{ m | default: "0" }}'>x</p>"""
    )


def test_a_conditional_style_attribute_comes_before_the_rules_and_so_wins() -> None:
    html = RED + '<p {% if x %}style="color:blue"{% endif %}>x</p>'
    compiled = compile_html(html)
    assert compiled.index("color:blue") < compiled.rindex("color: red")


def test_a_rule_for_a_class_chosen_by_liquid_is_left_to_the_style_element() -> None:
    html = RED + '<b class="{% if x %}big{% endif %}">x</b>'
    assert compile_html(html) == html


def test_a_style_element_with_liquid_is_left_alone() -> None:
    html = "<style>p {color: {{ colour }}}</style><p>x</p>"
    assert compile_html(html) == html


def test_quotes_in_a_rule_do_not_end_the_attribute() -> None:
    html = "<style>p {font-family: \"Gill Sans\", 'B'}</style><p class=x>x</p>"
    assert compile_html(html).endswith("<p class=x style=\"font-family: 'Gill Sans', 'B';\">x</p>")


def test_an_unquoted_link_at_the_end_of_a_tag_stays_whole() -> None:
    html = "<style>a {color: red}</style><a href=https://example.com/>x</a><a/>"
    assert '<a href=https://example.com/ style="color: red;">x</a>' in compile_html(html)


def test_style_sheets_elsewhere_are_never_loaded(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.css"
    sheet.write_text("p {color: red}")
    html = (
        f'<link rel="stylesheet" href="{sheet.as_uri()}"><link rel="stylesheet" href="{sheet}">'
        '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">'
        f'<style>@import url("{sheet.as_uri()}");</style><p>x</p>'
    )
    assert compile_html(html) == html


def test_broken_css_does_no_harm() -> None:
    html = "<style>p {color: red; }} .x { : ; @nonsense</style><p>x</p>"
    assert without_new_styles(compile_html(html)) == html


def test_a_hundred_kilobytes_are_compiled_in_no_time() -> None:
    row = '<tr class="big"><td>{{ x | default: "y" }}</td><td><a href="#">z</a></td></tr>\n'
    html = f"{RED}<table>{row * 1300}</table>"
    started = time.process_time()
    compile_html(html)
    assert len(html) > 100_000
    assert time.process_time() - started < 2
