"""Find the links in HTML source, including Outlook's conditional comments, and their
destinations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from typing import NamedTuple
from urllib.parse import urlsplit

from django.utils.encoding import iri_to_uri

from campaigns.rendering.html.shown_addresses import MOST_CHARACTERS
from campaigns.rendering.html.source import SourceTags, StartTag, mask_liquid, unescape, unquoted
from campaigns.rendering.liquid.environment import markup_in

MOST_PIECES = 50
"""How many pieces of text, between tags, make up the text of a link at most."""
MAX_DESTINATION = 8_000  # bytes, as it is written in a header
_CONDITIONAL = re.compile(r"\s*\[if\b[^\]]*\]>", re.IGNORECASE)
_REFERENCE = re.compile(r"&(#[xX][0-9a-fA-F]+;?|#[0-9]+;?|[a-zA-Z][a-zA-Z0-9]*;?)")
# Scheme and host, and where the host surely ends. Two back-slashes without a scheme can be the
# beginning of a path in a Windows network.
_WEB = re.compile(r"(?:https?:[/\\]{2}|//)[^/\\?#\s\"'<>]++(?=[/\\?#]|\Z)", re.IGNORECASE)
_BEFORE_QUERY = re.compile(r"[^?#]*+")
_REMOVED_FROM_URLS = str.maketrans("", "", "\t\r\n")
_AROUND_URLS = "".join(map(chr, range(33)))  # the space and what comes before it


class Href(NamedTuple):
    """The value of a link's href attribute: where it stands with its quotes, and its source; the
    text of the link, in which letters without meaning stand for Liquid.
    """

    start: int
    end: int
    source: str
    in_comment: bool = False
    text: str = ""


def hrefs_in(html: str) -> list[Href]:
    """Every href of a, area and Outlook's shapes, in the order of the source.

    Liquid between quotes belongs to the value.
    """
    masked = mask_liquid(html)
    document = _Links(masked)
    found = list(_hrefs(html, document, 0, in_comment=False))
    for start, end in document.conditional:  # a comment has none within
        found += _hrefs(html, _Links(masked[start:end]), start, in_comment=True)
    return sorted(found)


def _hrefs(html: str, document: _Links, at: int, *, in_comment: bool) -> Iterator[Href]:
    for tag in document.tags:
        if _is_link(tag) and (span := tag.values.get("href")):
            start, end = at + span[0], at + span[1]
            source = unquoted(html[start:end])
            yield Href(start, end, source, in_comment, document.text_of(tag))


def _is_link(tag: StartTag) -> bool:
    return tag.name in ("a", "area") or tag.name.startswith("v:")


class _Links(SourceTags):
    """Also knows the texts of links, and where the content of conditional comments stands."""

    def __init__(self, masked: str) -> None:
        self.conditional: list[tuple[int, int]] = []
        self._texts: list[str] = []
        self._spans: dict[int, tuple[int, int | None]] = {}
        """Of texts, by where a link's start tag stands."""
        self._open: dict[str, int] = {}
        self._is_code = False
        super().__init__(masked)

    def text_of(self, tag: StartTag) -> str:
        """Its beginning, at least as much as `shown_addresses` checks."""
        first, end = self._spans.get(tag.start, (0, 0))
        most = first + MOST_PIECES
        return "".join(self._texts[first : most if end is None else min(end, most)])

    def handle_start_tag(self, tag: StartTag) -> None:
        super().handle_start_tag(tag)
        self._is_code = tag.name in ("script", "style")
        if _is_link(tag) and not self._is_empty(tag):
            self._close(tag.name)
            self._open[tag.name] = tag.start
            self._spans[tag.start] = (len(self._texts), None)

    def _is_empty(self, tag: StartTag) -> bool:
        return tag.name == "area" or (tag.name != "a" and self.html[tag.end - 2] == "/")

    def handle_end_tag(self, name: str, start: int, end: int) -> None:
        super().handle_end_tag(name, start, end)
        self._is_code = False
        self._close(name)

    def _close(self, name: str) -> None:
        """A link ends at the latest where the next of its name begins."""
        if name in self._open:
            start = self._open.pop(name)
            self._spans[start] = (self._spans[start][0], len(self._texts))

    def handle_text(self, text: str) -> None:
        if self._open and not self._is_code:
            self._texts.append(text[: MOST_CHARACTERS + 1])

    def handle_comment(self, start: int, end: int) -> None:
        if condition := _CONDITIONAL.match(self.html, start, end):
            self.conditional.append((condition.end(), end))


def destination_of(source: str) -> str | None:
    """The URL of a literal href; None if it is no web address."""
    address = unescape_attribute(source).translate(_REMOVED_FROM_URLS).strip(_AROUND_URLS)
    if len(iri_to_uri(address)) > MAX_DESTINATION or not _WEB.match(address):
        return None
    address = _as_browsers_read(address)
    return address if _can_be_read(address) else None


def site_of(source: str) -> str | None:
    """Scheme and host of an href, also of one with Liquid in it; None unless both are literal, so
    that a recipient's values cannot change them."""
    first = next(markup_in(source), None)
    literal = source[: first.start] if first else source
    address = unescape_attribute(literal).translate(_REMOVED_FROM_URLS).lstrip(_AROUND_URLS)
    web = _WEB.match(address)
    if web is None or (first and web.end() == len(address)):
        return None
    return _as_browsers_read(web[0]) if _can_be_read(_as_browsers_read(address)) else None


def _as_browsers_read(address: str) -> str:
    """With a scheme, and with slashes for the back-slashes in front of its query."""
    path = _BEFORE_QUERY.match(address)
    end = path.end() if path else 0
    address = address[:end].replace("\\", "/") + address[end:]
    return f"https:{address}" if address.startswith("//") else address


def unescape_attribute(value: str) -> str:
    """Decode the character references of an attribute as browsers do: `&copy=1` is none there,
    though it would be one in a text.
    """

    def decoded(reference: re.Match[str]) -> str:
        name = reference[1]
        followed_by_equals = value[reference.end() : reference.end() + 1] == "="
        if name.startswith("#") or name in html5 and (name[-1] == ";" or not followed_by_equals):
            return unescape(reference[0])
        return reference[0]

    return _REFERENCE.sub(decoded, value)


def _can_be_read(address: str) -> bool:
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False
