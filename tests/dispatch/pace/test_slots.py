from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.limits import Limits
from dispatch.pace.slots import LOOKAHEAD, START_WINDOW, carried_over, due_slots

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
LONG_AGO = NOW - dt.timedelta(days=1)


def limits(interval: float = 1.0, **kwargs: object) -> Limits:
    return Limits(dt.timedelta(seconds=interval), **kwargs)  # type: ignore[arg-type]


def test_after_a_rest_one_message_is_due_at_once_and_the_next_an_interval_later() -> None:
    slots = due_slots(limits(0.2), LONG_AGO, NOW, 10)

    assert slots == [NOW, NOW + 0.2 * SECOND, NOW + 0.4 * SECOND]


def test_a_burst_lets_that_many_start_at_once_and_then_keeps_the_even_pace() -> None:
    slots = due_slots(limits(0.2, burst=3), LONG_AGO, NOW, 10)

    assert slots == [NOW, NOW, NOW, NOW + 0.2 * SECOND, NOW + 0.4 * SECOND]


def test_no_slot_is_further_away_than_the_lookahead() -> None:
    assert due_slots(limits(), NOW + LOOKAHEAD + SECOND, NOW, 10) == []


@pytest.mark.parametrize("old_interval", [0.5, 1, 600])
def test_a_shorter_interval_is_kept_after_starts_that_were_granted_by_the_longer_one(
    old_interval: float,
) -> None:
    old, new = limits(old_interval), limits(0.1)
    last_start = NOW + START_WINDOW
    due = carried_over(old.after(LONG_AGO, last_start), old, new, NOW)
    assert new.earliest(due) == last_start + 0.1 * SECOND


def test_without_an_interval_everything_is_due_at_once() -> None:
    assert due_slots(limits(0), LONG_AGO, NOW, 3) == [NOW, NOW, NOW]


def test_no_slot_is_beyond_the_end_of_the_quota_period() -> None:
    midnight = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    slots = due_slots(limits(0.2), LONG_AGO, midnight - 0.3 * SECOND, 10)

    assert len(slots) == 2
    assert slots[-1] < midnight


@pytest.mark.parametrize(
    ("zone", "reset", "now", "start", "end"),
    [
        ("UTC", dt.time(0), "2026-03-01T12:00", "2026-03-01T00:00", "2026-03-02T00:00"),
        ("UTC", dt.time(18), "2026-03-01T12:00", "2026-02-28T18:00", "2026-03-01T18:00"),
        ("Asia/Shanghai", dt.time(0), "2026-03-01T15:59", "2026-02-28T16:00", "2026-03-01T16:00"),
        ("Asia/Shanghai", dt.time(0), "2026-03-01T16:00", "2026-03-01T16:00", "2026-03-02T16:00"),
        ("Europe/Berlin", dt.time(0), "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"),
        (
            "Europe/Berlin",
            dt.time(2, 30),
            "2026-10-25T12:00",
            "2026-10-25T00:30",
            "2026-10-26T01:30",
        ),
    ],
)
def test_a_quota_period_runs_from_boundary_to_boundary_in_the_services_zone(
    zone: str, reset: dt.time, now: str, start: str, end: str
) -> None:
    period = limits(reset_time=reset, time_zone=zone).period(_utc(now))

    assert period == (_utc(start), _utc(end))


@given(st.integers(0, 400 * 24 * 60), st.integers(0, 24 * 60 - 1))
def test_every_moment_is_in_exactly_one_quota_period(minutes: int, reset: int) -> None:
    some = limits(reset_time=dt.time(reset // 60, reset % 60), time_zone="America/New_York")
    now = NOW + dt.timedelta(minutes=minutes)
    start, end = some.period(now)

    assert start <= now < end
    assert some.period(end)[0] == end


@given(
    interval=st.floats(0.01, 30),
    burst=st.integers(1, 5),
    waits=st.lists(st.floats(0, 40), min_size=6, max_size=40),
)
def test_whoever_starts_as_the_slots_allow_keeps_b_plus_one_starts_an_interval_apart(
    interval: float, burst: int, waits: list[float]
) -> None:
    some = limits(interval, burst=burst)
    starts: list[dt.datetime] = []
    due, now = LONG_AGO, NOW
    for wait in waits:
        now += dt.timedelta(seconds=wait)
        start = max(now, some.earliest(due))
        due = some.after(due, start)
        now = start
        starts.append(start)

    gaps = [last - first for first, last in zip(starts, starts[burst:], strict=False)]
    assert min(gaps) >= some.interval


def _utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
