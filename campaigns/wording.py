"""Numbers in sentences for staff, in their language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext

from admin_kit.words.listing import listed as listed

Text = str | Promise
"""Said in the language of the moment at which it is shown."""

_FILLED_IN = re.compile(r"\{\{-?\s*+([A-Za-z_][\w.]*+)[^{}]*+\}\}")
_CHOSEN = re.compile(r"\{%[^{}]*+\}")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Such as “1 recipient” and “2,000 recipients”, of texts that stay English."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def filled(text: str, number: int) -> str:
    """Such as “2,000 recipients”, of the plural form for this number with its %(count)s."""
    return text % {"count": f"{number:,}"}


def recipients(number: int) -> str:
    return filled(ngettext("%(count)s recipient", "%(count)s recipients", number), number)


def contacts(number: int) -> str:
    return filled(ngettext("%(count)s contact", "%(count)s contacts", number), number)


def campaigns(number: int) -> str:
    return filled(ngettext("%(count)s campaign", "%(count)s campaigns", number), number)


def messages(number: int) -> str:
    return filled(ngettext("%(count)s message", "%(count)s messages", number), number)


def rows(number: int) -> str:
    return filled(ngettext("%(count)s row", "%(count)s rows", number), number)


def duplicates(number: int) -> str:
    return filled(ngettext("%(count)s duplicate", "%(count)s duplicates", number), number)


def addresses(number: int) -> str:
    return filled(ngettext("%(count)s address", "%(count)s addresses", number), number)


def templates(number: int) -> str:
    return filled(ngettext("%(count)s template", "%(count)s templates", number), number)


def sentences(*texts: object) -> str:
    """One after the other, as the language joins them; "" of none."""
    return reduce(_two, map(str, texts)) if texts else ""


def subject_in_words(subject: str) -> str:
    """A template's subject where staff read it among others: “[first name], it is spring” for
    “{{ first_name | default: 'friend' }}, it is spring”, and all branches of what is chosen."""
    named = _FILLED_IN.sub(lambda found: f"[{found[1].replace('_', ' ')}]", subject)
    return " ".join(_CHOSEN.sub("", named).split())


def _two(first: str, second: str) -> str:
    return gettext("%(first)s %(second)s") % {"first": first, "second": second}


def first_of(names: Sequence[str], most: int) -> str:
    """Such as “a, b and 3 more”."""
    if len(names) <= most:
        return listed(names)
    values = {"names": listed(names[:most]), "count": len(names) - most}
    return gettext("%(names)s and %(count)s more") % values
