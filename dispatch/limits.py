"""The limits of a service as values: its pace and its quota. Arithmetic only.

The pace is the generic cell rate algorithm (ITU-T I.371): `next_send_at` is when the next message
is due at an even pace, a burst of b lets a start come up to (b - 1) intervals earlier, and each
start moves it on by one interval. So any b + 1 starts in a row take at least one interval.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """A service's limits. `interval` zero: no pace; `daily_quota` None: no quota. `since` is when
    they became what they are: a dispatcher that knows an older state of them grants nothing.
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
