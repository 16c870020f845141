"""Detect domains with non-ASCII letters that can be mistaken for another domain.

A domain is shown decoded only if each of its labels is in one script, or in those that Chinese,
Japanese and Korean are written in ("highly restrictive" in Unicode TS 39), and has no invisible
characters. Else it is shown as it is stored: xn--….
"""

from __future__ import annotations

import re
import unicodedata

_WRITTEN_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)
_SAME = {"IDEOGRAPHIC": "CJK", "EXTENDED": "ARABIC"}
"""By the first word of a character's name its script, where the two differ."""
_AS_LATIN = frozenset("асԁеһіјӏорԛѕԝхуѵ" + "ονρυια")
"""Letters of Cyrillic and Greek that look like Latin ones."""
_USUAL_LATIN = re.compile(r"[a-z\u00df-\u024f\u1e00-\u1eff]")
"""Many of the other letters cannot be told from these in small type."""


def is_deceptive(domain: str) -> bool:
    """`domain` is in lower case, with its labels decoded."""
    labels = domain.split(".")
    if any(_is_odd(label) for label in labels):
        return True
    return labels[-1].isascii() and any(
        not label.isascii() and _AS_LATIN.issuperset(_letters(label)) for label in labels
    )


def _is_odd(label: str) -> bool:
    if label.isascii():
        return False
    scripts = {_script(character) for character in label if _tells_script(character)}
    if "COMBINING" in scripts or any(unicodedata.category(one)[0] == "C" for one in label):
        return True
    if "LATIN" in scripts and not all(map(_is_usual, label)):
        return True
    return len(scripts) > 1 and not any(scripts <= together for together in _WRITTEN_TOGETHER)


def _tells_script(character: str) -> bool:
    is_letter_or_mark = unicodedata.category(character)[0] in "LM"
    return is_letter_or_mark or (character.isnumeric() and not character.isascii())


def _script(character: str) -> str:
    first = re.split("[ -]", unicodedata.name(character, ""), maxsplit=1)[0]
    return _SAME.get(first, first)


def _is_usual(character: str) -> bool:
    is_latin = unicodedata.category(character)[0] == "L" and _script(character) == "LATIN"
    return not is_latin or _USUAL_LATIN.fullmatch(character) is not None


def _letters(label: str) -> str:
    return "".join(one for one in label if one.isalpha())
