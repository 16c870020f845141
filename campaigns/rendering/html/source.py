"""HTML source: where its tags and comments stand, so that it can be edited in place without being
rewritten.

It is read as browsers read it (the tokenization of the HTML standard), in linear time: every
character is read a fixed number of times, and an unclosed tag or comment ends the reading.
`html.parser` starts again behind each `<` that does not begin a tag.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from campaigns.rendering.liquid.environment import Markup, markup_in

_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])")
_END_OF_COMMENT = re.compile(r"--!?>")
_NAME = re.compile(r"[^ \t\n\f\r/>]++")
_BETWEEN_ATTRIBUTES = re.compile(r"[ \t\n\f\r/]*+")
_ATTRIBUTE_NAME = re.compile(r"=?+[^ \t\n\f\r/>=]*+")
_EQUALS = re.compile(r"[ \t\n\f\r]*+=[ \t\n\f\r]*+")
_UNQUOTED = re.compile(r"[^ \t\n\f\r>]*+")
# A tag as most are written, read at once; all others are read piece by piece.
_USUAL_TAG = re.compile(
    r"""([a-zA-Z][a-zA-Z0-9:-]*+)((?:[ \t\n\f\r]++[a-zA-Z][a-zA-Z0-9:_-]*+="[^"]*+")*+)"""
    r"""[ \t\n\f\r]*+/?>"""
)
_USUAL_ATTRIBUTE = re.compile(r"""(?<=[ \t\n\f\r])([a-zA-Z][a-zA-Z0-9:_-]*+)=("[^"]*+")""")
_LONG_NUMBER = re.compile(r"&#0*+([0-9]++)")
_RAW = ("script", "style", "xmp", "iframe", "noembed", "noframes", "textarea", "title")
_END_OF_RAW = {name: re.compile(rf"</{name}(?=[ \t\n\f\r/>])", re.IGNORECASE) for name in _RAW}
"""Elements in which there are no tags, and how each ends."""
_WITH_REFERENCES = ("textarea", "title")


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


def mask_liquid(html: str, *, tags_as: str = "x") -> str:
    """Return a copy of the same length, in which letters without meaning stand for Liquid, and
    another character for its tags if so wished.
    """

    def masked(found: Markup) -> str:
        return (tags_as if found.text.startswith("{%") else "x") * len(found.text)

    return apply_edits(
        html, (Edit(found.start, found.end, masked(found)) for found in markup_in(html))
    )


def unescape(text: str) -> str:
    """Decode the character references of a text."""
    return entities.unescape(_LONG_NUMBER.sub(_short_number, text))


def _short_number(reference: re.Match[str]) -> str:
    """Python refuses to convert numbers of thousands of digits; no character has more than
    seven."""
    return f"&#{reference[1]}" if len(reference[1]) <= 7 else "&#9999999"


@dataclass(slots=True)
class StartTag:
    """Where a start tag stands in the source, in characters.

    `values` has the span of each attribute's value, with the quotes, None for an attribute without
    a value; of several attributes of one name the first counts.
    """

    name: str
    start: int
    name_end: int
    attributes_end: int
    end: int = 0
    values: dict[str, tuple[int, int] | None] = field(default_factory=dict)

    @property
    def style(self) -> tuple[int, int] | None:
        return self.values.get("style")


