from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.clock import DatabaseClock
from dispatch.limits import Limits
from dispatch.pace.gate import Gate, SlotMissed
from dispatch.pace.slots import LOOKAHEAD, START_WINDOW

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
LONG_AGO = NOW - dt.timedelta(days=1)
TOMORROW = NOW + dt.timedelta(days=1)
PASSED = r"^the slot passed before the message could be started$"
TOO_LATE = r"^the slot or the lease passed before it could be started$"


def limits(interval: float = 1.0, **kwargs: object) -> Limits:
    return Limits(dt.timedelta(seconds=interval), **kwargs)  # type: ignore[arg-type]


def clock(now: dt.datetime = NOW) -> DatabaseClock:
    """The database clock read just now, whatever this host thinks."""
    asked = time.monotonic()
    return DatabaseClock(now, asked, asked)


class StoppedClock(DatabaseClock):
    """At this moment, however long the test takes."""

    def __init__(self, now: dt.datetime) -> None:
        super().__init__(now, 0.0, 0.0)

    def at_least(self) -> dt.datetime:
        return self.reading

    def at_most(self) -> dt.datetime:
        return self.reading


def grant(
    gate: Gate, stored: dt.datetime, at_most: int, now: dt.datetime = NOW
) -> tuple[list[dt.datetime], dt.datetime]:
    """What a tick does: the slots granted, and what it leaves in the Pace row."""
    slots = gate.slots(stored, now, at_most)
    after = gate.padded(stored, slots)
    gate.opened(stored, slots, after)
    return slots, after


def start(
    gate: Gate,
    slot: dt.datetime,
    at: DatabaseClock,
    lease_seconds: float = 5,
    not_after: dt.datetime = TOMORROW,
) -> dt.datetime:
    starts: list[dt.datetime] = []
    gate.start(slot, not_after, lambda: at, lambda: time.monotonic() + lease_seconds, starts.append)
    return starts[0]


def start_all(gate: Gate, slots: Sequence[dt.datetime], at: DatabaseClock) -> list[dt.datetime]:
    return [start(gate, slot, at) for slot in slots]


def test_a_start_waits_for_its_slot() -> None:
    gate = Gate(limits())
    slots, _ = grant(gate, NOW + 0.05 * SECOND, 1)

    assert start(gate, slots[0], clock()) >= NOW + 0.05 * SECOND


def test_after_a_late_start_the_next_one_keeps_its_distance() -> None:
    gate = Gate(limits(0.1))
    slots, _ = grant(gate, LONG_AGO, 2, NOW - 0.05 * SECOND)

    first, second = start_all(gate, slots, clock())

    assert second - first >= 0.1 * SECOND


def test_a_later_grant_goes_by_the_starts_that_were_made() -> None:
    gate = Gate(limits(0.1))
    slots, stored = grant(gate, LONG_AGO, 1)
    at = clock()
    first = start(gate, slots[0], at)

    more, _ = grant(gate, stored, 1, first)

    assert more == [first + 0.1 * SECOND]


def test_a_later_grant_continues_from_slots_that_are_still_to_come() -> None:
    gate = Gate(limits(0.1))
    slots, stored = grant(gate, LONG_AGO, 2)

    more, _ = grant(gate, stored, 2)

    assert more == [slots[-1] + 0.1 * SECOND, slots[-1] + 0.2 * SECOND]


def test_what_is_stored_while_messages_are_open_holds_others_back_until_none_can_be_too_close() -> (
    None
):
    gate = Gate(limits(0.1))
    slots, stored = grant(gate, LONG_AGO, 3)

    assert stored == slots[-1] + START_WINDOW + 0.3 * SECOND


def test_when_nothing_is_open_any_more_the_exact_pace_is_stored() -> None:
    gate = Gate(limits(0.01))
    slots, stored = grant(gate, LONG_AGO, 2)
    starts = start_all(gate, slots, clock())
    assert gate.is_unsettled

    _, stored = grant(gate, stored, 0, NOW)

    assert stored == starts[-1] + 0.01 * SECOND
    assert not gate.is_unsettled


def test_a_message_that_was_given_back_does_not_count_in_the_pace() -> None:
    gate = Gate(limits(0.01))
    slots, stored = grant(gate, LONG_AGO, 2)
    first = start(gate, slots[0], clock())
    gate.give_back(slots[1])

    _, stored = grant(gate, stored, 0)

    assert stored == first + 0.01 * SECOND


