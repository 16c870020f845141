"""MJML that is made to cost or to read what it should not: each ends in an error that says why."""

from __future__ import annotations

import pytest

from campaigns.rendering import content
from campaigns.rendering.content import TemplateError


def message(body: str, head: str = "") -> str:
    return f"<mjml><mj-head>{head}</mj-head><mj-body>{body}</mj-body></mjml>"


def column(inside: str) -> str:
    return message(f"<mj-section><mj-column>{inside}</mj-column></mj-section>")


LONG = "a" * 900_000
REFUSED = {
    "nested without end": ("<mjml><mj-body>" + "<mj-wrapper>" * 80_000, "more than 30 deep"),
    "a hundred thousand elements": (column("<mj-spacer/>" * 80_000), "more than 5,000 elements"),
    "more characters than a template has": (column("<mj-text>a</mj-text>" * 100_000), "longer than"),
    "a large carousel": (
        column("<mj-carousel>" + "<mj-carousel-image src='a'/>" * 4_000 + "</mj-carousel>"),
        "Make it smaller or simpler",
    ),
    "columns by the thousand": (message("<mj-section>" + "<mj-column/>" * 4_000 + "</mj-section>"), "longer than"),
    "a long value that is repeated": (message(f'<mj-section background-url="{LONG}" />'), "longer than"),
    "a long default": (
        message("<mj-section />" * 1000, f'<mj-attributes><mj-all color="{LONG[:500_000]}" /></mj-attributes>'),
        "too long for so many elements",
    ),
    "attributes by the thousand": (
        message("<mj-section " + " ".join(f'a{i}="x"' for i in range(60_000)) + " />"), "has no attribute “a0”",
    ),
    "tags that do not end": ("<mjml><mj-body>" + "<mj-text " * 100_000, "does not end"),
    "quotes that do not end": ("<mjml><mj-body>" + '<mj-text a="' * 80_000, "is missing"),
    "comments that do not end": ("<mjml><mj-body>" + "<!--" * 200_000, "comment is not closed"),
    "another file": (message('<mj-include path="/etc/passwd" />'), "no other file is read"),
    "another file of the head": (message("", '<mj-include path="file:///etc/passwd" />'), "no other file is read"),
    "entities that grow": (
        '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>' + message("&c;"), "no document type",
    ),
    "an entity that is a file": ('<!DOCTYPE a SYSTEM "file:///etc/passwd">' + message(""), "no document type"),
    "a hidden document type": ("<mjml><!DOCTYPE a><mj-body /></mjml>", "no document type"),
    "an instruction": ("<mjml><?php a ?><mj-body /></mjml>", "is no element of MJML"),
    "CDATA": (column("<![CDATA[" + "<mj-text>" * 9_000 + "]]>"), "CDATA is not needed"),
    "attributes for HTML": (
        message("", "<mj-html-attributes><mj-selector path='*' /></mj-html-attributes>"), "it is not supported",
    ),
    "half a character": (message("\ud800"), "U+D800 cannot stand in a text"),
    "no character": (column("<mj-text>a\0b</mj-text>"), "U+0000 cannot stand in a text"),
    "Liquid by the thousand": (message("{% assign a = 1 %}" * 50_000), "takes more than 2 s"),
}  # fmt: skip


@pytest.mark.parametrize("hostile", REFUSED)
def test_hostile_mjml_is_refused_and_the_reason_told(hostile: str) -> None:
    mjml, reason = REFUSED[hostile]
    with pytest.raises(TemplateError) as found:
        content.compile_mjml(mjml)
    assert found.value.part == "mjml"
    assert reason in str(found.value)
    assert len(str(found.value)) < 400


@pytest.mark.parametrize(
    "mjml",
    [
        column('<mj-text padding="1e999px" font-size="NaN">a</mj-text>'),
        message(
            '<mj-section padding="-5px inf"><mj-column width="-99999999999999999999%" /></mj-section>'
        ),
        message(
            '<mj-section><mj-group width="0px"><mj-column width="0%" /></mj-group></mj-section>'
        ),
        f'<mjml><mj-body width="{"9" * 400}px"><mj-hero height="1e309px" mode="?" /></mj-body></mjml>',
        column('<mj-social><mj-social-element name="&lt;x&gt;" href="javascript:1" /></mj-social>'),
        column("<mj-text>edmtoken0z edmtokenq1z</mj-text>"),
    ],
)
def test_odd_values_are_no_fault(mjml: str) -> None:
    assert content.compile_mjml(mjml).startswith("<!doctype html>")
