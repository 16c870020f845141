"""Check for what is still there of the sample that a message was begun with."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from string import punctuation
from typing import NamedTuple

from django.utils.translation import gettext

from campaigns.blocks import markup
from campaigns.preflight.checklist.document import Document
from campaigns.preflight.checklist.findings import MOST_PLACES, Finding, Level, Place
from campaigns.preflight.checklist.message import Message, Spot, listed, short, texts_in
from campaigns.rendering.html.hrefs import unescape_attribute
from campaigns.rendering.html.source import mask_liquid

FOLDER = Path(__file__).parents[2] / "starters"
SHORTEST = 20
"""Characters of a sentence that is taken for a sample's: shorter ones others write, too."""
FEWEST_WIDE = 8
"""Letters that are enough for that in Chinese."""
NAMED = 3
_HOST = "https://example.com/"
# Of what is printed by Liquid a document keeps as many x as it is long.
_END = re.compile(r"(?<=[.!?]) |(?<=[。！？])|x{5,}")
_AROUND = f"{punctuation} ，。：；！？、…"


class Samples(NamedTuple):
    """`sentences` as `sentences_in` returns them, and in lower case."""

    sentences: frozenset[str]
    addresses: frozenset[str]


def sentences_in(texts: Iterable[str]) -> Iterator[str]:
    """Those that say enough to be known again, without the signs around them. Liquid ends one."""
    for text in texts:
        for part in _END.split(" ".join(text.replace("’", "'").split())):
            sentence = part.strip(_AROUND)
            if _is_characteristic(sentence):
                yield sentence


def _is_characteristic(sentence: str) -> bool:
    if len(sentence) >= SHORTEST:
        return True
    wide = (each for each in sentence if unicodedata.east_asian_width(each) == "W")
    return len(sentence) >= FEWEST_WIDE and sum(map(str.isalpha, wide)) >= FEWEST_WIDE


@cache
def samples() -> Samples:
    """What the samples say, but for what is as good in a message of one's own."""
    in_blocks = [text for path in (FOLDER / "blocks").glob("*.json") for text in _strings(path)]
    documents = [_body(path) for path in FOLDER.glob("*.mjml")]
    documents += (Document(markup.to_html(text, "")) for text in in_blocks)
    words = [*_strings(FOLDER / "subjects.json")]
    addresses = set(in_blocks)
    for document in documents:
        words += document.words
        addresses |= {document.attribute(tag, "href") or "" for tag in document.tags}
    links = {each for each in addresses if each.startswith(_HOST) and each != _HOST}
    said = _lower(words) - _lower(_strings(FOLDER / "may_stay.json"))
    return Samples(frozenset(said), frozenset(links))


def _body(path: Path) -> Document:
    return Document(path.read_text("utf-8").partition("</mj-head>")[2])


def _strings(path: Path) -> Iterator[str]:
    """All of a file of JSON."""
    return texts_in(json.loads(path.read_text("utf-8")))


def _lower(texts: Iterable[str]) -> set[str]:
    return {each.lower() for each in sentences_in(texts) if not each.startswith(_HOST)}


def sample_text(message: Message) -> Iterator[Finding]:
    written = message.written
    heads = [
        (sentence, Place(field, 1))
        for field in ("subject", "preview_text")
        for sentence in _of_samples([mask_liquid(getattr(written, field), tags_as=" ")])
    ]
    texts = _of_samples(message.document.words)
    links = _links(message)
    if not heads and not texts and not links:
        return
    spots = [Spot(written.html.find(each), each) for each in (*texts, *links)]
    named = [*(sentence for sentence, _ in heads), *(spot.written for spot in spots)]
    finding = Finding(
        "sample_text",
        Level.WARNING,
        gettext("There is still text of a sample in the message: %(texts)s.")
        % {"texts": listed((f"“{short(each)}”" for each in named), NAMED)},
        gettext("Recipients read words and open links that were there to be replaced."),
        gettext("Write your own in their place, or take the part out."),
    )
    placed = message.placed(finding, spots)
    places = (*(place for _, place in heads), *placed.places)[:MOST_PLACES]
    yield replace(placed, places=places, number=len(heads) + len(spots))


def _of_samples(texts: Iterable[str]) -> list[str]:
    known = samples().sentences
    return list(dict.fromkeys(each for each in sentences_in(texts) if each.lower() in known))


def _links(message: Message) -> list[str]:
    known = samples().addresses
    found = (unescape_attribute(href.source).strip() for href in message.hrefs)
    return list(dict.fromkeys(each for each in found if each in known))


CHECKS = (sample_text,)
