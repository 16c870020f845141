"""The links in HTML source, Outlook's conditional comments included, and where they lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from typing import NamedTuple
from urllib.parse import urlsplit

from django.utils.encoding import iri_to_uri

from campaigns.html_source import SourceTags, StartTag, mask_liquid, unescape, unquoted
from campaigns.liquid import markup_in

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
    """The value of a link's href attribute: where it stands with its quotes, and its source."""

    start: int
    end: int
    source: str
    in_comment: bool = False


def hrefs_in(html: str) -> list[Href]:
    """Every href of a, area and Outlook's shapes, in the order of the source.

    Liquid between quotes belongs to the value.
    """
    masked = mask_liquid(html)
    tags = _Tags(masked)
    found = list(_hrefs(html, tags.tags, 0, in_comment=False))
    for start, end in tags.conditional:  # a comment has none within
        found += _hrefs(html, SourceTags(masked[start:end]).tags, start, in_comment=True)
    return sorted(found)


def _hrefs(html: str, tags: list[StartTag], at: int, *, in_comment: bool) -> Iterator[Href]:
    for tag in tags:
        if _is_link(tag) and (span := tag.values.get("href")):
            start, end = at + span[0], at + span[1]
            yield Href(start, end, unquoted(html[start:end]), in_comment)


def _is_link(tag: StartTag) -> bool:
    return tag.name in ("a", "area") or tag.name.startswith("v:")


class _Tags(SourceTags):
    """Also knows where the content of conditional comments stands."""

    def __init__(self, masked: str) -> None:
        self.conditional: list[tuple[int, int]] = []
        super().__init__(masked)

    def handle_comment(self, start: int, end: int) -> None:
        if condition := _CONDITIONAL.match(self.html, start, end):
            self.conditional.append((condition.end(), end))


def destination_of(source: str) -> str | None:
    """Where a literal href leads, None for what is no address on the web."""
    address = unescape_attribute(source).translate(_REMOVED_FROM_URLS).strip(_AROUND_URLS)
    if len(iri_to_uri(address)) > MAX_DESTINATION or not _WEB.match(address):
        return None
    address = _as_browsers_read(address)
    return address if _can_be_read(address) else None


def site_of(source: str) -> str | None:
    """Scheme and host of an href, also of one with Liquid in it; None unless both are literal, so
    that nobody's values can lead elsewhere.
    """
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