def test_nothing_is_granted_while_messages_are_open_and_another_dispatcher_has_granted_since() -> (
    None
):
    gate = Gate(limits(0.1))
    _, stored = grant(gate, LONG_AGO, 1)

    assert gate.slots(stored + SECOND, NOW + 2 * SECOND, 5) == []


def test_what_another_dispatcher_has_stored_is_not_changed_without_a_grant() -> None:
    gate = Gate(limits(0.1))
    slots, stored = grant(gate, LONG_AGO, 1)
    start(gate, slots[0], clock())
    others = stored + SECOND

    assert grant(gate, others, 0) == ([], others)
    assert not gate.is_unsettled


def test_after_another_dispatcher_has_granted_it_goes_on_from_what_that_one_stored() -> None:
    gate = Gate(limits(0.1))
    slots, stored = grant(gate, LONG_AGO, 1)
    start(gate, slots[0], clock())

    assert grant(gate, stored + SECOND, 1, stored + SECOND)[0] == [stored + SECOND]


def test_after_a_commit_that_may_have_failed_nothing_is_granted_until_all_open_ones_are_over() -> (
    None
):
    gate = Gate(limits(0.1))
    slots, stored = grant(gate, LONG_AGO, 1)
    gate.forget()
    assert gate.slots(stored, NOW + 2 * SECOND, 1) == []

    gate.give_back(slots[0])

    assert gate.slots(stored, stored, 1) == [stored]


def test_a_start_after_its_window_is_refused() -> None:
    gate = Gate(limits())
    slots, _ = grant(gate, LONG_AGO, 1, NOW - START_WINDOW)

    with pytest.raises(SlotMissed):
        start(gate, slots[0], clock())


def test_a_start_after_the_quota_period_is_refused() -> None:
    gate = Gate(limits(0))

    with pytest.raises(SlotMissed):
        start(gate, NOW, clock(), not_after=NOW)


def test_a_start_without_a_lease_is_refused() -> None:
    with pytest.raises(SlotMissed):
        start(Gate(limits(0)), NOW, clock(), lease_seconds=-1)


def test_nothing_starts_through_a_closed_gate() -> None:
    gate = Gate(limits(0))
    gate.close()

    with pytest.raises(SlotMissed):
        start(gate, NOW, clock())


def test_a_longer_interval_holds_from_the_next_start_on() -> None:
    gate = Gate(limits(0.01))
    slots, _ = grant(gate, LONG_AGO, 3)
    at = clock()
    start(gate, slots[0], at)
    gate.limits = limits(0.1)

    second, third = start_all(gate, slots[1:], at)

    assert third - second >= 0.1 * SECOND


def test_a_message_that_was_granted_without_an_interval_does_not_start_when_there_is_one_now() -> (
    None
):
    gate = Gate(limits(0))
    slots, _ = grant(gate, LONG_AGO, 1)
    gate.limits = limits(0.1)

    with pytest.raises(SlotMissed, match=r"^the service had no interval when it was granted$"):
        start(gate, slots[0], clock())


def test_a_gate_whose_messages_may_still_start_is_not_to_be_settled() -> None:
    gate = Gate(limits(0.1))
    grant(gate, LONG_AGO, 1)

    assert not gate.is_unsettled


def test_a_gate_that_does_not_know_what_is_stored_is_not_to_be_settled() -> None:
    gate = Gate(limits(0.1))
    slots, _ = grant(gate, LONG_AGO, 1)
    start(gate, slots[0], clock())
    gate.forget()

    assert not gate.is_unsettled


def test_a_gate_that_has_granted_nothing_is_not_to_be_settled() -> None:
    assert not Gate(limits(0.1)).is_unsettled


def test_grant_after_grant_goes_by_the_starts_that_were_made() -> None:
    gate = Gate(limits(0.1))
    slots, stored = grant(gate, LONG_AGO, 1)
    for _ in range(3):
        started = start(gate, slots[0], clock(slots[0]))
        slots, stored = grant(gate, stored, 1, started)
        assert slots == [started + 0.1 * SECOND]


def test_the_last_to_grant_knows_it_by_what_is_stored() -> None:
    gate = Gate(limits(0.1))
    _, stored = grant(gate, LONG_AGO, 1)

    assert gate.holds(stored)
    assert not gate.holds(stored + SECOND)


