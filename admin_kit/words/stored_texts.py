"""Texts of the product that are stored: English in the database, translated where they are shown.

What a process without a reader stores, such as an error of a provider, is English, with its values
in it. `shown` finds it among the texts of the catalog, whose places stand for any value. A value
called `reason` or the like is again such a text, and so is each sentence of several.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from babel.messages.mofile import read_mo
from django import template
from django.conf import settings
from django.utils.translation import get_language, override, to_locale

from admin_kit.words.listing import listed

register = template.Library()
LANGUAGE = "en"
"""Of what is stored."""
LONGEST = 2000
"""In characters; longer texts are not ours."""
PLACE = re.compile(r"%\((\w+)\)s")
DEEPEST = 5
"""Texts within texts."""
MOST_SEARCHES = 120
"""Of the catalog, for one text."""
REASONS = frozenset({"reason", "why", "problem", "error", "failure", "part"})
"""Places whose value is such a text."""
LISTS = frozenset({"parts"})
"""Places whose value is a list of such texts, with commas."""
EXACT = "part"
"""A place whose value is in the catalog as it is, without places: a text may say little else."""
SERVERS_OWN = re.compile(r"[A-Z][^.]*|\S+")
"""What the product never says of a reply alone: it says sentences, or several small words."""
FEWEST_LETTERS, FEWEST_AFTER_A_PLACE = 5, 8
"""Of what stands between the places: fewer would be found in what others wrote, and sooner where
a text begins with any value."""


class _Pattern(NamedTuple):
    """What stands between the places of a text, and what it is called in the other language."""

    fixed: tuple[str, ...]
    names: tuple[str, ...]
    translated: str

    def may_fit(self, text: str) -> bool:
        return text.startswith(self.fixed[0]) and text.endswith(self.fixed[-1])


def in_english() -> AbstractContextManager[None]:
    """Around what stores a text while a page is asked for in another language."""
    return override(LANGUAGE)


@register.filter
def shown(stored: object) -> str:
    """In the language of the reader, if it is a text of the product; else as it is."""
    text, language = str(stored), get_language()
    if not language or language.startswith(LANGUAGE) or len(text) > LONGEST:
        return text
    return _shown(text, to_locale(language))


@register.filter
def shown_reply(stored: object) -> str:
    """Of what a server may have said: its own words, such as “Accepted”, stay as they are, also
    where the product says the same."""
    text = str(stored)
    whole, _ = _catalog(to_locale(get_language() or LANGUAGE))
    return text if SERVERS_OWN.fullmatch(text) and text in whole else shown(text)


@lru_cache(4096)
def _shown(text: str, locale: str) -> str:
    return _Reading(locale).shown(text)


class _Reading:
    """Of one stored text, which may come from a server that means harm: what it nests and how often
    the catalog is searched for it have an end, behind which all stays as it is."""

    def __init__(self, locale: str) -> None:
        self._whole, self._patterns = _catalog(locale)
        self._left, self._depth = MOST_SEARCHES, 0

    def shown(self, text: str) -> str:
        read = ""
        while (found := self._found(text)) is None:
            head, stop, rest = text.partition(". ")
            first = self._found(f"{head}.") if stop else None
            if first is None:
                return read + text
            read, text = read + first, rest
        return read + found

    def _found(self, text: str) -> str | None:
        if text in self._whole:
            return self._whole[text]
        self._left -= 1
        if self._left < 0:
            return None
        fitting = (each for each in self._patterns if each.may_fit(text))
        return next(filter(None, (self._filled(each, text) for each in fitting)), None)

    def _filled(self, pattern: _Pattern, text: str) -> str | None:
        values = _values(pattern.fixed, text)
        named = dict(zip(pattern.names, values or (), strict=False))
        if values is None or (EXACT in named and named[EXACT] not in self._whole):
            return None
        read = {name: self._value(name, value) for name, value in named.items()}
        if any(
            _runs_on(name, value, value != read[name], pattern) for name, value in named.items()
        ):
            return None
        return pattern.translated % read

    def _value(self, name: str, value: str) -> str:
        if self._depth == DEEPEST or name not in REASONS | LISTS:
            return value
        self._depth += 1
        try:
            texts = value.split(", ") if name in LISTS else [value]
            return listed(self.shown(each) for each in texts)
        finally:
            self._depth -= 1


@cache
def _catalog(locale: str) -> tuple[dict[str, str], list[_Pattern]]:
    """Texts without places, and those with some; what says most of itself comes first."""
    whole: dict[str, str] = {}
    patterns: list[_Pattern] = []
    for text, translated in _translations(locale):
        places = PLACE.findall(text)
        if places:
            fixed = tuple(each.replace("%%", "%") for each in PLACE.split(text)[::2])
            patterns.append(_Pattern(fixed, tuple(places), translated))
        else:
            whole[text] = translated
    told = [each for each in patterns if _is_telling(each)]
    return whole, sorted(told, key=_letters, reverse=True)


def _translations(locale: str) -> list[tuple[str, str]]:
    """Of each form of a plural the last one translated: that for many."""
    found: list[tuple[str, str]] = []
    for folder in settings.LOCALE_PATHS:
        path = Path(folder) / locale / "LC_MESSAGES" / "django.mo"
        if path.exists():
            with path.open("rb") as file:
                for message in read_mo(file):
                    translated = _forms(message.string)[-1]
                    texts = [] if message.context else _forms(message.id)
                    found += [(text, translated) for text in texts if text]
    return [each for each in found if each[1] and _has_its_values(*each)]


def _has_its_values(text: str, translated: str) -> bool:
    """A text for one, such as “day”, may not say the number that its translation says."""
    return set(PLACE.findall(translated)) <= set(PLACE.findall(text))


def _forms(text: str | Sequence[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ("",))


def _runs_on(name: str, value: str, is_known: bool, pattern: _Pattern) -> bool:
    """Whether a value has taken in the sentences behind its own. One that is a text may be several,
    unless the stop behind it is not its own."""
    if name not in REASONS:
        return ". " in value
    after = pattern.fixed[pattern.names.index(name) + 1]
    return ". " in value and after.startswith(".") and not is_known


def _is_telling(pattern: _Pattern) -> bool:
    if EXACT in pattern.names:
        return True
    return _letters(pattern) >= (FEWEST_LETTERS if pattern.fixed[0] else FEWEST_AFTER_A_PLACE)


def _letters(pattern: _Pattern) -> int:
    return sum(letter.isalpha() for each in pattern.fixed for letter in each)


def _values(fixed: tuple[str, ...], text: str) -> list[str] | None:
    """What stands in the places of a text that may fit, each up to the next fixed part; none if the
    text is another."""
    first, *between, last = fixed
    if len(text) < len(first) + len(last):
        return None
    rest, values = text[len(first) : len(text) - len(last)], []
    for each in between:
        value, found, rest = rest.partition(each)
        if not found:
            return None
        values.append(value)
    return [*values, rest]
