"""One service's part in a dispatcher: what it has claimed, its lanes, and when it wants to claim
again.
"""

from __future__ import annotations

import datetime as dt
import math
import time
from collections import deque
from collections.abc import Iterable

from dispatch import paces
from dispatch.agenda import ServicePlan
from dispatch.lanes import IDLE_SECONDS, LanePool
from dispatch.models import Pace
from dispatch.orders import Grant, NotStarted, Order, Report
from dispatch.paces import Notes
from dispatch.pacing import LOOKAHEAD

MARK_AHEAD = dt.timedelta(seconds=0.05)
"""How long before its slot an order is marked as sending: one transaction, with room to spare."""

LANE_BACKLOG_SECONDS = 0.05
"""How much work may be marked as sending ahead of a lane: enough to keep it busy for a tick, little
enough to stop soon.
"""

MAX_DEPTH = 32
LOOK_AGAIN = dt.timedelta(seconds=1)
"""How soon a service that is frozen, out of quota or without a connection is looked at again."""

LOCKED_AGAIN = dt.timedelta(seconds=0.02)
"""How soon a Pace row that another dispatcher had locked is tried again."""


class ServiceLoop:
    """The dispatch loop of one EmailService within one dispatcher. Used by the coordinating thread
    only.
    """

    def __init__(self, plan: ServicePlan, pool: LanePool) -> None:
        self.plan = plan
        self.pool = pool
        self.retired = False
        """The service is gone or connects differently: take nothing new, and end when all is
        reported.
        """
        self.notes = Notes()
        self.ready: deque[Order] = deque()
        self.in_hand: set[Order] = set()
        self.share = 0
        self._claim_at: dt.datetime | None = None
        self._grants: list[Grant] = []
        self._send_seconds = 0.02
        self._idle_since = time.monotonic()

    # How much it can take

    @property
    def is_idle(self) -> bool:
        return not self.ready and not self.in_hand

    def wanted_lanes(self, dispatchers: int) -> int:
        """How many connections this dispatcher can use: its part of them all, or what the pace
        needs if that is less.
        """
        part = math.ceil(self.plan.max_connections / dispatchers)
        interval = self.plan.limits.interval.total_seconds()
        return min(part, 1 + math.ceil(self._send_seconds / interval)) if interval else part

    def room(self) -> int:
        """How many more SubTasks may be claimed: two rounds of the lanes, one being sent and one
        being made ready.
        """
        if self.retired:
            return 0
        return max(0, 2 * self._round() - len(self.ready) - len(self.in_hand))

    def may_claim(self, now: dt.datetime) -> bool:
        return self._claim_at is None or now >= self._claim_at

    def due(self, now: dt.datetime) -> list[Order]:
        """The orders whose slot is near and for which a lane will soon be free."""
        free = max(0, self._round() - len(self.in_hand))
        soon = now + MARK_AHEAD
        return [order for order in list(self.ready)[:free] if order.slot <= soon]

    def next_event(self, has_work: bool) -> dt.datetime | None:
        """When there is something to do that no lane will report: a slot to mark, or one to claim
        if there is work.
        """
        moments = []
        if self.ready and len(self.in_hand) < self._round():
            moments.append(self.ready[0].slot - MARK_AHEAD)
        if has_work and self.room():
            moments.append(self._claim_at or dt.datetime.min.replace(tzinfo=dt.UTC))
        return min(moments, default=None)

    def _round(self) -> int:
        """How many messages may be marked as sending at a time."""
        depth = int(LANE_BACKLOG_SECONDS / self._send_seconds)
        return max(1, self.share) * max(1, min(MAX_DEPTH, depth))

    # Following its orders

    def take(self, orders: list[Order]) -> None:
        """Take over what was granted, still to be rendered."""
        if orders[0].grant.gate.slots.limits.interval:
            self._grants.append(orders[0].grant)

    def hand_over(self, orders: Iterable[Order]) -> None:
        """Give orders that are durably sending to the lanes."""
        for order in orders:
            self.ready.remove(order)
            self.in_hand.add(order)
            self.pool.hand_over(order)

    def drop(self, orders: Iterable[Order], why: str) -> list[Report]:
        """Give up ready orders before they are handed over."""
        reports = [Report(order, NotStarted(why)) for order in orders]
        for report in reports:
            self.ready.remove(report.order)
        return reports

    def recall(self, why: str) -> list[Report]:
        """Give up everything that no lane has begun with."""
        recalled = self.pool.recall()
        self.in_hand.difference_update(recalled)
        return self.drop(list(self.ready), why) + [
            Report(order, NotStarted(why)) for order in recalled
        ]

    def finished(self, report: Report) -> None:
        """Note that a lane is done with an order."""
        self.in_hand.discard(report.order)
        if report.started:
            self._send_seconds = 0.8 * self._send_seconds + 0.2 * max(report.seconds, 0.0005)

    # Following its pace

    def note_exact_paces(self) -> None:
        """Put down the exact pace of the grants that are over."""
        for grant in [grant for grant in self._grants if grant.is_over]:
            self._grants.remove(grant)
            exact = grant.gate.slots.exact_next(grant.gate.starts)
            self.notes.exact_next[grant.padded_next] = exact
            self._claim_at = None

    def follow(self, pace: Pace, now: dt.datetime) -> None:
        """See from its Pace row when this service may claim again."""
        limits = self.plan.limits
        if paces.is_frozen(pace, now) or paces.quota_left(pace, limits, now) == 0 or not self.share:
            self._claim_at = now + LOOK_AGAIN
        elif limits.interval:
            self._claim_at = limits.earliest(pace.next_send_at) - LOOKAHEAD
        else:
            self._claim_at = None

    def could_not_lock(self, now: dt.datetime) -> None:
        self._claim_at = now + LOCKED_AGAIN

    def gives_up_share(self) -> bool:
        """Whether it has connections to return: idle for so long that its lanes have ended."""
        if not self.is_idle:
            self._idle_since = time.monotonic()
        long_idle = time.monotonic() - self._idle_since > IDLE_SECONDS
        if not (self.share and long_idle and not self.pool.lanes):
            return False
        self.share = 0
        return True
