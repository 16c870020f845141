"""Language tags as staff write them (BCP 47), and the names of languages."""

from __future__ import annotations

from babel import Locale
from babel.core import UnknownLocaleError

LETTERS_OF_SCRIPT, LETTERS_OF_REGION = 4, 2


def canonical(written: str) -> str:
    """As is usual, such as zh-Hans-CN for ZH_hans_cn."""
    first, *others = written.strip().replace("_", "-").split("-")
    return "-".join([first.lower(), *map(_subtag, others)])


def _subtag(written: str) -> str:
    if len(written) == LETTERS_OF_SCRIPT and written.isalpha():
        return written.capitalize()
    return written.upper() if len(written) == LETTERS_OF_REGION else written.lower()


def named(tag: str) -> str:
    """For staff, such as “German (de)”; a tag without a known name as it is."""
    try:
        name = Locale.parse(canonical(tag), sep="-").get_display_name("en")
    except (UnknownLocaleError, ValueError):
        return tag
    return f"{name} ({canonical(tag)})" if name else tag
