"""Yes and no, in the words of files."""

from __future__ import annotations

import re

from django.utils.translation import gettext

_YES = {
    "yes", "y", "true", "t", "1", "x", "on", "ja", "j", "wahr", "oui", "vrai", "sí", "si",
    "да", "sim", "tak", "はい", "예", "네", "是", "同意", "✓", "✔", "☑", "✅",
}  # fmt: skip
_NO = {
    "no", "n", "false", "f", "0", "off", "nein", "falsch", "non", "faux", "nej", "nee", "nie",
    "não", "nao", "нет", "いいえ", "아니요", "아니오", "否", "不同意",
}  # fmt: skip
_AGREED = {
    "subscribed", "optedin", "optin", "singleoptin", "doubleoptin", "confirmed", "granted", "given",
    "agreed", "accepted", "allowed", "explicit", "express",
}  # fmt: skip
_REFUSED = {
    "unsubscribed", "neversubscribed", "notsubscribed", "optedout", "optout", "notoptedin",
    "refused", "denied", "declined", "rejected", "withdrawn", "revoked", "notgiven", "notgranted",
}  # fmt: skip
_NOTHING = {"", "unchanged", "unknown", "unspecified", "notset", "notasked", "na", "null", "none"}


def yes_or_no(cell: str) -> bool | None:
    """None for an empty cell. Raises ValueError for other values than yes and no."""
    word = cell.strip().casefold()
    if word and word not in _YES | _NO:
        raise ValueError(gettext("“%(word)s” is neither yes nor no.") % {"word": word})
    return word in _YES if word else None


def agreed(cell: str) -> bool | None:
    """What the words of other tools say of a consent, such as SUBSCRIBED; None for others."""
    word = _folded(cell)
    return word in _AGREED if word in _AGREED | _REFUSED else None


def says_nothing(cell: str) -> bool:
    """Whether a question was not answered, such as Unchanged."""
    return _folded(cell) in _NOTHING


def _folded(cell: str) -> str:
    return re.sub(r"[\W_]++", "", cell.casefold())
