"""Several things in one sentence, in the language of the reader."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import pgettext


def listed(texts: Iterable[object]) -> str:
    """Such as “a, b, c”."""
    return pgettext("between the items of a list", ", ").join(map(str, texts))
