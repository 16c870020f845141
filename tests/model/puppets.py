"""A real dispatcher whose lanes are moved by hand: deliveries go in, and the test says when each starts
and what is reported.

What a host carries on with its monotonic clock goes on with the model's time: the reading of the
database clock, the age of the agenda, how long a connection has rested, and the lease.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import cast

from dispatch.claiming.agenda import Agenda
from dispatch.claiming.deliveries import Delivery, LaneReport, NotStarted, Outcome
from dispatch.claiming.leases import LeaseLost
from dispatch.clock import DatabaseClock
from dispatch.engine.dispatcher import Dispatcher
from dispatch.engine.lanes import LanePool, begin, note_answer
from dispatch.engine.tick import TickRequest, TickResult
from dispatch.pace.gate import SlotMissed
from dispatch.results import start_log
from tests.model.laboratory import StoppedClock


class Lanes(LanePool):
    """What a dispatcher has handed over for one service: deliveries that wait, and those that have
    begun.
    """

    def __init__(self) -> None:
        self.waiting: list[Delivery] = []
        self.begun: list[Delivery] = []

    @property
    def lanes(self) -> int:
        return len(self.begun)

    def grow(self, lanes: int) -> None:
        pass

    def shrink(self, lanes: int) -> None:
        pass

    def close(self) -> None:
        pass

    def hand_over(self, delivery: Delivery) -> None:
        self.waiting.append(delivery)

    def recall(self) -> list[Delivery]:
        recalled, self.waiting = self.waiting, []
        return recalled


class Puppet(Dispatcher):
    """A dispatcher that does one thing at a time, when it is told to."""

    def __init__(self, clock: StoppedClock) -> None:
        self.cluster = uuid.uuid4()
        super().__init__(self.cluster)
        self._stopped_clock = clock
        self._looked_at = clock.now
        self._beat_at = time.monotonic(), clock.now
        self._all_lanes: list[Lanes] = []
        self.requests: list[TickRequest] = []
        self.granted: list[Delivery] = []
        self.agenda: Agenda | None = None
        """By which it granted these."""
        self.is_lost = False
        """Whether it has found out that it was declared dead."""
        self.heartbeat = clock.now

    def _pool(self, plan: object) -> Lanes:
        self._all_lanes.append(Lanes())
        return self._all_lanes[-1]

    # What it is told to do

    def tick(self, during: AbstractContextManager[None] | None = None) -> None:
        """One tick, with everything it brings along."""
        self._look_at_the_clock()
        with during or nullcontext():
            self._unless_lost(lambda: self._tick(claim=True))

    def sign_off(self, during: AbstractContextManager[None] | None = None) -> None:
        """SIGTERM: wind up, without waiting for replies."""
        self._look_at_the_clock()
        with during or nullcontext():
            self._unless_lost(self._wind_up)

    def start(self, delivery: Delivery) -> bool:
        """A lane takes up a delivery and starts it in its slot, unless the gate refuses; then it says
        so.
        """
        lane = self.lane_of(delivery)
        lane.waiting.remove(delivery)
        try:
            delivery.grant.gate.start(
                delivery.slot,
                delivery.not_after,
                lambda: self._database_clock,
                self._lease_until,
                lambda at: begin(delivery, at, self._lane_context.starts),
            )
        except SlotMissed as missed:
            self._receive(LaneReport(delivery, NotStarted(str(missed)), self._stopped_clock.now))
            return False
        lane.begun.append(delivery)
        return True

    def vanish(self) -> None:
        """kill -9: its start log is held by no process any more."""
        start_log._kept.discard(self._starts)
        self._starts = self._lane_context.starts = start_log.NoStartLog()

    def report(self, delivery: Delivery, outcome: Outcome) -> None:
        """A lane is done with a delivery, begun or not."""
        lane = self.lane_of(delivery)
        (lane.begun if delivery in lane.begun else lane.waiting).remove(delivery)
        report = LaneReport(delivery, outcome, self._stopped_clock.now)
        note_answer(report, self._lane_context.starts)
        self._receive(report)

    # What it knows

    @property
    def waiting(self) -> list[Delivery]:
        return [delivery for lanes in self._all_lanes for delivery in lanes.waiting]

    @property
    def begun(self) -> list[Delivery]:
        return [delivery for lanes in self._all_lanes for delivery in lanes.begun]

    @property
    def in_its_hands(self) -> list[Delivery]:
        """What it means to hand over, or has."""
        loops = self._loops.values()
        return [delivery for loop in loops for delivery in (*loop.ready, *loop.in_hand)]

    @property
    def lease_is_fresh(self) -> bool:
        return self._lease_until() > time.monotonic()

    def lane_of(self, delivery: Delivery) -> Lanes:
        return next(
            lanes
            for lanes in self._all_lanes
            if delivery in lanes.waiting or delivery in lanes.begun
        )

    # How it lives in the model

    @property
    def _database_clock(self) -> DatabaseClock:
        """The stopped clock, which has every method of the real one."""
        return cast(DatabaseClock, self._stopped_clock)

    def _look_at_the_clock(self) -> None:
        elapsed = (self._stopped_clock.now - self._looked_at).total_seconds()
        self._looked_at = self._stopped_clock.now
        self._clock = self._database_clock
        self._agenda_read_at -= elapsed
        for loop in self._loops.values():
            loop._idle_since -= elapsed

    def _lease_until(self) -> float:
        """When its lease ends, by a monotonic clock that has gone on with the model's time."""
        since = self._stopped_clock.now - self.heartbeat
        return (
            self._lane_context.lease_until
            + time.monotonic()
            - (self._lane_context.clock.asked + since.total_seconds())
        )

    def _request(self, claim: bool) -> TickRequest:
        self.requests.append(super()._request(claim))
        return self.requests[-1]

    def _follow(self, request: TickRequest, result: TickResult) -> None:
        self.heartbeat = result.clock.reading
        self.witness(result)
        super()._follow(request, result)

    def witness(self, result: TickResult) -> None:
        """Note what was committed, whether or not the dispatcher gets to know."""
        self.granted = [delivery for deliveries in result.granted for delivery in deliveries]
        self.agenda = result.agenda

    def _unless_lost(self, act: Callable[[], None]) -> None:
        self.requests, self.granted = [], []
        try:
            act()
        except LeaseLost:
            self.is_lost = True
            self._lane_context.lease_until = 0.0
