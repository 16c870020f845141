"""What python-liquid says, taken apart. `campaigns.rendering.liquid.reasons` says it in our words.

Without patterns: a template's author decides how long a text in one of its sentences is.
"""

from __future__ import annotations

from typing import NamedTuple

from liquid.token import reverse_operators

EXPECTED, FOUND = "expected ", ", found "
STRAY = ("unexpected token ", "unexpected ", "unknown operator ")
"""How sentences begin that end with what does not belong there."""
NO_NUMBER = ("could not cast string '", "' to a number")
NOT_COMPARED = ("'<' and '>' are not supported", "'in' and 'contains' are not supported")
NO_PROPERTY = "can't read property '"
NOT_HERE = " usage is not allowed in this context"
TOO_FEW = (" missing ", " required positional argument")
TOO_MANY = (" takes ", " positional argument")
NO_OPTION = "unexpected keyword argument "
"""Of Python's errors for a filter that gets too little or too much."""


class Mismatch(NamedTuple):
    """One of its sentences "slice expected an integer, found str"."""

    name: str
    """Of the filter; "" where it tells none."""
    wanted: str
    found: str


def mismatch_in(said: str) -> Mismatch | None:
    before, expected, after = said.partition(EXPECTED)
    wanted, comma, found = after.rpartition(FOUND)
    if not (expected and (comma or found)):
        return None
    name = before.strip(": ")
    if name and not name.isidentifier():
        return None
    return Mismatch(name, wanted, found) if comma else Mismatch(name, found, "")


def stray_in(said: str) -> str:
    """What a sentence says does not belong there; "" of another sentence."""
    return next((said.removeprefix(start) for start in STRAY if said.startswith(start)), "")


def sign(kind: str) -> str:
    """How what the library calls a kind is written: “|” for "pipe", “in” for "in"."""
    written = str(reverse_operators.get(kind, kind))
    is_quoted = len(written) > 2 and written[0] == written[-1] and written[0] in "'\""
    return f"“{written[1:-1] if is_quoted else written}”"
