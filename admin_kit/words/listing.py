"""Several things in one sentence, put together as the language of the reader does."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext, pgettext


def listed(texts: Iterable[object]) -> str:
    """Such as “a, b, c”."""
    return pgettext("between the items of a list", ", ").join(map(str, texts))


def listed_apart(texts: Iterable[object]) -> str:
    """Such as “a: 1; b: 2, 3”: items that may be lists themselves."""
    return gettext("; ").join(map(str, texts))


def headed(name: object, said: object) -> str:
    """Such as “Name: what is said of it”, with the colon of the language."""
    return gettext("%(name)s: %(said)s") % {"name": name, "said": said}


def asked(what: object) -> str:
    """Such as “Delete?”."""
    return gettext("%(what)s?") % {"what": what}
