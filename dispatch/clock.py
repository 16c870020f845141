"""The database clock, read from this process without asking the database each time.

The host's own clock is never used: between two readings the process counts with its monotonic
clock, which neither jumps nor follows the host's date. A reading is exact only to the time its
round trip took, so both bounds are kept.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

from campaigns.db.times import database_time as database_time


@dataclass(frozen=True, slots=True)
class DatabaseClock:
    """What the database said (`reading`), asked at `asked` and answered at `answered`, both
    monotonic seconds.
    """

    reading: dt.datetime
    asked: float
    answered: float

    @classmethod
    def ask(cls, query: Callable[[], dt.datetime]) -> DatabaseClock:
        asked = time.monotonic()
        reading = query()
        return cls(reading, asked, time.monotonic())

    def at_least(self) -> dt.datetime:
        """The database's time is this or later: what a start waits for, so that it is never
        early.
        """
        return self.reading + dt.timedelta(seconds=time.monotonic() - self.answered)

    def at_most(self) -> dt.datetime:
        """The database's time is this or earlier: what a start is recorded as, so that the next is
        never too close.
        """
        return self.reading + dt.timedelta(seconds=time.monotonic() - self.asked)

    def seconds_until(self, moment: dt.datetime) -> float:
        """How long to wait until the database's time is surely `moment`; negative when it has
        passed.
        """
        return (moment - self.at_least()).total_seconds()
