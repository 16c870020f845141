"""Which words of a bounce are about which recipient, and for whom its message was."""

from __future__ import annotations

import re
from email.message import Message
from itertools import islice

from dispatch.bounces import mail
from dispatch.bounces.return_path import LOCAL_PART

MAX_HEADS = 100
"""Lines that begin with an address: a message of ours has one recipient."""
MAX_SENT_TO = 100
"""Addresses that are looked for among those."""

_HEAD = re.compile(
    r"^([ \t]*+)(?:\d{3} (?:\d\.\d{1,3}\.\d{1,3} )?(?=<\S{1,320}>\.\.\.))?"
    r"<?([^\s<>@:;,()]{1,64}@[\w.-]{1,253}\w)>?(?=[ \t:(]|\.\.\.|$)",
    re.MULTILINE | re.ASCII,
)
_QUOTED_TO = re.compile(r"^[ \t>]*+To:[ \t]*+(.{1,1000})", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>@:;,()\"]{1,64}@[\w.-]{1,253}\w", re.ASCII)
_WORDS = re.compile(r"[^\W\d_]{3}")


def sent_to(message: Message) -> set[str]:
    """Whom the message was for that came back, in lower case."""
    told = [to for each in mail.returned(message)[:1] for to in mail.headers(each, "To")]
    told += _QUOTED_TO.findall(mail.copy(message))[:1]
    addresses = (found[0].lower() for to in told for found in _ADDRESS.finditer(to))
    return set(islice(addresses, MAX_SENT_TO))


def told_of(notice: str, ours: set[str]) -> list[str]:
    """What a notice says of the recipient who is one of `ours`, when it tells several recipients
    apart; where it says nothing of them, what it says of each; else the notice as it is.
    """
    told = _by_recipient(notice)
    if len(told) < 2:
        return [notice]
    reasons = {to: said for to, said in told.items() if _WORDS.search(_ADDRESS.sub("", said))}
    of_ours = [said for address, said in reasons.items() if _is_about(address, said, ours)]
    return of_ours or list(reasons.values()) or [notice]


def said_of(notice: str, address: str) -> str:
    """What a notice says of a recipient, "" when it does not tell."""
    said = " ".join(_by_recipient(notice).get(address, "").split())
    return said if _WORDS.search(_ADDRESS.sub("", said)) else ""


def _by_recipient(notice: str) -> dict[str, str]:
    """The text from each address on that begins a line as far to the left as the first one does."""
    heads = [
        head
        for head in islice(_HEAD.finditer(notice), MAX_HEADS)
        if not head[2].startswith(f"{LOCAL_PART}+")
    ]
    heads = [head for head in heads if head[1] == heads[0][1]]
    ends = [head.start() for head in heads[1:]]
    told: dict[str, str] = {}
    for head, end in zip(heads, [*ends, len(notice)], strict=False):
        address = head[2].lower()
        told[address] = f"{told.get(address, '')} {notice[head.start() : end]}"
    return told


def _is_about(address: str, said: str, ours: set[str]) -> bool:
    """Also of an address that the recipient's one leads to."""
    start = said[:500].lower()
    return address in ours or any(f"from {one}" in start or f"from <{one}" in start for one in ours)
