"""A message in short, for a reader of text that is not linear in its length."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message

from dispatch.bounces.mail import DELIVERY_STATUS, MAX_PARTS, MAX_TEXT, TEXT, blocks

MAX_LINE = 1_000  # characters, as RFC 5322 has it
MAX_DEPTH = 10


def abridged(message: Message) -> Message:
    """A message like this one with few parts and short lines, and altogether no more headers and no
    more text than one part may have.
    """
    return _Abridger().copy(message, MAX_DEPTH)


class _Abridger:
    """Copies one message; counts what it may still take over."""

    def __init__(self) -> None:
        self._headers = self._text = MAX_TEXT
        self._parts = MAX_PARTS

    def copy(self, part: Message, depth: int) -> Message:
        short = Message(policy=TEXT)
        for name, value in part.items():
            if self._headers <= 0:
                break
            short[name] = str(value)[:MAX_LINE]
            self._headers -= len(name) + min(len(str(value)), MAX_LINE)
        is_report = part.get_content_type() == DELIVERY_STATUS
        payload = blocks(part) if is_report else part.get_payload()
        if isinstance(payload, list):
            short.set_payload(self._copies(payload, depth - 1))
        else:
            short.set_payload(self._start(payload))
        return short

    def _copies(self, parts: Iterable[object], depth: int) -> list[Message | str]:
        copies: list[Message | str] = []
        for part in parts:
            if isinstance(part, Message) and depth > 0 and self._parts > 0:
                self._parts -= 1
                copies.append(self.copy(part, depth))
        return copies

    def _start(self, payload: object) -> str:
        start = str(payload)[: self._text]
        self._text -= len(start)
        return "".join(line[: MAX_LINE - 1] + "\n" for line in start.splitlines())
