"""Positions in HTML source, so that it can be changed here and there without being written anew."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import NamedTuple

from campaigns.liquid import markup_in

_END_OF_COMMENT = re.compile(r"--!?>")
_TAG_NAME = re.compile(r"<[^\s/>]+")
_ATTRIBUTE = re.compile(r"([^\s\"'>/=]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>\"'][^\s>]*))?")


class Edit(NamedTuple):
    """Put `text` in place of source[start:end]."""

    start: int
    end: int
    text: str


def apply_edits(source: str, edits: Iterable[Edit]) -> str:
    """Make edits given in any order; they must not overlap."""
    parts, at = [], 0
    for edit in sorted(edits):
        parts += [source[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, source[at:]])


def mask_liquid(html: str) -> str:
    """Return a copy of the same length, in which letters without meaning stand for Liquid."""
    return apply_edits(
        html, (Edit(found.start, found.end, "x" * len(found.text)) for found in markup_in(html))
    )


@dataclass(frozen=True, slots=True)
class StartTag:
    """Where a start tag stands in the source, in characters.

    `values` has the span of each attribute's value, with the quotes; of several attributes of one
    name the first counts.
    """

    name: str
    start: int
    end: int
    name_end: int
    attributes_end: int
    values: dict[str, tuple[int, int]]

    @property
    def style(self) -> tuple[int, int] | None:
        return self.values.get("style")


class HtmlReader(HTMLParser):
    """Ends comments where browsers do. To html.parser, which has a way of its own with what begins
    with `<![`, everything from `<![endif]-->` to the next `]>` would be one.
    """

    def read(self, html: str) -> None:
        """A whole document."""
        self.feed(html)
        self.close()

    def parse_comment(self, i: int, report: bool = True) -> int:
        end = _END_OF_COMMENT.search(self.rawdata, i + len("<!"))
        if end is None:
            return -1
        self.handle_comment(self.rawdata[i + len("<!--") : end.start()])
        return end.end()

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        return self.rawdata.find(">", i) + 1 or -1


class SourceTags(HtmlReader):
    """Finds start tags and the contents of style elements; what is in comments does not count."""

    def __init__(self, masked: str) -> None:
        super().__init__()
        self.tags: list[StartTag] = []
        self.style_sheets: list[tuple[int, int]] = []
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", masked))]
        self._style_sheet_start: int | None = None
        self.read(masked)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = _start_tag(tag, self._position(), self.get_starttag_text() or "")
        self.tags.append(found)
        self._style_sheet_start = found.end if tag == "style" else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "style" and self._style_sheet_start is not None:
            self.style_sheets.append((self._style_sheet_start, self._position()))
            self._style_sheet_start = None

    def _position(self) -> int:
        line, offset = self.getpos()
        return self._line_starts[line - 1] + offset


def _start_tag(name: str, start: int, text: str) -> StartTag:
    matched = _TAG_NAME.match(text)
    name_end = attributes_end = matched.end() if matched else len(text) - 1
    values: dict[str, tuple[int, int]] = {}
    for attribute in _ATTRIBUTE.finditer(text, name_end):
        attributes_end = attribute.end()
        if attribute[2]:
            span = (start + attribute.start(2), start + attribute.end(2))
            values.setdefault(attribute[1].lower(), span)
    return StartTag(
        name, start, start + len(text), start + name_end, start + attributes_end, values
    )
