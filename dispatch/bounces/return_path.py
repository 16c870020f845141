"""The return path of each message: an address of its own, so that a bounce tells by where it comes
to what it is about (VERP), in any format.

`bounces+<token>@<bounce domain>`; the token survives servers that change upper to lower case, and
with it the local part has 37 of the 64 characters that it may have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tracking.links.tokens import Purpose, read_caseless, sign_caseless

LOCAL_PART = "bounces"
_TOKENS = re.compile(rf"\b{LOCAL_PART}\+([a-z2-7]{{29}})(?=@)", re.IGNORECASE | re.ASCII)


def address(subtask_id: int, domain: str) -> str:
    """Where the bounces of a SubTask go; "" without a domain."""
    if not domain:
        return ""
    return f"{LOCAL_PART}+{sign_caseless(Purpose.BOUNCE, subtask_id)}@{domain}"


def tokens_in(text: str) -> list[str]:
    """What may be the tokens of addresses in this text."""
    return _TOKENS.findall(text)


def subtask_id_of(tokens: Iterable[str]) -> int | None:
    """The SubTask of the first token that was signed here."""
    for token in tokens:
        if ids := read_caseless(Purpose.BOUNCE, token):
            return ids[0]
    return None
