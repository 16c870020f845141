"""The HTML of a message as a page: the preview text goes first in its body."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from campaigns.rendering.html.source import Edit, SourceTags, apply_edits, mask_liquid
from campaigns.rendering.liquid.environment import markup_in

_HIDDEN = "display:none;max-height:0;overflow:hidden;mso-hide:all"


def with_preview_text(html: str, preview_text: str) -> str:
    """The HTML template with the preview text, hidden, as the first thing in its body."""
    if not preview_text.strip():
        return html
    at = _start_of_body(html)
    preheader = f'<div style="{_HIDDEN}">{_escape_around_liquid(preview_text)}</div>'
    return apply_edits(html, [Edit(at, at, preheader)])


def _start_of_body(html: str) -> int:
    source = SourceTags(mask_liquid(html))
    bodies = (tag.end for tag in source.tags if tag.name == "body")
    return next(bodies, source.content_start)


def _escape_around_liquid(text: str) -> str:
    def pieces() -> Iterator[str]:
        at = 0
        for found in markup_in(text):
            yield escape(text[at : found.start]) + found.text
            at = found.end
        yield escape(text[at:])

    return "".join(pieces())
