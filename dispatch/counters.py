"""Counts: numbers in nested dictionaries, so that adding and subtracting need not know what they
mean. They only grow. A duration is counted in fixed buckets (`SECONDS`), whose counts add up too.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Any

NestedCounts = dict[str, Any]

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, math.inf)
"""The upper bounds of the buckets."""

KEYS = tuple(f"{bound:g}" for bound in SECONDS)


def add(total: NestedCounts, more: NestedCounts) -> NestedCounts:
    """Add `more` to `total`, which is changed and returned."""
    for key, value in more.items():
        if isinstance(value, dict):
            total[key] = add(total.get(key, {}), value)
        else:
            total[key] = total.get(key, 0) + value
    return total


def since(before: NestedCounts, now: NestedCounts) -> NestedCounts:
    """How much was added to `before` to make `now`; never less than nothing."""
    grown: NestedCounts = {}
    for key, value in now.items():
        if isinstance(value, dict):
            grown[key] = since(before.get(key, {}), value)
        else:
            grown[key] = max(0, value - before.get(key, 0))
    return grown


def observe(durations: Counter[str], seconds: float) -> None:
    """Count one duration."""
    durations[KEYS[bisect_left(SECONDS, seconds)]] += 1
    durations["sum"] += seconds  # type: ignore[assignment]  # the one that is not a whole number


def cumulative(durations: NestedCounts) -> list[tuple[float, int]]:
    """Each upper bound with how many durations were no longer; the last counts all of them."""
    total, found = 0, []
    for bound, key in zip(SECONDS, KEYS, strict=True):
        total += durations.get(key, 0)
        found.append((bound, total))
    return found


def quantile(durations: NestedCounts, share: float) -> float | None:
    """The duration (seconds) that this share of them did not exceed, as exactly as the buckets
    tell; None when there were none.
    """
    buckets = cumulative(durations)
    wanted = share * buckets[-1][1]
    lower, below = 0.0, 0
    for bound, total in buckets:
        if total and total >= wanted and total > below:
            part = (wanted - below) / (total - below)
            return lower if math.isinf(bound) else lower + (bound - lower) * part
        lower, below = bound, total
    return None


def add_up(many: Iterable[NestedCounts]) -> NestedCounts:
    total: NestedCounts = {}
    for counts in many:
        add(total, counts)
    return total
