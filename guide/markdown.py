"""A document of the repository as HTML.

The documents are Markdown as GitHub reads it. HTML in them is text and comes out as it was written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

Rewrite = Callable[[str], str | None]
"""Of an address in a document: the one to show instead, or None for none."""

_PLAIN = ("text", "code_inline", "image")
_WIDE = ("table", "fence", "code_block")
_CHINESE = re.compile(r"[\u2018-\u201d\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Passage:
    """What stands below one heading, without its markup."""

    heading: Heading
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """`html` lacks the title."""

    title: str
    html: str
    passages: tuple[Passage, ...]
    """The first one is of the title."""

    @property
    def headings(self) -> list[Heading]:
        return [passage.heading for passage in self.passages]


def render(source: str, *, link: Rewrite, picture: Rewrite) -> Rendered:
    """`source` begins with its title."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(source)
    for token in tokens:
        _join_chinese_lines(token.children or [])
    headings = _give_anchors(tokens)
    passages = tuple(_passages(tokens, headings))
    for token in tokens:
        if token.children:
            token.children = list(_rewritten(token.children, link, picture))
    html = markdown.renderer.render(list(_reachable(tokens[3:])), markdown.options, {})
    return Rendered(headings[0].text, html, passages)


def _join_chinese_lines(tokens: list[Token]) -> None:
    """Between Chinese characters the end of a line is no space, as browsers have it."""
    for place, token in enumerate(tokens):
        if token.type == "softbreak":
            before = "".join(each.content for each in tokens[:place])[-1:]
            after = "".join(each.content for each in tokens[place + 1 :])[:1]
            if _CHINESE.match(before) and _CHINESE.match(after):
                token.type, token.content = "text", ""


def _give_anchors(tokens: list[Token]) -> list[Heading]:
    """As GitHub names them."""
    seen: Counter[str] = Counter()
    headings = []
    for opening, inline in zip(tokens, tokens[1:], strict=False):
        if opening.type == "heading_open":
            text = _text(inline)
            name = re.sub(r"[^\w\- ]", "", text).lower().replace(" ", "-")
            anchor = f"{name}-{seen[name]}" if seen[name] else name
            seen[name] += 1
            opening.attrSet("id", anchor)
            headings.append(Heading(int(opening.tag[1]), text, anchor))
    return headings


def _text(inline: Token) -> str:
    return "".join(
        each.content if each.type in _PLAIN else " "
        for each in inline.children or ()
        if each.type in _PLAIN or each.type.endswith("break")
    )


def _passages(tokens: list[Token], headings: list[Heading]) -> Iterator[Passage]:
    following = iter(headings)
    heading: Heading | None = None
    texts: list[str] = []
    for token in tokens:
        if token.type == "heading_open":
            if heading:
                yield Passage(heading, " ".join(texts[1:]))
            heading, texts = next(following), []
        elif token.type in ("inline", "fence"):
            texts.append(_text(token) if token.type == "inline" else token.content)
    if heading:
        yield Passage(heading, " ".join(texts[1:]))


def _rewritten(tokens: list[Token], link: Rewrite, picture: Rewrite) -> Iterator[Token]:
    """Without the links and pictures that lead nowhere; their words stay."""
    is_link = True
    for token in tokens:
        if token.type == "link_open":
            address = link(str(token.attrGet("href") or ""))
            is_link = address is not None
            token.attrSet("href", address or "")
        if token.type == "image":
            address = picture(str(token.attrGet("src") or ""))
            if address is None:
                token = Token("text", "", 0, content=token.content)
            else:
                token.attrSet("src", address)
                token.attrSet("loading", "lazy")
        if is_link or token.type not in ("link_open", "link_close"):
            yield token


def _reachable(tokens: list[Token]) -> Iterator[Token]:
    """What may be wider than its page can be moved by keyboard, too."""
    for token in tokens:
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if kind in _WIDE and token.nesting >= 0:
            yield Token("wide_open", "div", 1, attrs={"class": "edm-wide", "tabindex": "0"})
        yield token
        if kind in _WIDE and token.nesting <= 0:
            yield Token("wide_close", "div", -1)