def test_what_another_dispatcher_has_stored_does_not_hold_back_messages_that_are_open() -> None:
    gate = Gate(limits(0.1))
    slots, stored = grant(gate, LONG_AGO, 1)
    others = stored + 60 * SECOND

    gate.opened(others, [], others)

    assert start(gate, slots[0], clock()) < NOW + 60 * SECOND


def test_without_an_interval_a_message_may_start_until_its_period_is_over() -> None:
    gate = Gate(limits(0))
    slots, _ = grant(gate, LONG_AGO, 1, NOW - 60 * SECOND)

    assert start(gate, slots[0], clock()) >= NOW


class TestTheLastMoment:
    """Too late is at that moment, not after it."""

    def test_a_start_at_the_end_of_its_window_is_refused(self) -> None:
        gate = Gate(limits())
        slots, _ = grant(gate, LONG_AGO, 1)

        with pytest.raises(SlotMissed, match=TOO_LATE):
            start(gate, slots[0], StoppedClock(slots[0] + START_WINDOW))

    def test_a_start_just_before_it_is_not(self) -> None:
        gate = Gate(limits())
        slots, _ = grant(gate, LONG_AGO, 1)
        just_before = slots[0] + START_WINDOW - dt.timedelta(microseconds=1)

        assert start(gate, slots[0], StoppedClock(just_before)) == just_before

    def test_a_slot_at_the_end_of_the_quota_period_is_not_waited_for(self) -> None:
        gate = Gate(limits())
        slots, _ = grant(gate, NOW, 1)

        with pytest.raises(SlotMissed, match=PASSED):
            start(gate, slots[0], StoppedClock(NOW - 60 * SECOND), not_after=slots[0])

    def test_a_slot_that_the_pace_has_moved_beyond_its_window_is_not_waited_for(self) -> None:
        gate = Gate(limits(0.1))
        slots, _ = grant(gate, LONG_AGO, 2)
        gate.limits = limits(60)
        start(gate, slots[0], StoppedClock(NOW))

        with pytest.raises(SlotMissed, match=PASSED):
            start(gate, slots[1], StoppedClock(slots[1]))

    def test_nothing_waits_at_a_closed_gate(self) -> None:
        gate = Gate(limits())
        slots, _ = grant(gate, NOW, 1)
        gate.close()

        with pytest.raises(SlotMissed, match=PASSED):
            start(gate, slots[0], StoppedClock(NOW - 60 * SECOND))


def test_a_slot_that_has_come_is_not_waited_for() -> None:
    gate = Gate(limits())
    slots, _ = grant(gate, LONG_AGO, 1)

    assert start(gate, slots[0], StoppedClock(slots[0])) == slots[0]


@given(
    interval=st.floats(0.001, 2),
    burst=st.integers(1, 4),
    steps=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 6), st.floats(0, 0.9)), min_size=1, max_size=12
    ),
)
def test_what_is_stored_never_lets_another_dispatcher_start_too_early(
    interval: float, burst: int, steps: list[tuple[int, int, float]]
) -> None:
    """Grants of some, starts of some, each a little late; at every moment another one may grant by what is stored."""
    some = limits(interval, burst=burst)
    gate, stored, now = Gate(some), LONG_AGO, NOW
    open_slots: list[dt.datetime] = []
    starts: list[dt.datetime] = []
    too_early: list[list[dt.datetime]] = []
    for granted, begun, late in steps:
        slots, stored = grant(gate, stored, granted, now)
        open_slots += slots
        for _ in range(min(begun, len(open_slots))):
            slot = open_slots.pop(0)
            now = max(
                now,
                slot + late * (START_WINDOW / 2),
                some.earliest(gate.expected(stored, now)) - LOOKAHEAD,
            )
            begin(gate, slot, now, starts)
        if some.after_all(LONG_AGO, starts) > stored:
            too_early.append(list(starts))
    assert too_early == []


def begin(gate: Gate, slot: dt.datetime, now: dt.datetime, starts: list[dt.datetime]) -> None:
    """Start as at this time, without waiting for real: a start that would have to wait is given back."""
    at = clock(now)
    if at.seconds_until(max(slot, gate.limits.earliest(gate.expected(now, now)))) > 0.002:
        gate.give_back(slot)
        return
    try:
        gate.start(slot, TOMORROW, lambda: at, lambda: time.monotonic() + 5, starts.append)
    except SlotMissed:
        gate.give_back(slot)
