from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.IntEnum):
    UNKNOWN = 0
    GOOD = 1
    LOOK = 2
    BAD = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure as it is shown: its value in words, and what that means."""

    title: str
    value: str
    level: Level
    hint: str

    @property
    def needs_attention(self) -> bool:
        return self.level >= Level.LOOK

    @property
    def is_bad(self) -> bool:
        return self.level == Level.BAD


def not_yet(title: str) -> Finding:
    """What is about the last minute, when there has been none."""
    return Finding(title, "–", Level.UNKNOWN, "")


def level_of(value: float, look: float, bad: float) -> Level:
    """How a value looks that should be low: above these limits it needs a look, or is bad."""
    return Level.BAD if value > bad else Level.LOOK if value > look else Level.GOOD
