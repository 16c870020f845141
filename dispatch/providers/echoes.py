"""What a server says is shown to staff, stored and logged: in one line, and without the secrets
that were sent to it and that it repeats.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
LONGEST_TEXT = 500  # characters of a reply that are kept
SHORTEST_ENCODED = 6
"""Characters of what is looked for beside the secret itself; fewer are found anywhere."""


def readable(text: str) -> str:
    """`text` in one line, without control characters, cut to a length that can be shown."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())[:LONGEST_TEXT]


def hidden(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets, however they are written."""
    for secret in filter(None, secrets):
        for spelling in _spellings(secret):
            text = text.replace(spelling, HIDDEN)
    return text


def repeats(text: str, secret: str) -> bool:
    """Whether a secret is in the text, however it is written."""
    return bool(secret) and any(spelling in text for spelling in _spellings(secret))


@lru_cache(maxsize=256)
def _spellings(secret: str) -> tuple[str, ...]:
    """As it is, in addresses, markup, JSON, hexadecimal digits and base64; the longest first."""
    data = secret.encode("utf-8", "surrogatepass")
    others = {
        quote(data, safe=""),
        quote_plus(data),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        data.hex(),
        data.hex().upper(),
        *_in_base64(data),
    }
    found = {secret, *(each for each in others if len(each) >= SHORTEST_ENCODED)}
    return tuple(sorted(found, key=len, reverse=True))


def _in_base64(data: bytes) -> Iterator[str]:
    """What stands for it wherever it begins, as in a login of a name and a password."""
    for before, first in enumerate((0, 2, 3)):
        encoded = bytes(before) + data
        last = len(encoded) * 8 // 6
        yield base64.b64encode(encoded).decode("ascii")[first:last]
        yield base64.urlsafe_b64encode(encoded).decode("ascii")[first:last]
