"""When a service may start its next messages: slots of an even pace with a burst, within a daily
quota.

The pace is the generic cell rate algorithm (ITU-T I.371): `next_send_at` is when the next message
is due at an even pace, a burst of b lets a start come up to (b - 1) intervals earlier, and each
start moves it on by one interval. So any b + 1 starts in a row take at least one interval.

A start is a little later than its slot. So that the next one is never too close to it, a grant
first writes `next_send_at` as if all its starts came at the last moment they may
(`Slots.start_before`); once they have all been made, the dispatcher puts the exact value there
(`exact_next`), unless somebody changed it in the meantime. If the dispatcher dies in between, the
service is merely a second late.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dispatch.clock import DatabaseClock

LOOKAHEAD = dt.timedelta(seconds=0.5)
"""How long before its slot a SubTask may be claimed, so that it is rendered when the slot comes."""

START_WINDOW = dt.timedelta(seconds=1)
"""How long after its slot a message may still start; then the slot is gone and the SubTask goes
back.
"""


class SlotMissed(Exception):
    """The slot, the quota period or the lease passed before the message could be started: nothing
    was handed over.
    """


@dataclass(frozen=True, slots=True)
class Limits:
    """A service's limits. `interval` zero: no pace; `daily_quota` None: no quota."""

    interval: dt.timedelta
    burst: int = 1
    daily_quota: int | None = None
    reset_time: dt.time = dt.time(0)
    time_zone: str = "UTC"

    def period(self, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        """The quota period that `now` is in: its start, and the start of the next one.

        Computed from the boundaries around `now`, never by comparing clock readings, so that none
        is missed; a period lasts 23 or 25 hours when the zone's clocks change.
        """
        zone = zoneinfo.ZoneInfo(self.time_zone)
        day = now.astimezone(zone).date()
        bounds = [
            dt.datetime.combine(day + dt.timedelta(days=n), self.reset_time, zone).astimezone(
                dt.UTC
            )
            for n in (-1, 0, 1, 2)
        ]
        start = max(bound for bound in bounds if bound <= now)
        return start, min(bound for bound in bounds if bound > now)

    def earliest(self, next_send_at: dt.datetime) -> dt.datetime:
        """When a message may start, given when the next is due at an even pace."""
        return next_send_at - (self.burst - 1) * self.interval

    def after(self, next_send_at: dt.datetime, start: dt.datetime) -> dt.datetime:
        """When the next message is due at an even pace after one started at `start`."""
        return max(next_send_at, start) + self.interval


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of one grant, in order, with the pace they were computed from."""

    limits: Limits
    next_send_at: dt.datetime
    times: tuple[dt.datetime, ...]
    not_after: dt.datetime
    """The end of the quota period: no start may come at or after it."""

    @property
    def start_before(self) -> dt.datetime:
        """No message of this grant may start at or after this moment."""
        return min(self.times[-1] + START_WINDOW, self.not_after)

    def first(self, count: int) -> Slots:
        return Slots(self.limits, self.next_send_at, self.times[:count], self.not_after)

    def padded_next(self) -> dt.datetime:
        """What `next_send_at` must be at least, whenever within the window the messages start."""
        return self.exact_next([self.start_before] * len(self.times))

    def exact_next(self, starts: Sequence[dt.datetime]) -> dt.datetime:
        """What `next_send_at` is after these starts."""
        due = self.next_send_at
        for start in sorted(starts):
            due = self.limits.after(due, start)
        return due


def due_slots(limits: Limits, next_send_at: dt.datetime, now: dt.datetime, at_most: int) -> Slots:
    """The slots that come up within LOOKAHEAD, at most that many, none beyond the quota period."""
    _, period_end = limits.period(now)
    times: list[dt.datetime] = []
    due = next_send_at
    while len(times) < at_most:
        slot = max(now, limits.earliest(due))
        if slot > now + LOOKAHEAD or slot >= period_end:
            break
        times.append(slot)
        due = limits.after(due, slot)
    return Slots(limits, next_send_at, tuple(times), period_end)


class Gate:
    """Lets the messages of one grant start, one after the other, each as soon as the pace allows
    after the last.

    Shared by the lanes of one dispatcher; what it lets through is what `exact_next` is computed
    from.
    """

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.starts: list[dt.datetime] = []
        self._lock = threading.Lock()
        self._closed = False

    def start(
        self,
        slot: dt.datetime,
        clock: Callable[[], DatabaseClock],
        lease_until: Callable[[], float],
        started: Callable[[dt.datetime], None],
    ) -> None:
        """Wait for the slot and tell `started` when it was; the hand-over must follow at once.

        Raises SlotMissed when it is too late, by the slot, the quota period or the lease (monotonic
        seconds): then the caller must not hand over.
        """
        with self._lock:
            if self.slots.limits.interval:
                self._wait_for(max(slot, self._allowed()), clock)
            start = clock().at_most()
            if self._closed or start >= self._last_moment() or time.monotonic() >= lease_until():
                raise SlotMissed("the slot or the lease passed before the message could be started")
            self.starts.append(start)
            started(start)

    def close(self) -> None:
        """Let nothing more start. Once this returns, what has started is known for sure."""
        with self._lock:
            self._closed = True

    def _allowed(self) -> dt.datetime:
        return self.slots.limits.earliest(self.slots.exact_next(self.starts))

    def _last_moment(self) -> dt.datetime:
        return self.slots.start_before if self.slots.limits.interval else self.slots.not_after

    def _wait_for(self, moment: dt.datetime, clock: Callable[[], DatabaseClock]) -> None:
        while (wait := clock().seconds_until(moment)) > 0:
            if self._closed or moment >= self.slots.start_before:
                raise SlotMissed("the slot passed before the message could be started")
            time.sleep(wait)
