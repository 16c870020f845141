"""What is left of a sample in a message: named, placed, and never what others write, too."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

import pytest

from campaigns.blocks import markup
from campaigns.preflight.checklist.findings import Finding, Level
from campaigns.preflight.checklist.message import Message, Written
from campaigns.preflight.checklist.untouched import FOLDER, sample_text
from tests import template_corpus
from tests.security.scaling import assert_linear, repeated

LIKE_SAMPLES = {"cjk.mjml", "social-and-links.mjml"}
"""They link to addresses that a sample has, on the site that is an example only."""
CORPUS = [
    name
    for name, path in template_corpus.FILES.items()
    if path.parent != FOLDER and name not in LIKE_SAMPLES
]
DEMO = sorted((template_corpus.PROJECT / "devmail" / "demo_content").glob("*.html"))
STORY = "Two sentences on the second story."
SIGNED_UP = "You get this because you signed up at example.com."


def found_in(**written: Any) -> Finding | None:
    return next(sample_text(Message(Written(**written))), None)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("announcement", "Something you asked for is here"),
        ("invitation", "An evening about letters"),
        ("letter", "It is read as one, too"),
        ("newsletter", "Three things worth your time"),
        ("newsletter-zh", "这是我们本月的消息，约三分钟即可读完"),
        ("promotion", "20 % off, until Sunday"),
        ("receipt", "You get this because you signed up at example.com"),
        ("welcome", "Three steps, and you are set"),
    ],
)
def test_a_sample_in_mjml_is_found(key: str, sentence: str) -> None:
    found = found_in(html=template_corpus.html_of(f"{key}.mjml"))
    assert found is not None and found.level == Level.WARNING
    assert f"“{sentence}”" in found.what


@pytest.mark.parametrize(
    ("language", "key", "sentence"),
    [
        ("en", "newsletter", "Three things worth your time"),
        ("en", "receipt", "You get this because you ordered at example.com"),
        ("zh-hans", "announcement", "您期待的新功能来了"),
        ("zh-hans", "letter", "想说什么就说什么"),
    ],
)
def test_a_sample_in_blocks_is_found(language: str, key: str, sentence: str) -> None:
    sample = json.loads((FOLDER / "blocks" / f"{language}.json").read_text("utf-8"))[key]
    texts = (markup.to_html(text, "") for text in _texts(sample["blocks"]))
    found = found_in(html="".join(f"<p>{text}</p>" for text in texts))
    assert found is not None and sentence in found.what


def _texts(blocks: list[dict[str, Any]]) -> list[str]:
    inner = [each for block in blocks for column in block.get("columns", []) for each in column]
    return [block["text"] for block in [*blocks, *inner] if "text" in block]


@pytest.mark.parametrize("name", CORPUS)
def test_a_message_that_was_not_begun_with_one_is_not(name: str) -> None:
    assert found_in(html=template_corpus.html_of(name)) is None


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.name)
def test_a_message_of_the_demo_is_not(path: Path) -> None:
    assert found_in(html=path.read_text("utf-8")) is None


@pytest.mark.parametrize(
    "html",
    [
        "<p>Two  sentences\n on the SECOND story.</p>",
        "<p>Two sentences on the second&#32;story</p>",
        f"<p>Hello {{{{ name }}}}, {STORY.lower()} More of it.</p>",
        "<p>这是我们的邮件。用一两句话介绍第二条内容。<b>阅读</b></p>",
        f"<p>{{% if name %}}{STORY}{{% endif %}}</p>",
    ],
)
def test_a_sentence_is_known_however_it_is_spelled(html: str) -> None:
    assert found_in(html=html) is not None


@pytest.mark.parametrize(
    "html",
    [
        "<p>Two sentences on the second story of the house.</p>",
        "<h2>In short</h2><p>Read on</p><p>A second one</p><p>See all stories</p>",
        "<p>Thank you for your order</p><p>Questions? Just answer this message.</p>",
        "<h2>新品上市</h2><p>查看全部</p><p>有疑问？直接回复本邮件即可。</p>",
        f"<p style='display:none'>{STORY}</p>",
        f"<!-- {STORY} -->",
    ],
)
def test_what_others_write_too_is_not_taken_for_a_samples(html: str) -> None:
    assert found_in(html=html) is None


def test_three_are_named_and_the_others_counted() -> None:
    texts = [STORY, SIGNED_UP, "Three steps, and you are set:", "A new way to do an old thing"]
    found = found_in(html="".join(f"<p>{text}</p>\n" for text in texts))
    assert found is not None
    assert found.what == (
        "There is still text of a sample in the message: “Two sentences on the second story”, “You "
        "get this because you signed up at example.com”, “Three steps, and you are set” and 1 more."
    )
    assert [(place.field, place.line) for place in found.places] == [
        ("html", line) for line in (1, 2, 3, 4)
    ]


def test_the_subject_and_the_preview_text_are_read_too() -> None:
    found = found_in(subject="Three things worth your time", preview_text=SIGNED_UP)
    assert found is not None and found.number == 2
    assert [place.field for place in found.places] == ["subject", "preview_text"]


def test_in_mjml_the_line_is_that_of_the_mjml() -> None:
    mjml = f"<mjml>\n<mj-text>Hello</mj-text>\n<mj-text>{STORY}</mj-text>\n</mjml>"
    found = found_in(kind="mjml", mjml=mjml, html=f"<p>{STORY}</p>")
    assert found is not None
    assert [(place.field, place.line) for place in found.places] == [("mjml", 3)]


def test_in_blocks_the_place_is_the_number_of_the_block() -> None:
    blocks = [("k1", ["Hello"]), ("k2", [STORY])]
    found = found_in(kind="blocks", blocks=blocks, html=f"<p>{STORY}</p>")
    assert found is not None
    assert [(place.block, place.block_id) for place in found.places] == [(2, "k2")]


def test_a_line_that_is_not_known_is_not_told() -> None:
    found = found_in(html="<p>Two sentences\non the second story.</p>")
    assert found is not None and [place.line for place in found.places] == [0]


@pytest.mark.parametrize(
    ("paths", "is_found"),
    [(("first", "second"), True), (("first", "mine"), True), (("mine", "ours"), False)],
)
def test_one_link_of_a_sample_that_was_forgotten_is_found(
    paths: tuple[str, ...], is_found: bool
) -> None:
    links = (f'<a href="{escape(f"https://example.com/{path}")}">Mine</a>' for path in paths)
    found = found_in(html="".join(links))
    assert (found is not None) is is_found


def test_a_link_is_named_beside_a_sentence() -> None:
    found = found_in(html=f'<p>{STORY}</p><a href="https://example.com/new">Shop</a>')
    assert found is not None and "“https://example.com/new”" in found.what


def test_what_may_stay_is_in_a_sample() -> None:
    paths = [*FOLDER.glob("*.mjml"), *(FOLDER / "blocks").glob("*.json"), FOLDER / "subjects.json"]
    samples = re.sub(r"\{%.*?%\}", "", "\n".join(path.read_text("utf-8") for path in paths))
    may_stay = json.loads((FOLDER / "may_stay.json").read_text("utf-8"))
    assert [text for text in may_stay if text not in samples] == []


def read(html: str) -> None:
    found_in(html=html)


@pytest.mark.parametrize("piece", [f"<p>{STORY}</p>", "x", "{{ a }}", "a. ", ",", "春。"])
def test_its_cost_grows_as_the_message_does(piece: str) -> None:
    assert_linear(read, repeated(piece))
