"""Blocks become MJML: well-formed, in the brand's look, with the Liquid that was written."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from campaigns.blocks import work
from campaigns.blocks.look import Look
from tests.campaigns.blocks.making import OF_EACH_KIND, message

LOOK = Look(name="Acme", link_colour="#aa0000", button_colour="#00aa00", logo_alt="Logo")


def mjml(*blocks: dict[str, Any], look: Look = LOOK) -> str:
    return work.to_mjml(message(*blocks), look)


def body(*blocks: dict[str, Any], look: Look = LOOK) -> str:
    return mjml(*blocks, look=look).partition("<mj-body")[2]


@pytest.mark.parametrize("block", OF_EACH_KIND, ids=lambda block: block["kind"])
def test_a_block_of_each_kind_is_well_formed(block: dict[str, Any]) -> None:
    made = ElementTree.fromstring(mjml(block))
    assert made.find("mj-body/mj-section/mj-column") is not None


def test_html_in_a_text_is_text() -> None:
    made = body({"kind": "text", "text": "a <script>alert(1)</script> & b"})
    assert "a &lt;script&gt;alert(1)&lt;/script&gt; &amp; b" in made


def test_the_markup_has_bold_italic_links_lists_and_line_ends() -> None:
    made = body({"kind": "text", "text": "**a** *b* [c](https://example.com/?x=1&y=2)\nd\n\n1. e"})
    assert "<strong>a</strong> <em>b</em>" in made
    assert '<a href="https://example.com/?x=1&amp;y=2" style="color:#aa0000">c</a><br />' in made
    assert "<ol" in made and "<li>e</li>" in made


@pytest.mark.parametrize("text", ["# no heading", "> no quote", "`no code`", "---"])
def test_markup_beyond_that_is_text(text: str) -> None:
    made = body({"kind": "text", "text": text})
    assert not any(tag in made for tag in ("<h1", "<blockquote", "<code", "<img", "<hr"))


def test_variables_stay_as_they_were_written() -> None:
    variable = '{{ first_name | default: "my *dear* friend" }}'
    for block in (
        {"kind": "text", "text": f"**{variable}**"},
        {"kind": "heading", "text": variable},
    ):
        assert variable in body(block)


def test_a_variable_within_a_link_has_quotes_that_do_not_end_the_attribute() -> None:
    link = 'https://example.com/{{ code | default: "none" }}'
    made = body({"kind": "button", "text": "x", "link": link})
    assert """href="https://example.com/{{ code | default: 'none' }}\"""" in made


@pytest.mark.parametrize(
    ("condition", "liquid"),
    [
        ({"is": "filled"}, "{% if plan != nil and plan != blank %}"),
        ({"is": "empty"}, "{% if plan == nil or plan == blank %}"),
        ({"is": "equal", "value": "gold"}, '{% if plan == "gold" %}'),
        ({"is": "equal", "value": 'the "best"'}, "{% if plan == 'the \"best\"' %}"),
        ({"is": "other", "value": True}, "{% if plan != true %}"),
        ({"is": "equal", "value": 5}, "{% if plan == 5 %}"),
    ],
)
def test_a_condition_becomes_liquid(condition: dict[str, Any], liquid: str) -> None:
    made = body({"kind": "divider", "shown_if": {"attribute": "plan", **condition}})
    assert f"{liquid}\n<mj-section>" in made
    assert made.count("{% endif %}") == 1


def test_a_condition_within_a_column_stands_within_it() -> None:
    condition = {"attribute": "plan", "is": "filled"}
    inner = {"id": "in", "kind": "divider", "shown_if": condition}
    made = ElementTree.fromstring(mjml({"kind": "columns", "columns": [[inner], []]}))
    column = made.find("mj-body/mj-section/mj-column")
    assert column is not None
    (divider,) = column
    assert divider.tag == "mj-divider"
    assert (column.text or "").split() == [
        "{%",
        "if",
        "plan",
        "!=",
        "nil",
        "and",
        "plan",
        "!=",
        "blank",
        "%}",
    ]
    assert (divider.tail or "").split() == ["{%", "endif", "%}"]


def test_the_look_of_the_brand_is_that_of_the_message() -> None:
    made = mjml({"kind": "button", "text": "x", "link": "https://example.com"})
    assert '<mj-button background-color="#00aa00"' in made


def test_a_header_without_a_logo_says_the_brands_name() -> None:
    assert ">Logo</mj-text>" in body({"kind": "header"})


def test_texts_of_the_brand_are_no_liquid_and_no_html() -> None:
    odd = Look(name="{{ x }} <b>", logo_url="javascript:alert(1)", website='https://a/"{% x %}')
    made = body({"kind": "header"}, {"kind": "footer"}, look=odd)
    assert "{% x" not in made and "{{ x" not in made and "<b>" not in made
    assert "javascript" not in made


def test_a_footer_links_to_unsubscribe_preferences_and_the_browser() -> None:
    made = body({"kind": "footer", "preferences": ""})
    assert 'href="{{ unsubscribe_url }}"' in made and 'href="{{ web_view_url }}"' in made
    assert "preferences_url" not in made


def test_products_of_an_attribute_are_a_bounded_loop() -> None:
    made = body({"kind": "products", "attribute": "wishes", "most": 3})
    assert "{% for item in wishes limit: 3 %}" in made
    assert "{{ item.title }}" in made


def test_a_row_of_products_that_is_not_full_keeps_its_width() -> None:
    items = [{"title": name} for name in "abcd"]
    made = body({"kind": "products", "layout": "3", "items": items})
    assert made.count('<mj-column width="33.33%">') == 6


def test_the_blocks_of_a_preview_are_marked_and_others_are_not() -> None:
    raw = message({"kind": "divider"})
    assert "<!--edm-block:b0-->" in work.to_mjml(raw, LOOK, is_marked=True)
    assert "edm-block" not in work.to_mjml(raw, LOOK)
