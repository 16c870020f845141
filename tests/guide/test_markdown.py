"""Documents become HTML that is safe, and whose links lead somewhere."""

from __future__ import annotations

import pytest

from guide.markdown import Rendered, render


def made(source: str, link: str | None = "/there", picture: str | None = "/seen") -> Rendered:
    return render(source, link=lambda address: link, picture=lambda address: picture)


def test_the_title_is_kept_apart() -> None:
    rendered = made("# How to rest\n\nLie down.\n")
    assert (rendered.title, rendered.html) == ("How to rest", "<p>Lie down.</p>\n")


def test_html_is_text() -> None:
    html = made("# T\n\n<script>alert(1)</script> <b>x</b>\n").html
    assert html == "<p>&lt;script&gt;alert(1)&lt;/script&gt; &lt;b&gt;x&lt;/b&gt;</p>\n"


def test_a_script_as_an_address_is_no_link() -> None:
    assert "href" not in made("# T\n\n[x](javascript:alert)\n").html


def test_a_link_leads_to_the_page_of_the_help() -> None:
    assert made("# T\n\n[x](y.md)\n").html == '<p><a href="/there">x</a></p>\n'


def test_of_a_link_that_leads_nowhere_the_words_stay() -> None:
    assert made("# T\n\nSee [*the* code](y.py) now.\n", link=None).html == (
        "<p>See <em>the</em> code now.</p>\n"
    )


def test_a_picture_that_is_not_served_is_its_words() -> None:
    assert made("# T\n\n![A rose](rose.png)\n", picture=None).html == "<p>A rose</p>\n"


def test_a_picture_has_its_address_and_words() -> None:
    html = made("# T\n\n![A rose](rose.png)\n").html
    assert html == '<p><img src="/seen" alt="A rose" loading="lazy" /></p>\n'


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Who gets it", "who-gets-it"),
        ("`广告` or `AD` in China", "广告-or-ad-in-china"),
        ("“Too many tries”", "too-many-tries"),
        ("Attempts, and more", "attempts-and-more"),
    ],
)
def test_headings_have_the_anchors_of_github(heading: str, anchor: str) -> None:
    assert made(f"# T\n\n## {heading}\n").headings[1].anchor == anchor


def test_the_second_heading_of_a_name_has_an_anchor_of_its_own() -> None:
    headings = made("# T\n\n## Limits\n\n## Limits\n").headings
    assert [each.anchor for each in headings] == ["t", "limits", "limits-1"]


def test_tables_and_code_can_be_moved_by_keyboard() -> None:
    html = made("# T\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n").html
    assert html.count('<div class="edm-wide" tabindex="0">') == 2
    assert html.count("</div>") == 2


def test_chinese_lines_are_joined_without_a_space() -> None:
    html = made("# 标题\n\n一行，\n二行。\n\nTwo\nlines\n").html
    assert html == "<p>一行，二行。</p>\n<p>Two\nlines</p>\n"


def test_passages_hold_what_stands_below_a_heading() -> None:
    passages = made("# T\n\nFirst.\n\n## A *b*\n\n* one\n* `two`\n\n```\ncode\n```\n").passages
    assert [(each.heading.text, each.text) for each in passages] == [
        ("T", "First."),
        ("A b", "one two code\n"),
    ]
