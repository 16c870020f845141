"""When a test's result is clear. Simulated in tests/campaigns/ab_tests/test_simulation.py.

A test has planned looks: the last one at its time, and three before it, where a result that is
clear may end it early. Each look is a chance to be wrong, so the early ones ask for far more
certainty. The best of several equals looks better than it is, so that the last one, too, asks for
more than the threshold: two fifths of its error with two variants, either of which may be the best
by chance, and three quarters with more, where one has to beat several by chance.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from campaigns.ab_tests.chances import Seen, chances_to_be_best

LOOKS = 4
EARLY = 1 / 25
"""The part of the threshold's error that an early look may have."""
LAST_OF_TWO = 2 / 5
LAST_OF_MORE = 3 / 4
FEWEST_EARLY = 20
FEWEST = 10
"""Of so few successes over all variants nothing is concluded."""


def look_due(elapsed: dt.timedelta, decide_after: dt.timedelta) -> int:
    """How many of the looks are due by now, LOOKS with the last one."""
    if elapsed >= decide_after:
        return LOOKS
    return max(0, int(LOOKS * (elapsed / decide_after)))


def bar(threshold: float, variants: int, is_last: bool = True) -> float:
    """The probability to be the best that a winner needs at a look."""
    part = (LAST_OF_TWO if variants == 2 else LAST_OF_MORE) if is_last else EARLY
    return 1 - (1 - threshold) * part


def winner(seen: Sequence[Seen], threshold: float, is_last: bool) -> int | None:
    """The number of the variant that is clearly the best; None when there is none."""
    if sum(each.successes for each in seen) < (FEWEST if is_last else FEWEST_EARLY):
        return None
    chances = chances_to_be_best(seen)
    highest = max(chances)
    return chances.index(highest) if highest >= bar(threshold, len(seen), is_last) else None
