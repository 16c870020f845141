"""The context of every benchmark: its resources and its results."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.options import Options
from bench.product_settings import DATABASE
from bench.report import Headline, Table
from bench.rig.databases import Server
from bench.rig.laps import Contestant


@dataclass(slots=True)
class Bench:
    options: Options
    server: Server
    directory: Path
    """For logs and scratch files; deleted after the run."""
    contestants: dict[str, Contestant] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    headlines: list[Headline] = field(default_factory=list)
    raw: list[dict[str, Any]] = field(default_factory=list)
    until: float = 0.0
    """Monotonic seconds."""

    def __post_init__(self) -> None:
        self.until = time.monotonic() + 60 * self.options.minutes

    @property
    def database_url(self) -> str:
        """Of the product's database; each run of the product has a fresh one there."""
        return self.server.url(self.server.name(DATABASE))

    def enter(self, contestant: Contestant) -> Contestant:
        self.contestants[contestant.key] = contestant
        return contestant

    def say(self, text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)

    def keep(self, benchmark: str, **figures: object) -> None:
        """Keep raw figures."""
        self.raw.append({"benchmark": benchmark, **figures})

    @property
    def is_late(self) -> bool:
        """Whether the time is up, so that nothing more should begin."""
        return time.monotonic() > self.until

    def repeats(self, wanted: int | None = None) -> Iterator[int]:
        """Number the laps (as many as the options say); after the first only while there is
        time.
        """
        for number in range(1, (wanted or self.options.repeats) + 1):
            if number > 1 and self.is_late:
                self.say(f"the time is up: no lap {number}")
                return
            yield number
