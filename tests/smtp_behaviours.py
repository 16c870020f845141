"""Ways in which the test SMTP server misbehaves.

A behaviour is `phase:action[:argument][@selector=value…]`.
Phases: connect, ehlo, starttls, auth, mail, rcpt, data, body, dot, rset, noop, quit. What a client
sent ahead of a refusal (PIPELINING) is in a phase of its own and refused unless told otherwise:
stray-rcpt, stray-data, and stray-dot when stray-data was answered with 354.
Actions: `reply:CODE TEXT`, `garbage`, `partial` (half a reply, then close), `close`, `hang` (never
answer), `delay:SECONDS`, and for the dot also `close-stored`, `hang-stored`, `garbage-stored`: the
message is accepted, the client is not told. Without `-stored`, whatever the reply, the message is
not kept.
Selectors: `to=GLOB` (from rcpt on), `every=N` (each Nth match), `first=N` (the first N matches),
`after=N` (not the first N).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

PHASES = frozenset(
    [
        "connect",
        "ehlo",
        "starttls",
        "auth",
        "mail",
        "rcpt",
        "data",
        "body",
        "dot",
        "stray-rcpt",
        "stray-data",
        "stray-dot",
        "rset",
        "noop",
        "quit",
    ]
)
ACTIONS = frozenset(
    [
        "reply",
        "garbage",
        "partial",
        "close",
        "hang",
        "delay",
        "close-stored",
        "hang-stored",
        "garbage-stored",
    ]
)


@dataclass
class Behaviour:
    """One way to misbehave; counts its own matches."""

    phase: str
    action: str
    argument: str = ""
    to: str = "*"
    every: int = 1
    first: int = 0
    after: int = 0
    matches: int = 0

    @classmethod
    def parse(cls, text: str) -> Behaviour:
        head, *selectors = text.split("@")
        phase, action, *argument = head.split(":", 2)
        if phase not in PHASES or action not in ACTIONS:
            raise ValueError(f"no such behaviour: {text}")
        behaviour = cls(phase, action, "".join(argument))
        for name, _, value in (selector.partition("=") for selector in _rejoined(selectors)):
            setattr(behaviour, name, value if name == "to" else int(value))
        return behaviour

    def applies(self, phase: str, recipient: str) -> bool:
        if phase != self.phase or not fnmatchcase(recipient, self.to):
            return False
        self.matches += 1
        counted = self.matches - self.after
        return (
            counted > 0 and counted % self.every == 0 and (not self.first or counted <= self.first)
        )


def _rejoined(selectors: Sequence[str]) -> Iterator[str]:
    """The selectors of a behaviour, whose glob may itself hold an @."""
    parts: list[str] = []
    for piece in selectors:
        if "=" in piece or not parts:
            parts.append(piece)
        else:
            parts[-1] += f"@{piece}"
    return iter(parts)
