"""What MJML relies upon in mjml-python."""

from __future__ import annotations

import re

import pytest
from mjml import mjml2html

from campaigns.rendering.mjml import compiling, rules

START = "<mjml><mj-body>"


def compiled(body: str) -> str:
    return mjml2html(f"{START}{body}</mj-body></mjml>", fonts={})


@pytest.mark.parametrize("name", rules.TAKE_COMMENTS)
def test_it_keeps_comments_between_elements_of(name: str) -> None:
    html = compiled(f"<mj-section><mj-column><{name}><!--a--></{name}></mj-column></mj-section>")
    assert "<!--a-->" in html


def test_a_comment_among_social_elements_gets_a_cell_that_is_known() -> None:
    social = (
        '<mj-social><!--a--><mj-social-element name="x" href="y">z</mj-social-element></mj-social>'
    )
    html = compiled(f"<mj-section><mj-column>{social}</mj-column></mj-section>")
    assert re.search(compiling.IN_SOCIAL.format(token="a"), html)


def test_what_stands_between_the_rows_of_a_wrapper_is_in_a_comment_for_outlook() -> None:
    section = "<mj-section></mj-section>"
    raw = [f"<mj-raw>{word}</mj-raw>" for word in ("first", "second", "third")]
    html = compiled(f"<mj-wrapper>{raw[0]}{section}{raw[1]}{section}{raw[2]}</mj-wrapper>")
    comments = re.findall(r"<!--\[if mso \| IE\]>(.*?)<!\[endif\]-->", html)
    assert [
        sum(word in comment for comment in comments) for word in ("first", "second", "third")
    ] == [1, 1, 1]


def test_its_errors_tell_a_position_in_bytes() -> None:
    before = "<mj-raw>é</mj-raw><mj-section><mj-column><mj-accordion>"
    with pytest.raises(ValueError) as found:
        compiled(f"{before}<mj-raw/></mj-accordion></mj-column></mj-section>")
    position = re.search(compiling.POSITION, str(found.value))
    assert position and int(position[1]) == len(f"{START}{before}".encode())


def test_it_loads_no_font_for_its_name_alone() -> None:
    html = compiled("<mj-section><mj-column><mj-text>a</mj-text></mj-column></mj-section>")
    assert "Ubuntu" in html and "//fonts." not in html
