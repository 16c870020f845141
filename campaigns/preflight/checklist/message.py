"""The message that is checked, as plain data: what staff wrote, and what a launch would freeze."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from django.utils.translation import gettext

from campaigns import wording
from campaigns.preflight.checklist.document import Document
from campaigns.preflight.checklist.findings import MOST_PLACES, Finding, Place
from campaigns.rendering.html.hrefs import Href, hrefs_in
from campaigns.rendering.html.source import unescape
from campaigns.rendering.liquid.environment import line_at, markup_in

LONGEST_WRITTEN = 80
MOST_SOUGHT = 20


class Spot(NamedTuple):
    """Where something stands in the HTML, -1 where that is not known, what is written there, and
    what is wrong with it."""

    at: int
    written: str
    why: str = ""

    @property
    def example(self) -> str:
        if not self.written.strip():
            return ""
        values = {"written": short(self.written), "why": self.why}
        if self.why:
            return gettext(", such as “%(written)s”, which %(why)s") % values
        return gettext(", such as “%(written)s”") % values


@dataclass(slots=True)
class Written:
    """What staff wrote. `blocks` has of each block its key and all its texts; `kind` is that of
    the template's format: html, mjml or blocks."""

    subject: str = ""
    preview_text: str = ""
    html: str = ""
    text: str = ""
    kind: str = "html"
    mjml: str = ""
    blocks: list[tuple[str, list[str]]] = field(default_factory=list)


@dataclass
class Message:
    """`frozen_html` and `frozen_text` are what a launch would freeze, "" where that cannot be made.
    `in_china` counts the recipients there; `asks_for_label` is a setting of the owner.
    """

    written: Written
    frozen_html: str = ""
    frozen_text: str = ""
    postal_address: str = ""
    in_china: int = 0
    asks_for_label: bool = False

    @cached_property
    def document(self) -> Document:
        return Document(self.written.html)

    @cached_property
    def hrefs(self) -> list[Href]:
        return hrefs_in(self.written.html)

    @cached_property
    def frozen(self) -> Document:
        return Document(self.frozen_html)

    def placed(self, finding: Finding, spots: Sequence[Spot]) -> Finding:
        """With the places of the first of these spots: each is looked for in the whole source."""
        places = tuple(map(self._place, spots[:MOST_PLACES]))
        return replace(finding, places=places, number=len(spots))

    def _place(self, spot: Spot) -> Place:
        """Of HTML made of MJML or blocks, where what is written there stands in these."""
        said = short(f"{spot.written} {spot.why}".strip())
        match self.written.kind:
            case "mjml":
                at = _found(self.written.mjml, spot.written)
                return Place("mjml", line_at(self.written.mjml, at) if at >= 0 else 0, written=said)
            case "blocks":
                return self._block(spot.written, said)
        return Place(
            "html", line_at(self.written.html, spot.at) if spot.at >= 0 else 0, written=said
        )

    def _block(self, text: str, said: str) -> Place:
        for number, (key, texts) in enumerate(self.written.blocks, 1):
            if any(_found(each, text) >= 0 for each in texts):
                return Place("blocks", 0, number, key, said)
        return Place("blocks", written=said)

    def own(self, spots: Sequence[Spot]) -> Sequence[Spot]:
        """Those that staff wrote themselves: what MJML is compiled to is made for mail programs.
        Of so many spots that differ, MOST_SOUGHT are looked for."""
        if self.written.kind == "html":
            return spots
        sought = dict.fromkeys(spot.written.lower() for spot in spots)
        own = {text for text in list(sought)[:MOST_SOUGHT] if self._is_own(text)}
        return [spot for spot in spots if spot.written.lower() in own]

    def _is_own(self, text: str) -> bool:
        if self.written.kind == "mjml":
            return text in self._lower_mjml
        return any(text in each.lower() for _, texts in self.written.blocks for each in texts)

    @cached_property
    def _lower_mjml(self) -> str:
        return " ".join(self.written.mjml.lower().split())


def short(written: str) -> str:
    one_line = " ".join(written[: 4 * LONGEST_WRITTEN].split())
    return one_line if len(one_line) <= LONGEST_WRITTEN else f"{one_line[:LONGEST_WRITTEN]}…"


def _found(source: str, text: str) -> int:
    """Where a text stands, as it is or with its character references; -1 if it does not."""
    if not text.strip():
        return -1
    spellings = (text, text.replace("&", "&amp;"), unescape(text))
    return max(source.find(each) for each in spellings)


def literal(source: str) -> str:
    """A template without its Liquid."""
    parts, at = [], 0
    for found in markup_in(source):
        parts.append(source[at : found.start])
        at = found.end
    return "".join([*parts, source[at:]])


def listed(names: Iterable[str], most: int = 4) -> str:
    """Such as “a, b and 3 more”."""
    all_: Sequence[str] = list(dict.fromkeys(names))
    if len(all_) > most:
        values = {"names": wording.listed(all_[:most]), "count": len(all_) - most}
        return gettext("%(names)s and %(count)s more") % values
    if len(all_) < 2:
        return "".join(all_)
    return gettext("%(names)s and %(last)s") % {
        "names": wording.listed(all_[:-1]),
        "last": all_[-1],
    }


def texts_in(value: Any) -> Iterator[str]:
    """All of what is stored as JSON, such as blocks."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_in(each)
