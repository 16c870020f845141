"""The small markup that texts are written in, a part of Markdown, made HTML.

**bold**, *italic*, [words](address), lists of lines that begin with "- " or "1. ", and paragraphs
with an empty line between them; a line end is one. A backslash takes the meaning of a sign. All
else, HTML included, is text and comes out as it was written.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext
from markdown_it import MarkdownIt
from markdown_it.token import Token

from campaigns.blocks import links, outputs
from campaigns.blocks.problems import Wrong

_RULES = ["emphasis", "link", "list", "newline", "escape"]
_MARGINS = {"p": "margin:0 0 12px", "ul": "margin:0 0 12px", "ol": "margin:0 0 12px"}


def to_html(source: str, link_colour: str) -> str:
    """HTML that is well-formed XML, with the Liquid of the source. Raises Wrong."""
    parts = outputs.pieces(source.replace("\r\n", "\n").replace("\r", "\n"))
    mark = _mark(source)
    taken = [text for text, is_output in parts if is_output]
    numbers = iter(range(len(taken)))
    masked = "".join(f"{mark}{next(numbers)}z" if is_output else text for text, is_output in parts)
    made = _render(masked, mark, taken, link_colour)
    return re.sub(rf"{mark}(\d+)z", lambda found: taken[int(found[1])], made)


def _mark(source: str) -> str:
    """Letters that are not in the source, to stand for outputs while the markup is read."""
    mark = "xoutput"
    while mark in source:
        mark += "x"
    return mark


def _render(masked: str, mark: str, taken: list[str], link_colour: str) -> str:
    markdown = MarkdownIt("zero", {"breaks": True, "xhtmlOut": True, "maxNesting": 20})
    markdown.enable(_RULES)
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]  # links.link does
    markdown.normalizeLink = lambda url: url  # type: ignore[method-assign]
    tokens = markdown.parse(masked)
    hrefs: list[str] = []
    for token in _all(tokens):
        if token.tag in _MARGINS and token.nesting == 1:
            token.attrSet("style", _MARGINS[token.tag])
        if token.type == "link_open":
            href = re.sub(
                rf"{mark}(\d+)z", lambda f: taken[int(f[1])], str(token.attrGet("href") or "")
            )
            hrefs.append(_link(href))
            token.attrs = {"href": f"{mark}href{len(hrefs) - 1}z", "style": f"color:{link_colour}"}
    made = markdown.renderer.render(tokens, markdown.options, {}).strip()
    return re.sub(rf"{mark}href(\d+)z", lambda found: hrefs[int(found[1])], made)


def _link(href: str) -> str:
    try:
        return links.link(href)
    except Wrong as problem:
        raise Wrong(
            gettext("The link to “%(address)s”: %(problem)s")
            % {"address": href[:60], "problem": problem}
        ) from problem


def _all(tokens: list[Token]) -> list[Token]:
    return [each for token in tokens for each in (token, *(token.children or ()))]
