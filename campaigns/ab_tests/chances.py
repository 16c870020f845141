"""The arithmetic of a test: how sure a rate is, and how probable it is that a variant is the best.

A variant's rate is unknown; having seen `successes` of `number`, and before that nothing, it has
the distribution Beta(1 + successes, 1 + number - successes).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from statistics import NormalDist
from typing import NamedTuple

STEPS = 300
"""Of the numerical integration, over where a distribution is; its error is below 0.0001."""
DEVIATIONS = 9
"""So many standard deviations beside a mean nothing is left of a distribution."""
CERTAIN_OF_INTERVAL = 0.95
FOUND_IN = 0.8
"""A difference counts as one that a test can find when it finds it so often."""


class Seen(NamedTuple):
    """How many messages of a variant arrived, and of how many recipients it succeeded."""

    successes: int
    number: int


def chances_to_be_best(variants: Sequence[Seen]) -> list[float]:
    """For each variant the probability that its rate is the highest; they add up to 1.

    The probability that i is the best is the integral over its density times the probability, for
    every other one, of being below. Neither is scaled to 1: the factors are the same for all.
    """
    grid = _grid(variants)
    densities = [_density(seen, grid) for seen in variants]
    below = [_accumulated(density, grid) for density in densities]
    parts = []
    for mine, density in enumerate(densities):
        others = [each for other, each in enumerate(below) if other != mine]
        values = [d * math.prod(each) for d, *each in zip(density, *others, strict=True)]
        parts.append(_accumulated(values, grid)[-1])
    total = sum(parts)
    return [part / total for part in parts]


def interval(seen: Seen) -> tuple[float, float]:
    """Between which rates the true one lies in 95 of 100 cases (Wilson's score interval)."""
    successes, number = seen
    if not number:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + CERTAIN_OF_INTERVAL / 2)
    rate = successes / number
    shrink = 1 + z * z / number
    middle = (rate + z * z / (2 * number)) / shrink
    half = z / shrink * math.sqrt(rate * (1 - rate) / number + z * z / (4 * number * number))
    return max(0.0, middle - half), min(1.0, middle + half)


def smallest_found(number: int, rate: float, tail: float) -> float:
    """The rate above `rate` that `number` recipients of each variant tell from it in 4 of 5 tests,
    when each side may err with probability `tail`; 1 when there is none.
    """
    if number < 1:
        return 1.0
    normal = NormalDist()
    z = normal.inv_cdf(1 - tail) + normal.inv_cdf(FOUND_IN)
    better = rate
    for _ in range(50):  # the variance is that of both rates
        variance = rate * (1 - rate) + better * (1 - better)
        better = min(rate + z * math.sqrt(variance / number), 1.0)
    return better


def _grid(variants: Sequence[Seen]) -> list[float]:
    """Dense where any variant's rate may be: that of few messages is wide, that of many narrow."""
    points: set[float] = set()
    for low, high in map(_span, variants):
        points.update(low + (high - low) * step / STEPS for step in range(STEPS + 1))
    return sorted(points)


def _span(seen: Seen) -> tuple[float, float]:
    a, b = 1 + seen.successes, 1 + seen.number - seen.successes
    mean = a / (a + b)
    deviation = math.sqrt(mean * (1 - mean) / (a + b + 1))
    half = DEVIATIONS * deviation
    return max(0.0, mean - half), min(1.0, mean + half)


def _density(seen: Seen, grid: Sequence[float]) -> list[float]:
    """Of Beta(a, b) with a, b >= 1, at each point; scaled so that the highest value is about 1."""
    a, b = seen.successes, seen.number - seen.successes
    mode = a / (a + b) if a + b else 0.5
    highest = _logarithm(a, mode) + _logarithm(b, 1 - mode)
    return [math.exp(_logarithm(a, x) + _logarithm(b, 1 - x) - highest) for x in grid]


def _logarithm(times: int, of: float) -> float:
    if not times:
        return 0.0
    return times * math.log(of) if of > 0 else -math.inf


def _accumulated(values: Sequence[float], grid: Sequence[float]) -> list[float]:
    """The integral up to each point, by trapezoids."""
    pairs = zip(pairwise(values), pairwise(grid), strict=True)
    areas = ((left + right) / 2 * (end - start) for (left, right), (start, end) in pairs)
    return list(accumulate(areas, initial=0.0))
