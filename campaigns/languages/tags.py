"""Language tags as staff write them (BCP 47), and the names of languages."""

from __future__ import annotations

from collections.abc import Sequence

from babel import Locale
from babel.core import UnknownLocaleError, get_global
from django.utils.translation import get_language

LETTERS_OF_SCRIPT, LETTERS_OF_REGION = 4, 2
USUAL = (
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu",
    "id", "it", "ja", "ko", "lt", "lv", "ms", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk",
    "sl", "sr", "sv", "th", "tr", "uk", "vi", "zh-Hans", "zh-Hant",
)  # fmt: skip
"""Languages that are proposed."""


def canonical(written: str) -> str:
    """As is usual, such as zh-Hans-CN for ZH_hans_cn."""
    first, *others = written.strip().replace("_", "-").split("-")
    return "-".join([first.lower(), *map(_subtag, others)])


def _subtag(written: str) -> str:
    if len(written) == LETTERS_OF_SCRIPT and written.isalpha():
        return written.capitalize()
    return written.upper() if len(written) == LETTERS_OF_REGION else written.lower()


def unknown_part(tag: str) -> str:
    """The first part of a tag that names no language, script, region or variant; "" for none."""
    first, *others = canonical(tag).split("-")
    english = Locale("en")
    aliases = get_global("language_aliases")
    if first not in english.languages and first not in aliases:
        return first
    known = {*english.scripts, *english.territories, *map(str.lower, english.variants)}
    return next((each for each in others if each not in known), "")


def named(tag: str) -> str:
    """For staff, in the language that they read, such as “German (de)”; a tag without a known name
    as it is.
    """
    name = _name(tag)
    return f"{name} ({canonical(tag)})" if name else tag


def usual() -> Sequence[tuple[str, str]]:
    """Tags that are proposed, with their names, by name."""
    return sorted(((tag, _name(tag)) for tag in USUAL), key=lambda each: each[1])


def _name(tag: str) -> str:
    reader = (get_language() or "en").replace("-", "_")
    try:
        return Locale.parse(canonical(tag), sep="-").get_display_name(_locale(reader)) or ""
    except (UnknownLocaleError, ValueError):
        return ""


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return Locale("en")
