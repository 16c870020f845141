"""How the result of each kind of operation is told: the rooms of the admin register it here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from campaigns.models import Operation


@dataclass(frozen=True, slots=True)
class Told:
    """Sentences about what was done so far, the links that follow from it (text and URL), and a
    table with a sentence about it, such as of what was left out."""

    sentences: Sequence[str] = ()
    links: Sequence[tuple[str, str]] = ()
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default=())

    @property
    def table(self) -> dict[str, object]:
        """For unfold's component."""
        return {"headers": list(self.headers), "rows": [list(row) for row in self.rows]}


Teller = Callable[[Operation], Told]
TELLERS: dict[str, Teller] = {}


def tells(kind: str) -> Callable[[Teller], Teller]:
    """Registers the function that tells the result of a kind, in any state of its operation.
    The result of one that has not begun is empty."""

    def register(teller: Teller) -> Teller:
        TELLERS[kind] = teller
        return teller

    return register


def told(operation: Operation) -> Told:
    teller = TELLERS.get(operation.kind)
    return teller(operation) if teller else Told()
