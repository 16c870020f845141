"""Which style sheets of a mail apply to every reader of it.

A sheet can be held to some readers by what stands outside its text: attributes of its element,
Outlook's conditional comments around it, Liquid around or in it. Such sheets stay as they are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import Enum
from typing import NamedTuple

from campaigns.rendering.html.source import SourceTags, StartTag
from campaigns.rendering.liquid.environment import blocks_in

_OUTLOOK_BEGINS = re.compile(r"\s*\[if\b[^\]]*\]", re.IGNORECASE)
_OUTLOOK_ENDS = re.compile(r"<?!?\[endif\](?:--)?\s*\Z", re.IGNORECASE)
_ALL_MEDIA = re.compile(r"\s*+(?:|(?:only\s++)?all\s*+)\Z", re.IGNORECASE)


class Applies(Enum):
    ALWAYS = "to every reader"
    SOMETIMES = "to some readers, media or recipients"
    NEVER = "to none: it is in a language that is not CSS, or an alternate sheet"


class StyleSheet(NamedTuple):
    """The span of a sheet's text in the source, and to whom it applies."""

    start: int
    end: int
    applies: Applies


class StyleSheets(SourceTags):
    """The style elements of a document, in order."""

    def __init__(self, html: str, masked: str) -> None:
        self.style_sheets: list[StyleSheet] = []
        self._source = html
        self._blocks: list[tuple[int, int]] = blocks_in(html)
        self._style: StartTag | None = None
        self._style_is_outlooks = False
        self._in_condition = False
        self._preferred: str | None = None
        super().__init__(masked)

    def handle_start_tag(self, tag: StartTag) -> None:
        super().handle_start_tag(tag)
        self._style = tag if tag.name == "style" else None
        self._style_is_outlooks = self._in_condition
        if self._preferred is None and (tag.name == "style" or self._is_preferred_link(tag)):
            self._preferred = self.value(tag, "title") or None

    def handle_end_tag(self, name: str, start: int, end: int) -> None:
        super().handle_end_tag(name, start, end)
        if name == "style" and self._style is not None:
            applies = self._applies(self._style, start)
            self.style_sheets.append(StyleSheet(self._style.end, start, applies))
            self._style = None

    def handle_comment(self, start: int, end: int) -> None:
        """What follows `<!--[if !mso]><!-->`, up to `<!--<![endif]-->`, is not for Outlook."""
        if _OUTLOOK_ENDS.search(self.html, start, end):
            self._in_condition = False
        elif _OUTLOOK_BEGINS.match(self.html, start, end):
            self._in_condition = True

    handle_bogus_comment = handle_comment

    def _is_preferred_link(self, tag: StartTag) -> bool:
        relations = (self.value(tag, "rel") or "").lower().split() if tag.name == "link" else []
        return "stylesheet" in relations and "alternate" not in relations

    def _applies(self, style: StartTag, end: int) -> Applies:
        kind, title = self.value(style, "type"), self.value(style, "title")
        if kind and kind.lower() != "text/css" and not self._has_liquid(style.start, style.end):
            return Applies.NEVER
        if self._has_liquid(style.start, end) or self._style_is_outlooks:
            return Applies.SOMETIMES
        if title and title != self._preferred:
            return Applies.NEVER
        if "disabled" in style.values or self.value(style, "data-css-inline") == "ignore":
            return Applies.SOMETIMES
        for_all = any(map(_ALL_MEDIA.match, (self.value(style, "media") or "").split(",")))
        return Applies.ALWAYS if for_all else Applies.SOMETIMES

    def _has_liquid(self, start: int, end: int) -> bool:
        """Whether Liquid stands in it, or around it."""
        before = bisect_right(self._blocks, start, key=lambda block: block[0])
        in_block = before > 0 and start < self._blocks[before - 1][1]
        return in_block or self.html[start:end] != self._source[start:end]
