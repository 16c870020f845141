"""The Liquid of an MJML source in units that are not looked into.

A unit is one `{{ … }}` or `{% … %}`, or a whole block whose content is no part of the message where
it stands: a comment, a capture, what is raw.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext

from campaigns.rendering.liquid.environment import ENDS, Markup, markup_in
from campaigns.rendering.mjml.places import Wrong

WHOLE = ("capture", "comment", "doc", "raw")
DIVIDERS = ("else", "elsif", "when")
_CLOSERS = frozenset(ENDS.values())


def units_in(source: str) -> list[Markup]:
    """In order. The source is one that can be parsed as Liquid. Raises Wrong for elements of MJML
    in a block that would not be compiled."""
    return list(_units(source))


def _units(source: str) -> Iterator[Markup]:
    opened: Markup | None = None
    depth = 0
    for found in markup_in(source):
        if found.is_text:
            continue
        if opened is None and found.tag not in WHOLE:
            yield found
        elif opened is None:
            opened, depth = found, 1
        elif found.tag == opened.tag:
            depth += 1
        elif found.tag == ENDS.get(opened.tag, f"end{opened.tag}"):
            depth -= 1
        if opened is not None and depth == 0:
            yield _whole(source, opened, found)
            opened = None


def _whole(source: str, opened: Markup, closing: Markup) -> Markup:
    text = source[opened.start : closing.end]
    if opened.tag in ("capture", "raw") and ("<mj-" in text or "</mj-" in text):
        raise Wrong(
            gettext("{%% %(tag)s %%} has elements of MJML in it, which are not compiled there")
            % {"tag": opened.tag},
            opened.start,
        )
    return Markup(opened.start, closing.end, text)


class Units:
    """Finds the units within a span."""

    def __init__(self, source: str) -> None:
        self.all = units_in(source)
        self._starts = [unit.start for unit in self.all]

    def within(self, start: int, end: int) -> Sequence[Markup]:
        return self.all[bisect_left(self._starts, start) : bisect_left(self._starts, end)]


def tag_of(unit: Markup) -> str:
    """That of the block, for a whole one."""
    return "" if unit.text.startswith("{{") else _first_word(unit.text)


def _first_word(text: str) -> str:
    words = text[2:].lstrip("- \t\r\n").split(None, 1)
    return words[0].split("%}")[0].rstrip("-") if words else ""


def refuse_torn(units: Sequence[Markup], where: str) -> None:
    """Raise Wrong for a block that begins in a place and does not end there. The source as a whole
    can be parsed, so that counting is enough.
    """
    opened: list[Markup] = []
    for unit in units:
        tag = tag_of(unit)
        if tag in WHOLE:
            continue
        if tag in ENDS:
            opened.append(unit)
        elif tag in _CLOSERS and opened:
            opened.pop()
        elif tag in _CLOSERS or (tag in DIVIDERS and not opened):
            raise _torn(unit, gettext("belongs to a block that does not begin"), where)
    if opened:
        raise _torn(opened[-1], gettext("opens a block that does not end"), where)


def _torn(unit: Markup, does: str, where: str) -> Wrong:
    written = " ".join(unit.text[:60].split())
    return Wrong(
        gettext(
            "“%(written)s” %(does)s in %(where)s: a block of Liquid has to begin and end in "
            "one element, as MJML makes tables of them"
        )
        % {"written": written, "does": does, "where": where},
        unit.start,
    )
