"""One service's part in a dispatcher: what it has claimed, its lanes, and when it wants to claim
again.
"""

from __future__ import annotations

import datetime as dt
import math
import time
from collections import deque
from collections.abc import Iterable

from dispatch.claiming.agenda import ServicePlan
from dispatch.claiming.deliveries import Delivery, LaneReport, NotStarted
from dispatch.engine.lanes import IDLE_SECONDS, LanePool
from dispatch.models import Pace
from dispatch.pace import pace_rows
from dispatch.pace.gate import Gate
from dispatch.pace.pace_rows import PaceChanges
from dispatch.pace.slots import LOOKAHEAD

MARK_AHEAD = dt.timedelta(seconds=0.2)
"""How long before its slot a delivery is marked as sending: one transaction, also on a machine
whose processors and disk are busy. What is marked and has not begun when the process dies goes
back.
"""

LANE_BACKLOG_SECONDS = 0.08
"""How much work may be marked as sending ahead of a lane: enough to keep it busy for a tick, little
enough to stop soon.
"""

STALLED_SECONDS = 0.2
"""A lane that waits for its answer for longer needs others beside it, before all that may be
claimed is waiting behind it.
"""

MAX_DEPTH = 32
LOOK_AGAIN = dt.timedelta(seconds=1)
"""How soon a service that is frozen, out of quota or without a connection is looked at again."""

