from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from dispatch.pace.openings import Hold, Obstacle
from dispatch.waiting import words
from dispatch.waiting.estimate import Estimate
from dispatch.waiting.why import Cause, Reason, Why

NOON = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (0.5, "12:30:00"),
        (5, "17:00"),
        (15.5, "30 Nov, 03:30"),
        (24 * 40, "8 Jan 2027, 12:00"),
    ],
)
def test_a_moment_is_told_as_briefly_as_it_is_clear(hours: float, said: str) -> None:
    assert words.moment(NOON + dt.timedelta(hours=hours), NOON) == said


def test_a_moment_is_told_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        assert words.moment(NOON + dt.timedelta(days=1), NOON) == "11月30日 12:00"


def test_an_end_is_told_with_the_latest_it_may_be() -> None:
    estimate = Estimate(NOON + dt.timedelta(hours=2), NOON + dt.timedelta(hours=3))
    planned = "It is done about 14:00, at the latest about 15:00."
    assert words.end_if_launched(estimate, NOON) == planned
    assert words.end(estimate, NOON) == "Will be done about 14:00, at the latest about 15:00."


@pytest.mark.parametrize(
    ("obstacle", "minutes", "said"),
    [
        (Obstacle.PACE, 4, []),
        (Obstacle.PACE, 6, ["“Post” starts its next message at 12:06:00."]),
        (Obstacle.QUOTA, 4, ["“Post” has used up its quota until 12:04:00."]),
    ],
)
def test_a_usual_pace_is_no_reason_to_wait(
    obstacle: Obstacle, minutes: int, said: list[str]
) -> None:
    until = NOON + dt.timedelta(minutes=minutes)
    reason = Reason(Cause.SERVICE, until, "Post", Hold(obstacle, until))
    assert words.sentences(Why(NOON, until, (reason,))) == said
