"""Finding a part of the documents by words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from guide.markdown import Passage
from guide.reading import Page

MOST = 30
MOST_CHARACTERS = 200
"""Of the words: the command palette passes on what an address may hold."""
BEFORE, AFTER = 60, 160
"""Characters around the first word that are shown."""
_HALF_A_WORD = re.compile(r" [A-Za-z0-9]{1,30}$")


@dataclass(frozen=True, slots=True)
class Hit:
    page: Page
    passage: Passage
    rank: int
    """Lower is better: 0 when a title has all of the words."""

    @property
    def url(self) -> str:
        is_whole = self.passage is self.page.passages[0]
        return self.page.url if is_whole else f"{self.page.url}#{self.passage.heading.anchor}"

    @property
    def heading(self) -> str:
        """Of the part, where it is not the document's title."""
        is_whole = self.passage is self.page.passages[0]
        return "" if is_whole else self.passage.heading.text

    def excerpt(self, words: str) -> str:
        text = self.passage.text
        places = [place for word in words.lower().split() if (place := text.lower().find(word)) > 0]
        start = max(0, min(places, default=0) - BEFORE)
        start = text.find(" ", start) + 1 if start else 0
        end = start + BEFORE + AFTER
        shown = text[start:end].strip()
        if end < len(text):
            shown = f"{_HALF_A_WORD.sub('', shown)} …"
        return f"… {shown}" if start else shown


def search(pages: Iterable[Page], words: str) -> list[Hit]:
    """The parts that contain each of the words, the best first."""
    asked = words[:MOST_CHARACTERS].lower().split()
    hits = [hit for page in pages for hit in _of_page(page, asked)] if asked else []
    return sorted(hits, key=lambda hit: hit.rank)[:MOST]


def _of_page(page: Page, asked: list[str]) -> Iterator[Hit]:
    for passage in page.passages:
        rank = _rank(page, passage, asked)
        if rank is not None:
            yield Hit(page, passage, rank)


def _rank(page: Page, passage: Passage, asked: list[str]) -> int | None:
    """A part whose own words have none of those asked is not found by its document's title."""
    own = f"{passage.heading.text} {passage.text}"
    if _has(passage.heading.text, asked):
        return 0 if passage is page.passages[0] else 1
    if _has(f"{page.title} {own}", asked) and any(word in own.lower() for word in asked):
        return 2
    return None


def _has(text: str, asked: list[str]) -> bool:
    lowered = text.lower()
    return all(word in lowered for word in asked)