REST = dt.timedelta(seconds=3)
"""How long a paced service that is left to other dispatchers is left alone."""

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
        """The service is gone or connects differently: takes nothing new, ends when all is told."""
        self.pace_changes = PaceChanges()
        """What has yet to be written to the Pace row; replaced after every commit."""
        self.ready: deque[Delivery] = deque()
        """Claimed deliveries that are not marked as sending yet, by slot."""
        self.in_hand: set[Delivery] = set()
        """Deliveries marked as sending, from `hand_over` until a lane reports or they are given
        up.
        """
        self.share = 0
        """How many of the service's connections belong to this dispatcher, by the database."""
        self._most = 0
        """How many connections it goes on with. Set to the share by `connect`, and lower by `keeps`
        before the others are closed; the share follows when they are.
        """
        self.gate = Gate(plan.limits)
        self.holds = False
        """Whether this dispatcher was the last to grant slots of this paced service. Set by
        `follow`, cleared by `leave_to_others`.
        """
        self._claim_at: dt.datetime | None = None
        """Claim nothing before (database time); None: at once. Set whenever its Pace row was to be
        locked, cleared when staff change the limits.
        """
        self._rest_until: dt.datetime | None = None
        """Claim nothing before (database time), as the service is left to other dispatchers. Set by
        `leave_to_others`; runs out by itself.
        """
        self._left_since: dt.datetime | None = None
        """Since when (database time) it could have been claimed for and was left to others. Set by
        `is_left_alone`, cleared when its Pace row was locked.
        """
        self._send_seconds = 0.02
        """How long a hand-over takes: a moving average of those that were made, in seconds."""
        self._idle_since = time.monotonic()
        """When it last had a delivery (monotonic seconds), as of the last look by `keeps`."""

    # How much it can take

    @property
    def is_idle(self) -> bool:
        return not self.ready and not self.in_hand

    @property
    def is_paced(self) -> bool:
        return bool(self.plan.limits.interval)

    def wanted_lanes(self, dispatchers: int) -> int:
        """How many connections this dispatcher can use: what the pace needs, or its part of all."""
        if self.is_paced:
            interval = self.plan.limits.interval.total_seconds()
            needed = self.plan.limits.burst + math.ceil(self._slowest_seconds() / interval)
            return min(self.plan.max_connections, needed)
        return math.ceil(self.plan.max_connections / dispatchers)

    def _slowest_seconds(self) -> float:
        """How long a message takes, or one has taken already: that a provider stops answering is
        not known from its answers.
        """
        began = [delivery.began for delivery in self.in_hand if delivery.started_at]
        waited = time.monotonic() - min(began, default=math.inf)
        return max(self._send_seconds, waited if waited > STALLED_SECONDS else 0.0)

    @property
    def connections(self) -> int:
        """How many connections it may have open: its share, but none that it is about to return."""
        return min(self.share, self._most)

    def capacity(self) -> int:
        """How many more SubTasks may be claimed: what its lanes can send within the lookahead, or
        without a pace two rounds, one being sent and one waiting.
        """
        if self.retired:
            return 0
        at_most = 2 * self._round()
        if self.is_paced:
            per_lane = int(LOOKAHEAD.total_seconds() / self._send_seconds)
            at_most = max(1, self.connections) * max(2, min(2 * MAX_DEPTH, per_lane))
        return max(0, at_most - len(self.ready) - len(self.in_hand))

    def may_claim(self, now: dt.datetime) -> bool:
        return not self._rests(now) and (self._claim_at is None or now >= self._claim_at)

    def due(self, now: dt.datetime) -> list[Delivery]:
        """The deliveries whose slot is near and for which a lane will soon be free."""
        free = max(0, self._round() - len(self.in_hand))
        soon = now + MARK_AHEAD
        return [delivery for delivery in list(self.ready)[:free] if delivery.slot <= soon]

    def next_event(self, has_work: bool) -> dt.datetime | None:
        """When there is something to do that no lane will report: a slot to mark, or one to claim
        if there is work.
        """
        moments = []
        if self.ready and len(self.in_hand) < self._round():
            moments.append(self.ready[0].slot - MARK_AHEAD)
        if has_work and self.capacity():
            moments.append(self._claim_at or dt.datetime.min.replace(tzinfo=dt.UTC))
        return min(moments, default=None)

    def _round(self) -> int:
        """How many messages may be marked as sending at a time."""
        depth = int(LANE_BACKLOG_SECONDS / self._send_seconds)
        return max(1, self.connections) * max(1, min(MAX_DEPTH, depth))

    # Following its deliveries

    def hand_over(self, deliveries: Iterable[Delivery]) -> None:
        """Give deliveries that are durably sending to the lanes."""
        for delivery in deliveries:
            self.ready.remove(delivery)
            self.in_hand.add(delivery)
            self.pool.hand_over(delivery)

    def drop(self, deliveries: Iterable[Delivery], why: str) -> list[LaneReport]:
        """Give up ready deliveries before they are handed over."""
        reports = [LaneReport(delivery, NotStarted(why)) for delivery in deliveries]
        for report in reports:
            self.ready.remove(report.delivery)
        return reports

    def recall(self, why: str) -> list[LaneReport]:
        """Give up everything that no lane has begun with."""
        recalled = self.pool.recall()
        self.in_hand.difference_update(recalled)
        return self.drop(list(self.ready), why) + [
            LaneReport(delivery, NotStarted(why)) for delivery in recalled
        ]

    def finished(self, report: LaneReport) -> None:
        """Note that a lane is done with a delivery."""
        self.in_hand.discard(report.delivery)
        if report.started:
            self._send_seconds = 0.8 * self._send_seconds + 0.2 * max(report.seconds, 0.0005)

    # Following its pace

    def replan(self, plan: ServicePlan) -> None:
        """Keep to what its staff have changed, and look at once what that allows."""
        if plan.limits != self.plan.limits:
            self._claim_at = None
        self.plan = plan
        self.gate.limits = plan.limits
        self.retired = False
        self.holds = self.holds and self.is_paced

    def follow(self, pace: Pace, now: dt.datetime) -> None:
        """See from its Pace row when this service may claim again."""
        limits = self.plan.limits
        self._left_since = None
        self.holds = self.is_paced and self.gate.holds(pace.next_send_at) and not self._rests(now)
        if pace_rows.is_frozen(pace, now) or pace_rows.quota_left(pace, limits, now) == 0:
            self._claim_at = now + LOOK_AGAIN
        elif self.is_paced:
            due = limits.earliest(self.gate.expected(pace.next_send_at, now))
            self._claim_at = due - LOOKAHEAD / 2
        else:
            self._claim_at = None

    def leave_to_others(self, now: dt.datetime) -> None:
        """Let another dispatcher grant the next slots of this paced service."""
        self.holds = False
        self._rest_until = now + REST

    def is_left_alone(self, now: dt.datetime) -> bool:
        """Whether it could have been claimed for since a while ago, and was left to others. Ask
        whenever it is left to them.
        """
        self._left_since = self._left_since or now
        return now - self._left_since > LOOK_AGAIN

    def _rests(self, now: dt.datetime) -> bool:
        return self._rest_until is not None and now < self._rest_until

    def could_not_connect(self, now: dt.datetime) -> None:
        self._claim_at = now + LOOK_AGAIN

    def could_not_lock(self, now: dt.datetime) -> None:
        self._claim_at = now + LOCKED_AGAIN

    def connect(self, share: int) -> None:
        self.share = self._most = share

    def keeps(self, dispatchers: int, now: dt.datetime, is_ending: bool = False) -> int | None:
        """How many connections it goes on with now that it has closed the others; None while there
        are none to return. It keeps those it can use, so that a dispatcher that comes gets its
        part, none when it was idle for long or is left to others, and those that are busy when it
        ends.
        """
        if not self.is_idle:
            self._idle_since = time.monotonic()
        is_over = self._rests(now) or time.monotonic() - self._idle_since > IDLE_SECONDS
        if is_ending:
            self._most = len(self.in_hand)
        else:
            self._most = 0 if self.is_idle and is_over else self.wanted_lanes(dispatchers)
        self.pool.shrink(self._most)
        if self.share <= self._most or self.pool.lanes > self._most:
            return None
        self.share = self._most
        return self.share
