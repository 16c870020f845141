"""Marks for previews, where a variable is missing: put in a template, and found in what it becomes.

A mark is the variable's name between two characters that no message has; the first says whether a
default comes out in its place. Runs in a worker.
"""

from __future__ import annotations

import html as entities
import re
from bisect import bisect_right

from django.utils.translation import gettext

from campaigns.rendering.html.source import Edit, HtmlReader, StartTag, apply_edits
from campaigns.rendering.liquid.environment import Markup, markup_in
from campaigns.rendering.template_work import PARSING
from sandbox import bounded

MOST_SHOWN = 200
OPEN, CLOSE, DEFAULTS = "\ue000", "\ue001", "\ue002"
_MARK = re.compile(f"([{OPEN}{DEFAULTS}])([^{OPEN}{CLOSE}{DEFAULTS}]{{1,200}}){CLOSE}")
_VARIABLE = re.compile(
    r"\{\{-?\s*+([^\W\d][\w-]*+(?:\.[\w-]++|\[[^\[\]{}]{1,60}\])*+)\s*+(?=[|}-])"
)
_HAS_DEFAULT = re.compile(r"\|\s*+default\b")
_LOOKS = "background:#fde68a;color:#78350f;border-radius:3px;padding:0 .25em;font-style:italic"


@bounded(PARSING)
def in_templates(sources: list[str]) -> list[str]:
    """Each source, with a mark that comes out before each variable that is missing."""
    return [apply_edits(source, _edits(source)) for source in sources]


def _edits(source: str) -> list[Edit]:
    return [
        Edit(found.start, found.start, condition)
        for found in markup_in(source)
        if (condition := _condition(found))
    ]


def _condition(found: Markup) -> str:
    """ "" for an output of no variable."""
    variable = _VARIABLE.match(found.text)
    if found.is_text or variable is None:
        return ""
    name, opening = variable[1], DEFAULTS if _HAS_DEFAULT.search(found.text) else OPEN
    trims = "-" if found.text.startswith("{{-") else ""
    return f'{{%{trims} if {name} == nil or {name} == "" %}}{opening}{name}{CLOSE}{{% endif %}}'


def names_in(text: str) -> tuple[list[str], list[str]]:
    """The variables that are missing, and those that fall back to a default, each once."""
    found = dict.fromkeys(_MARK.findall(text))
    missing, fall_back = ([n for is_of, n in found if is_of == o] for o in (OPEN, DEFAULTS))
    return missing, fall_back


def without(text: str) -> str:
    return _MARK.sub("", text)


@bounded(PARSING)
def shown(html: str) -> str:
    """The message with the marks made visible. Those in tags, styles and titles are taken out, as
    are those where a default stands, and those after MOST_SHOWN.
    """
    places = _Texts(html)
    edits: list[Edit] = []
    number = 0
    for found in _MARK.finditer(html):
        is_seen = found[1] == OPEN and places.has(found.start()) and number < MOST_SHOWN
        number += is_seen
        edits.append(Edit(*found.span(), _seen(found[2]) if is_seen else ""))
    return apply_edits(html, edits)


def _seen(name: str) -> str:
    text = gettext("no %(name)s") % {"name": name}
    return f'<mark style="{_LOOKS}">{entities.escape(text)}</mark>'


class _Texts(HtmlReader):
    """Where text stands that is seen."""

    def __init__(self, html: str) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._is_raw = False
        self.read(html)

    def has(self, at: int) -> bool:
        index = bisect_right(self._starts, at) - 1
        return index >= 0 and at < self._ends[index]

    def _read_text(self, start: int, end: int) -> None:
        if start < end and not self._is_raw:
            self._starts.append(start)
            self._ends.append(end)

    def _read_raw(self, tag: StartTag, end_tag: re.Pattern[str]) -> int:
        self._is_raw = True
        end = super()._read_raw(tag, end_tag)
        self._is_raw = False
        return end
