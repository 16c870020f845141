"""Letting a service's messages start as its pace allows, in one dispatcher.

A start is a little later than its slot, and by how much is unknown before it is made. So what a
grant leaves in `Pace.next_send_at` is padded: as if all messages that may still start did so at the
last moment they may. Other dispatchers that grant slots of this service go by that, and are never
too early. The dispatcher that wrote it knows better: as long as the value has not changed since, it
grants on from the starts that were really made, and stores what is then known. When none is open
any more, that is exact. If it dies before, its service is merely a second or two late.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Sequence

from django.utils.translation import gettext_noop

from dispatch.clock import DatabaseClock
from dispatch.limits import Limits
from dispatch.pace.slots import START_WINDOW, due_slots

UNKNOWN = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class SlotMissed(Exception):
    """The slot, the quota period or the lease passed before the message could be started: nothing
    was handed over.
    """


class Gate:
    """The starts of one service in one dispatcher. Its lanes wait here; the coordinating thread
    grants.

    `limits` may be replaced at any time; the next start keeps to the new ones.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._turn = threading.Lock()
        """Held by the lane whose turn it is to start, while it waits for the moment."""
        self._state = threading.Lock()
        """Guards `_due`, `_open` and `_closed`, which all threads share; never held for long. Only
        the lane whose turn it is may read `_due` without it.
        """
        self._due = UNKNOWN
        """`next_send_at` after the starts that were made: set to what was stored by `opened`, when
        another dispatcher had granted since; moved on by each start.
        """
        self._open: list[dt.datetime] = []
        """Slots of granted messages that may still start. Entered by `opened`; taken out by `start`
        and `give_back`.
        """
        self._stored = UNKNOWN
        """What this dispatcher last wrote to `next_send_at`, or UNKNOWN: then it goes by the row.
        Set by `opened`, cleared by `forget`; used by the coordinating thread only.
        """
        self._closed = False
        """Nothing starts any more. Set by `close`, for good."""

    # Granting, by the coordinating thread

    @property
    def is_idle(self) -> bool:
        """Nothing that was granted may still start."""
        with self._state:
            return not self._open

    @property
    def is_unsettled(self) -> bool:
        """What this dispatcher stored is still padded, though nothing is open any more."""
        with self._state:
            return not self._open and self._stored not in (UNKNOWN, self._due)

    def holds(self, stored: dt.datetime) -> bool:
        """Whether this dispatcher was the last to grant slots, as `stored` in its Pace row says."""
        return stored == self._stored

    def expected(self, stored: dt.datetime, now: dt.datetime) -> dt.datetime:
        """What `next_send_at` will be when all that is open starts at its slot."""
        with self._state:
            if stored != self._stored:
                return stored
            return self.limits.after_all(self._due, [max(slot, now) for slot in self._open])

    def slots(self, stored: dt.datetime, now: dt.datetime, at_most: int) -> list[dt.datetime]:
        """The slots that may be granted now, with the Pace row locked.

        No slots while messages are open and another dispatcher has granted since: what is stored
        allows for the open ones, but their starts do not allow for what the other one granted.
        """
        if stored != self._stored and not self.is_idle:
            return []
        return due_slots(self.limits, self.expected(stored, now), now, at_most)

    def padded(self, stored: dt.datetime, granted: Sequence[dt.datetime] = ()) -> dt.datetime:
        """What to store in the locked Pace row after granting these slots; `stored` itself when
        nothing was granted and another dispatcher has written it.
        """
        if not self.limits.interval:
            return stored
        with self._state:
            if stored != self._stored and not granted:
                return stored
            due = self._due if stored == self._stored else stored
            still_open = [*self._open, *granted]
            last_moment = max(still_open, default=UNKNOWN) + START_WINDOW
            return self.limits.after_all(due, [last_moment] * len(still_open))

    def opened(
        self, before: dt.datetime, granted: Sequence[dt.datetime], stored: dt.datetime
    ) -> None:
        """A commit has put `stored` in the place of `before` in the Pace row and granted these."""
        if not self.limits.interval:
            return
        with self._state:
            if granted and before != self._stored:
                self._due = before
            self._open += granted
            self._stored = stored if granted or before == self._stored else UNKNOWN

    def forget(self) -> None:
        """It is not known what the Pace row holds now: grant on from there once nothing is open."""
        self._stored = UNKNOWN

    # Starting, by the lanes

    def start(
        self,
        slot: dt.datetime,
        not_after: dt.datetime,
        clock: Callable[[], DatabaseClock],
        lease_until: Callable[[], float],
        started: Callable[[dt.datetime], None],
    ) -> None:
        """Wait for the slot and tell `started` when it was; the hand-over must follow at once.

        Raises SlotMissed when it is too late, by the slot, the quota period (`not_after`) or the
        lease (monotonic seconds): then the caller must not hand over.
        """
        paced = bool(self.limits.interval)
        last_moment = min(slot + START_WINDOW, not_after) if paced else not_after
        with self._turn:
            if paced:
                self._wait_for(slot, last_moment, clock)
            with self._state:
                start = clock().at_most()
                is_late = start >= last_moment or time.monotonic() >= lease_until()
                if self._closed or is_late:
                    raise SlotMissed(
                        gettext_noop("the slot or the lease passed before it could be started")
                    )
                if paced and slot not in self._open:
                    raise SlotMissed(
                        gettext_noop("the service had no interval when it was granted")
                    )
                if slot in self._open:
                    self._open.remove(slot)
                    self._due = self.limits.after(self._due, start)
                started(start)

    def give_back(self, slot: dt.datetime) -> None:
        """A message with this slot will not be started."""
        with self._state:
            if slot in self._open:
                self._open.remove(slot)

    def close(self) -> None:
        """Let nothing more start. Once this returns, what has started is known for sure."""
        with self._state:
            self._closed = True

    def _wait_for(
        self, slot: dt.datetime, last_moment: dt.datetime, clock: Callable[[], DatabaseClock]
    ) -> None:
        """Until slot and pace allow a start; only the lane whose turn it is changes the pace."""
        while (wait := clock().seconds_until(moment := self._allowed(slot))) > 0:
            if self._closed or moment >= last_moment:
                raise SlotMissed(
                    gettext_noop("the slot passed before the message could be started")
                )
            time.sleep(min(wait, START_WINDOW.total_seconds()))

    def _allowed(self, slot: dt.datetime) -> dt.datetime:
        return max(slot, self.limits.earliest(self._due))
