from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from dispatch.limits import Limits
from dispatch.models import Pace
from dispatch.pace.openings import Hold, Obstacle, Opening, opening

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
MIDNIGHT = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)


def after(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def pace(**values: Any) -> Pace:
    return Pace(**{"next_send_at": NOW, "quota_period_start": None} | values)


def limits(interval: float = 0, **values: Any) -> Limits:
    return Limits(dt.timedelta(seconds=interval), **values)


def test_a_service_without_limits_may_start_at_once() -> None:
    assert opening(pace(), limits(), NOW) == Opening(NOW)


def test_a_paced_service_opens_at_its_next_slot() -> None:
    found = opening(pace(next_send_at=after(7)), limits(10), NOW)
    assert found == Opening(after(7), (Hold(Obstacle.PACE, after(7)),))


def test_a_burst_comes_before_its_even_slot() -> None:
    assert opening(pace(next_send_at=after(25)), limits(10, burst=3), NOW).at == after(5)


def test_a_service_without_a_pace_does_not_wait_for_one_it_had_before() -> None:
    assert opening(pace(next_send_at=after(500)), limits(), NOW).at == NOW


def test_a_frozen_service_opens_when_the_freeze_is_over() -> None:
    found = opening(pace(frozen_until=after(60)), limits(), NOW)
    assert found == Opening(after(60), (Hold(Obstacle.FREEZE, after(60)),))


@pytest.mark.parametrize(
    ("values", "of_limits", "obstacle"),
    [
        ({"needs_person": True, "frozen_until": NOW}, {}, Obstacle.UNFREEZING),
        ({}, {"daily_quota": 0}, Obstacle.NO_QUOTA),
    ],
)
def test_where_a_person_has_to_act_it_is_not_known_when(
    values: dict[str, Any], of_limits: dict[str, Any], obstacle: Obstacle
) -> None:
    found = opening(pace(**values), limits(**of_limits), NOW)
    assert found == Opening(None, (Hold(obstacle, None),))


def test_a_used_up_quota_opens_with_the_next_period() -> None:
    used = pace(quota_used=5, quota_period_start=dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    found = opening(used, limits(daily_quota=5), NOW)
    assert found == Opening(MIDNIGHT, (Hold(Obstacle.QUOTA, MIDNIGHT),))


def test_obstacles_follow_each_other() -> None:
    """Frozen beyond the slot; then the quota of that day is used up; then the pace."""
    found = opening(
        pace(
            next_send_at=MIDNIGHT + dt.timedelta(seconds=3),
            frozen_until=after(60),
            quota_used=5,
            quota_period_start=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        ),
        limits(10, daily_quota=5),
        NOW,
    )
    obstacles = [hold.obstacle for hold in found.holds]
    assert obstacles == [Obstacle.FREEZE, Obstacle.QUOTA, Obstacle.PACE]
    assert found.at == MIDNIGHT + dt.timedelta(seconds=3)
