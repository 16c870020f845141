"""When a service may start its next messages: slots of an even pace with a burst, within a daily
quota. Arithmetic only.

The pace is the generic cell rate algorithm (ITU-T I.371): `next_send_at` is when the next message
is due at an even pace, a burst of b lets a start come up to (b - 1) intervals earlier, and each
start moves it on by one interval. So any b + 1 starts in a row take at least one interval.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass

LOOKAHEAD = dt.timedelta(seconds=0.5)
"""How long before its slot a SubTask may be claimed, so that it is rendered when the slot comes."""

START_WINDOW = dt.timedelta(seconds=1)
"""How long after its slot a message may still start; then the slot is gone and the SubTask goes
back.
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """A service's limits. `interval` zero: no pace; `daily_quota` None: no quota. `since` is when
    they became what they are: whoever knows an older state of them may grant nothing.
    """

    interval: dt.timedelta
    burst: int = 1
    daily_quota: int | None = None
    reset_time: dt.time = dt.time(0)
    time_zone: str = "UTC"
    since: dt.datetime | None = None

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

    def after_all(self, next_send_at: dt.datetime, starts: Iterable[dt.datetime]) -> dt.datetime:
        """When the next message is due at an even pace after these starts, in their order."""
        for start in starts:
            next_send_at = self.after(next_send_at, start)
        return next_send_at


def carried_over(
    next_send_at: dt.datetime, old: Limits, new: Limits, now: dt.datetime
) -> dt.datetime:
    """What `next_send_at` becomes when the limits change at `now`.

    It counts from the last start that there may be by the old limits; when the interval gets
    longer, with the burst used up. Nobody waits longer than the new limits have anybody wait after
    a start that was granted by the old ones.
    """
    latest = now + LOOKAHEAD + START_WINDOW + new.burst * new.interval
    if new.interval > old.interval:
        if not old.interval:
            return latest
        next_send_at += new.burst * new.interval - old.interval
    elif new.interval < old.interval:
        next_send_at += new.interval - old.interval
    return min(next_send_at, latest)


def due_slots(
    limits: Limits, next_send_at: dt.datetime, now: dt.datetime, at_most: int
) -> list[dt.datetime]:
    """The slots that come up within LOOKAHEAD, at most that many, none beyond the quota period.

    Without an interval every slot is now, whatever is left of a pace that there was before.
    """
    _, period_end = limits.period(now)
    slots: list[dt.datetime] = []
    due = next_send_at if limits.interval else now
    while len(slots) < at_most:
        slot = max(now, limits.earliest(due))
        if slot > now + LOOKAHEAD or slot >= period_end:
            break
        slots.append(slot)
        due = limits.after(due, slot)
    return slots
