"""What the rule decides over many campaigns: 20,000 recipients, simulated people, all four looks.

Clicks come as they do: most soon after the message. A hundred seeded campaigns of each kind.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from campaigns.ab_tests import rule
from campaigns.ab_tests.chances import Seen, chances_to_be_best
from campaigns.ab_tests.sampling import parts_of

RUNS = 100
ARRIVED = (0.4, 0.65, 0.85, 1.0)
"""The part of all clicks that has come at each look."""


def decided(
    random_: random.Random, rates: Sequence[float], sample: int, threshold: float
) -> int | None:
    """The number of the winner that a test ends with, None for no difference."""
    parts = parts_of(sample, [1] * len(rates))
    at = [
        [random_.random() for _ in range(part) if random_.random() < rate]
        for part, rate in zip(parts, rates, strict=True)
    ]
    for look, arrived in enumerate(ARRIVED, start=1):
        seen = [
            Seen(sum(moment < arrived for moment in moments), part)
            for moments, part in zip(at, parts, strict=True)
        ]
        found = rule.winner(seen, threshold, is_last=look == rule.LOOKS)
        if found is not None:
            return found
    return None


def outcomes(
    rates: Sequence[float], sample: int, threshold: float = 0.95, seed: int = 7
) -> Counter[int | None]:
    random_ = random.Random(seed)
    return Counter(decided(random_, rates, sample, threshold) for _ in range(RUNS))


@pytest.mark.parametrize(
    ("rates", "sample"),
    [
        ((0.02, 0.02, 0.04), 8_000),  # clicks, 40 % of the recipients
        ((0.02, 0.02, 0.03), 20_000),  # clicks, all of them
        ((0.03, 0.03, 0.05), 8_000),
        ((0.20, 0.20, 0.25), 8_000),  # opens
        ((0.02, 0.035), 8_000),
    ],
)
def test_the_better_variant_wins(rates: tuple[float, ...], sample: int) -> None:
    assert outcomes(rates, sample)[len(rates) - 1] >= 95


@pytest.mark.parametrize(
    ("rates", "sample"),
    [
        ((0.02, 0.02, 0.02), 8_000),
        ((0.02, 0.02, 0.02), 20_000),
        ((0.20, 0.20, 0.20), 2_000),
        ((0.03, 0.03), 8_000),
        ((0.03, 0.03, 0.03, 0.03, 0.03), 8_000),
        ((0.01, 0.04, 0.04), 8_000),  # one is worse, and none of the others is better
    ],
)
def test_no_difference_is_found_where_there_is_none(rates: tuple[float, ...], sample: int) -> None:
    assert outcomes(rates, sample)[None] >= 90


@pytest.mark.parametrize(("rates", "sample"), [((0.2, 0.2), 2_000), ((0.03, 0.03, 0.03), 8_000)])
def test_no_difference_is_found_either_by_who_is_content_with_90_percent(
    rates: tuple[float, ...], sample: int
) -> None:
    assert outcomes(rates, sample, threshold=0.9)[None] >= 90


def test_looking_all_the_time_would_find_differences_that_are_not_there() -> None:
    """Why looks are planned: with the threshold alone, at every look of many, it is fooled."""
    random_ = random.Random(3)
    fooled = 0
    for _ in range(RUNS):
        clicks = [0, 0]
        for sent in range(500, 10_001, 500):
            clicks = [c + sum(random_.random() < 0.03 for _ in range(500)) for c in clicks]
            if max(chances_to_be_best([Seen(c, sent) for c in clicks])) >= 0.95:
                fooled += 1
                break
    assert fooled >= 25


@pytest.mark.parametrize("successes", [(0, 9), (0, 0)])
def test_few_successes_decide_nothing(successes: tuple[int, int]) -> None:
    assert rule.winner([Seen(each, 100) for each in successes], 0.95, is_last=True) is None
