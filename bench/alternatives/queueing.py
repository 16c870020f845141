"""Shared by the modules that fill a queue: they report how long it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence

from bench import letter
from bench.alternatives.race import QUEUE_TOOK

AT_A_TIME = 1_000

Addressed = tuple[str, dict[str, str]]


def main(queue: Callable[[Sequence[Addressed]], object]) -> None:
    """Queue as many messages as the command line says, some at a time."""
    began = time.monotonic()
    for some in batches(int(sys.argv[1])):
        queue(some)
    print(f"{QUEUE_TOOK}{time.monotonic() - began:.3f} s")


def batches(messages: int) -> Iterator[list[Addressed]]:
    for first in range(0, messages, AT_A_TIME):
        numbers = range(first, min(first + AT_A_TIME, messages))
        yield [(letter.address(n), letter.variables(n)) for n in numbers]