class HtmlReader:
    """Calls its methods for what a document consists of, in order."""

    html = ""

    def read(self, html: str) -> None:
        """A whole document. What has no end (a tag, a quoted value) is dropped, as browsers do."""
        self.html = html
        at = 0
        while found := _MARKUP.search(html, at):
            self._read_text(at, found.start())
            at = self._read_markup(found.start())
        self._read_text(at, len(html))

    def handle_start_tag(self, tag: StartTag) -> None: ...

    def handle_end_tag(self, name: str, start: int, end: int) -> None: ...

    def handle_text(self, text: str) -> None:
        """Of what stands between tags, with its character references decoded."""

    def handle_comment(self, start: int, end: int) -> None:
        """The span of a comment's content."""

    def handle_bogus_comment(self, start: int, end: int) -> None:
        """The span of the content of `<!…>` and `<?…>`, which browsers take for comments."""

    def handle_declaration(self, start: int, end: int) -> None:
        """The span of a doctype."""

    def value(self, tag: StartTag, name: str) -> str | None:
        """An attribute's value, None if there is no such attribute."""
        if name not in tag.values:
            return None
        span = tag.values[name]
        return unescape(unquoted(self.html[slice(*span)])) if span else ""

    # Each reads from a position and returns where to go on.

    def _read_text(self, start: int, end: int) -> None:
        if start < end:
            self.handle_text(unescape(self.html[start:end]))

    def _read_markup(self, start: int) -> int:
        match self.html[start + 1]:
            case "/":
                return self._read_end_tag(start)
            case "!" | "?":
                return self._read_declaration(start)
        return self._read_start_tag(start)

    def _read_start_tag(self, start: int) -> int:
        tag = self._tag(start, start + 1)
        if tag is None:
            return len(self.html)
        self.handle_start_tag(tag)
        if end := _END_OF_RAW.get(tag.name):
            return self._read_raw(tag, end)
        return tag.end

    def _read_raw(self, tag: StartTag, end_tag: re.Pattern[str]) -> int:
        found = end_tag.search(self.html, tag.end)
        end = found.start() if found else len(self.html)
        if tag.name in _WITH_REFERENCES:
            self._read_text(tag.end, end)
        elif end > tag.end:
            self.handle_text(self.html[tag.end : end])
        return end

    def _read_end_tag(self, start: int) -> int:
        following = self.html[start + 2 : start + 3]
        if not (following.isascii() and following.isalpha()):
            return self._after(">", start + 2)
        tag = self._tag(start, start + 2)
        if tag is None:
            return len(self.html)
        self.handle_end_tag(tag.name, start, tag.end)
        return tag.end

    def _read_declaration(self, start: int) -> int:
        if self.html.startswith("<!--", start):
            return self._read_comment(start)
        end = self._after(">", start)
        if self.html[start : start + len("<!doctype")].lower() == "<!doctype":
            self.handle_declaration(start, end)
        else:
            self.handle_bogus_comment(start + len("<!"), max(start + len("<!"), end - 1))
        return end

    def _read_comment(self, start: int) -> int:
        """To its first end: also of `<![endif]-->`, which is one to Outlook only."""
        found = _END_OF_COMMENT.search(self.html, start + len("<!"))
        content = start + len("<!--")
        if found is None:
            self.handle_comment(content, len(self.html))
            return len(self.html)
        self.handle_comment(content, max(content, found.start()))
        return found.end()

    def _after(self, mark: str, start: int) -> int:
        """Behind the next mark, or at the end."""
        return self.html.find(mark, start) + 1 or len(self.html)

    def _tag(self, start: int, name_at: int) -> StartTag | None:
        """None for one that does not end."""
        if found := _USUAL_TAG.match(self.html, name_at):
            return _usual_tag(found, start)
        html = self.html
        name_end = _matched(_NAME, html, name_at)
        tag = StartTag(html[name_at:name_end].lower(), start, name_end, name_end)
        at = name_end
        while (at := _matched(_BETWEEN_ATTRIBUTES, html, at)) < len(html):
            if html[at] == ">":
                tag.end = at + 1
                return tag
            end = self._read_attribute(tag, at)
            if end is None:
                return None
            at = tag.attributes_end = end
        return None

    def _read_attribute(self, tag: StartTag, at: int) -> int | None:
        html = self.html
        end = _matched(_ATTRIBUTE_NAME, html, at)
        name, span = html[at:end].lower(), None
        if equals := _EQUALS.match(html, end):
            start = equals.end()
            end = self._end_of_value(start)
            if end < 0:
                return None
            span = (start, end) if end > start else None
        tag.values.setdefault(name, span)
        return end

    def _end_of_value(self, start: int) -> int:
        """-1 for one whose quote is not closed."""
        quote = self.html[start : start + 1]
        if quote not in ("'", '"'):
            return _matched(_UNQUOTED, self.html, start)
        closing = self.html.find(quote, start + 1)
        return closing + 1 if closing >= 0 else -1


def _usual_tag(found: re.Match[str], start: int) -> StartTag:
    name_end, end = found.end(1), found.end(2)
    tag = StartTag(found[1].lower(), start, name_end, end, found.end())
    if end > name_end:
        for each in _USUAL_ATTRIBUTE.finditer(found.string, name_end, end):
            tag.values.setdefault(each[1].lower(), each.span(2))
    return tag


def unquoted(value: str) -> str:
    """An attribute's value in its source, without the quotes around it."""
    return value[1:-1] if value[:1] in ("'", '"') else value


def _matched(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where the match of a pattern that always matches ends."""
    found = pattern.match(text, at)
    return found.end() if found else at


class SourceTags(HtmlReader):
    """Finds start tags; what is in comments does not count."""

    def __init__(self, masked: str) -> None:
        self.tags: list[StartTag] = []
        self.content_start = 0
        """Where the content begins in a page without a body tag."""
        self.read(masked)

    def handle_start_tag(self, tag: StartTag) -> None:
        self.tags.append(tag)
        if tag.name == "html":
            self.content_start = tag.end

    def handle_end_tag(self, name: str, start: int, end: int) -> None:
        if name == "head":
            self.content_start = end

    def handle_declaration(self, start: int, end: int) -> None:
        self.content_start = end
