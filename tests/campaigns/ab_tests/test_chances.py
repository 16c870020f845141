"""The arithmetic of a test, against values known from elsewhere."""

from __future__ import annotations

import math

import pytest

from campaigns.ab_tests.chances import Seen, chances_to_be_best, interval, smallest_found


def test_the_chance_of_two_small_samples_is_the_known_fraction() -> None:
    """Of Beta(2, 1) and Beta(1, 2) the first is higher with 5/6."""
    assert chances_to_be_best([Seen(1, 1), Seen(0, 1)]) == pytest.approx([5 / 6, 1 / 6], abs=1e-4)


def log_beta(x: int, y: int) -> float:
    return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)


def test_the_chance_is_that_of_the_sum_for_whole_numbers() -> None:
    """Of Beta(121, 881) over Beta(101, 901), which has a closed form."""
    (a, b), (c, d) = (101, 901), (121, 881)
    above = sum(
        math.exp(log_beta(a + i, b + d) - math.log(d + i) - log_beta(1 + i, d) - log_beta(a, b))
        for i in range(c)
    )
    chances = chances_to_be_best([Seen(120, 1_000), Seen(100, 1_000)])
    assert chances[0] == pytest.approx(above, abs=1e-4)


@pytest.mark.parametrize("variants", [2, 3, 4, 5])
@pytest.mark.parametrize("seen", [Seen(0, 0), Seen(0, 50), Seen(50, 50), Seen(30_000, 1_000_000)])
def test_equals_share_the_chance(seen: Seen, variants: int) -> None:
    chances = chances_to_be_best([seen] * variants)
    assert chances == pytest.approx([1 / variants] * variants, abs=1e-6)


def test_a_variant_without_messages_may_still_be_the_best() -> None:
    """A rate of which nothing is known is below 3 % with 3 %."""
    chances = chances_to_be_best([Seen(30_000, 1_000_000), Seen(0, 0)])
    assert chances == pytest.approx([0.03, 0.97], abs=1e-4)


def test_a_hopeless_variant_has_no_chance() -> None:
    chances = chances_to_be_best([Seen(200, 1_000), Seen(20, 1_000), Seen(150, 1_000)])
    assert chances[1] == pytest.approx(0, abs=1e-9)
    assert sum(chances) == pytest.approx(1)


@pytest.mark.parametrize(
    ("seen", "low", "high"),
    [
        (Seen(0, 0), 0.0, 1.0),
        (Seen(0, 10), 0.0, 0.2775),
        (Seen(10, 10), 0.7225, 1.0),
        (Seen(81, 263), 0.2553, 0.3662),  # Newcombe (1998), table I
        (Seen(15, 148), 0.0624, 0.1605),  # the same
    ],
)
def test_the_interval_is_wilsons(seen: Seen, low: float, high: float) -> None:
    assert interval(seen) == pytest.approx((low, high), abs=5e-4)


def test_what_can_be_found_shrinks_with_the_sample() -> None:
    found = [smallest_found(number, 0.03, 0.025) for number in (500, 2_000, 20_000)]
    assert found == pytest.approx([0.0697, 0.0472, 0.0350], abs=2e-3)


def test_nothing_is_found_without_a_sample() -> None:
    assert smallest_found(0, 0.03, 0.025) == 1.0
