"""The dispatcher: one thread that coordinates, a loop per service, and lanes for the network.

It works in ticks (`dispatch.engine.tick`), and acts only upon what a tick has committed: deliveries
go to the lanes after the commit that marked them as sending, and outcomes are kept until the commit
that recorded them. A tick that fails is run again whole. One whose COMMIT reply was lost may be run
twice: every write is fenced by the claim's token, and claims unknown to the dispatcher go back.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import queue
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping

from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext_noop

from campaigns.rendering import content
from campaigns.state.states import Held
from dispatch.claiming import leases
from dispatch.claiming.agenda import Agenda, ServicePlan
from dispatch.claiming.deliveries import Delivery, LaneReport, NotStarted
from dispatch.clock import DatabaseClock
from dispatch.engine import tick
from dispatch.engine.demand import Demand
from dispatch.engine.figures import Figures
from dispatch.engine.lanes import LaneContext, LanePool
from dispatch.engine.service_loop import ServiceLoop
from dispatch.errors import OutcomeUnknown
from dispatch.lease_terms import LEASE_SECONDS
from dispatch.pace import pace_rows
from dispatch.pace.pace_rows import PaceChanges
from dispatch.providers.connect import transport_for
from dispatch.results import delivery_log, start_log

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 0.4
"""How old the agenda may get: a task that starts is noticed that soon."""

GATHER_SECONDS = 0.04
"""How long after the last tick outcomes are gathered for the next."""

STOP_SECONDS = 5.0
"""How long a dispatcher that is told to stop waits for replies; what is then still unanswered is in
doubt. At the end of a slice, how long it waits for what has not begun.
"""

LONGEST_REPLY_SECONDS = 900.0
"""How long it waits for replies at the end of a slice, while its successor is at work: longer than
any transport does.
"""

LOOK_SECONDS, LOOK_AT_REPLIES_SECONDS = 0.1, 1.0
"""How often one that winds up ticks, at first and after STOP_SECONDS: only replies are left then,
and each of them wakes it.
"""

DATABASE_RETRY_SECONDS = 0.25


class Dispatcher:
    """One run of the dispatch loop, in the thread that calls `run`."""

    def __init__(self, cluster: uuid.UUID, at_most: int = 1) -> None:
        """Raises EnoughDispatchers when the cluster already runs `at_most` of them."""
        self.id = leases.register(cluster, at_most)
        self.figures = Figures()
        self._wake = threading.Event()
        """Set by a lane that has reported, cleared before the inbox is emptied."""
        self._inbox: queue.SimpleQueue[LaneReport] = queue.SimpleQueue()
        self._clock = DatabaseClock(dt.datetime(1970, 1, 1, tzinfo=dt.UTC), 0.0, 0.0)
        self._starts = start_log.open_log(start_log.Name(cluster, self.id))
        self._lane_context = LaneContext(self.id, self._clock, 0.0, self._receive, self._starts)
        self._loops: dict[int, ServiceLoop] = {}
        self._unrecorded: list[LaneReport] = []
        """Outcomes that no commit has recorded yet; a commit takes away those that it was given."""
        self._demand = Demand(self._loops)
        self._agenda_read_at = 0.0
        """Monotonic seconds."""
        self._ticked_at = 0.0
        """When the last tick began (monotonic seconds), whether it was committed or not."""
        self._kept: dict[int, int] = {}
        """How many connections are left, by service, where others were closed since the last
        commit: set by each new agenda and while it winds up, cleared by the commit that returned
        the others.
        """
        self._suspect = False
        """A transaction has failed, so it may hold claims that it does not know of: set until the
        next commit, which gives them back.
        """

    def run(
        self,
        should_stop: Callable[[], bool],
        seconds: float,
        may_end: Callable[[], bool] = lambda: True,
    ) -> None:
        """Dispatch for about so long and until it may end, or until told to stop; then hand
        everything back and sign off.

        Raises LeaseLost when it was declared dead: what it held has then been taken from it.
        """
        until, stopped = time.monotonic() + seconds, False
        try:
            while not (stopped := should_stop()) and (time.monotonic() < until or not may_end()):
                self._tick(claim=True)
                self._wait()
            self._wind_up(lambda: stopped or should_stop())
        except leases.LeaseLost:
            self._starts.remove()  # what it held has been taken already
            raise
        finally:
            self._lane_context.lease_until = 0.0
            for loop in self._loops.values():
                loop.pool.close()

    # Before the commit

    def _tick(self, claim: bool) -> None:
        self._collect()
        request = self._request(claim)
        began = self._ticked_at = time.monotonic()
        try:
            result = tick.run(request)
        except (OperationalError, InterfaceError) as error:
            self._database_failed(error)
        else:
            self._suspect = False
            self.figures.tick(request, result, time.monotonic() - began)
            self._follow(request, result)

    def _receive(self, report: LaneReport) -> None:
        """Called by the lanes."""
        self._inbox.put(report)
        if not self._wake.is_set():  # else it is cleared before the inbox is emptied
            self._wake.set()

    def _collect(self) -> None:
        """Take what the lanes reported."""
        self._wake.clear()
        while not self._inbox.empty():
            report = self._inbox.get()
            loop = self._loops.get(report.delivery.grant.service_id)
            if loop and report.delivery in loop.in_hand:  # else it was given up
                loop.finished(report)
                self._resolve([report])

    def _resolve(self, reports: Iterable[LaneReport]) -> None:
        """Keep reports until they are recorded. Each delivery is resolved once."""
        for report in reports:
            if not report.started:
                report.delivery.grant.gate.give_back(report.delivery.slot)
            self._unrecorded.append(report)

    def _request(self, claim: bool) -> tick.TickRequest:
        refresh = time.monotonic() - self._agenda_read_at >= REFRESH_SECONDS
        now = self._clock.at_least()
        capacity = self._demand.capacity(now) if claim else {}
        dispatchers = self._demand.dispatchers
        return tick.TickRequest(
            dispatcher_id=self.id,
            figures=self.figures.due(),
            winding_up=not claim,
            reports=list(self._unrecorded),
            mark=[delivery for loop in self._loops.values() for delivery in loop.due(now) if claim],
            pace_changes={
                key: loop.pace_changes
                for key, loop in self._loops.items()
                if not loop.pace_changes.is_empty
            },
            gates={key: loop.gate for key, loop in self._loops.items()},
            capacity=capacity,
            lanes={
                key: lanes
                for key in capacity
                if (lanes := self._loops[key].wanted_lanes(dispatchers)) > self._loops[key].share
            },
            kept=self._kept,
            agenda=None if refresh else self._demand.agenda,
            remembered=self._remembered() if self._suspect else None,
        )

    def _remembered(self) -> frozenset[Held]:
        deliveries = [report.delivery for report in self._unrecorded]
        for loop in self._loops.values():
            deliveries += [*loop.ready, *loop.in_hand]
        return frozenset(delivery.held for delivery in deliveries)

    # After the commit

    def _follow(self, request: tick.TickRequest, result: tick.TickResult) -> None:
        self._clock = self._lane_context.clock = result.clock
        self._lane_context.lease_until = leases.valid_until(result.clock)
        del self._unrecorded[: len(request.reports)]
        _follow_pauses(request.reports, result.paused)
        self._starts.recorded(report.delivery.start_number for report in request.reports)
        self._kept = {}
        delivery_log.settled(result.delivery_results, result.lost, self.id)
        for key, loop in self._loops.items():
            loop.pace_changes = result.unwritten.get(key) or PaceChanges()
        for key, stored in result.stored.items():
            slots = [
                each.slot for new in result.granted for each in new if each.grant.service_id == key
            ]
            self._loops[key].gate.opened(stored.before, slots, stored.after)
        self._hand_over(request.mark, result.marked)
        self._follow_paces(request, result)
        self._demand.claimed(request.capacity.keys(), result.exhausted_tasks)
        if result.agenda is not self._demand.agenda:
            self._plan(result.agenda, result.clock.reading)
        for deliveries in result.granted:
            self._take(deliveries)

    def _hand_over(self, requested: Iterable[Delivery], marked: Mapping[int, dt.datetime]) -> None:
        for loop in self._loops.values():
            if loop.in_hand:
                loop.pool.grow(1)  # the last lane may have ended just before its delivery came
        for delivery in requested:
            loop = self._loops[delivery.grant.service_id]
            if delivery.claim.id in marked:
                delivery.sending_at = marked[delivery.claim.id]
                loop.pool.grow(max(1, loop.connections))
                loop.hand_over([delivery])
            else:
                self._resolve(
                    loop.drop([delivery], gettext_noop("the campaign is not being sent any more"))
                )

    def _follow_paces(self, request: tick.TickRequest, result: tick.TickResult) -> None:
        now = result.clock.reading
        for key, share in result.shares.items():
            self._loops[key].connect(share)
        for key, pace in result.paces.items():
            loop = self._loops.get(key)
            if loop is None:
                continue  # the last was said about a service that is gone
            loop.follow(pace, now)
            if pace_rows.is_frozen(pace, now):
                self._resolve(loop.recall(gettext_noop("the service is frozen")))
            if result.shares.get(key) == 0:
                loop.could_not_connect(now)
        for key in request.capacity.keys() - result.paces.keys():
            self._loops[key].could_not_lock(now)

    def _plan(self, agenda: Agenda, now: dt.datetime) -> None:
        """Follow a new agenda: loops for new services, none for those that are gone or connect
        differently.
        """
        self._demand.plan(agenda)
        self._agenda_read_at = time.monotonic()
        for key, loop in list(self._loops.items()):
            plan = agenda.services.get(key)
            if plan is None or plan.connects_with != loop.plan.connects_with:
                loop.retired = True
                self._resolve(loop.recall(gettext_noop("the service was changed")))
                if not loop.in_hand:
                    loop.pool.close()
                    del self._loops[key]
            else:
                loop.replan(plan)
        for key, plan in agenda.services.items():
            if key not in self._loops:
                self._loops[key] = ServiceLoop(plan, self._pool(plan))
        self._demand.leave_excess(now)
        self._kept = {
            key: kept
            for key, loop in self._loops.items()
            if (kept := loop.keeps(agenda.dispatchers, now)) is not None
        }

    def _pool(self, plan: ServicePlan) -> LanePool:
        return LanePool(
            plan.name,
            plan.domain,
            self._lane_context,
            lambda: transport_for(plan),
            plan.bounce_domain,
        )

    def _take(self, deliveries: list[Delivery]) -> None:
        loop = self._loops.get(deliveries[0].grant.service_id)
        if loop is None:
            self._resolve(
                LaneReport(each, NotStarted(gettext_noop("the service was changed")))
                for each in deliveries
            )
        else:
            loop.ready.extend(deliveries)

    # Waiting, failing, stopping

    def _wait(self) -> None:
        """Until a lane reports, the next slot comes up, or the agenda is due to be read.

        What has no slot to keep to waits for more of its kind: a transaction costs as much for one
        message as for twenty.
        """
        if self._unrecorded:
            return
        gathered = self._ticked_at + GATHER_SECONDS
        due = min(self._agenda_read_at + REFRESH_SECONDS, *self._events(gathered))
        if self._wake.wait(max(0.0, due - time.monotonic())):
            time.sleep(max(0.0, min(due, gathered) - time.monotonic()))

    def _events(self, gathered: float) -> list[float]:
        """When (monotonic seconds) each service next needs a tick that no lane will ask for; those
        without a pace not before `gathered`.
        """
        now, here = self._clock.at_least(), time.monotonic()
        working = self._demand.services(now)
        events: list[float] = [math.inf]
        for key, loop in self._loops.items():
            if event := loop.next_event(key in working):
                moment = here + (event - now).total_seconds()
                events.append(moment if loop.is_paced else max(moment, gathered))
        return events

    def _database_failed(self, error: Exception) -> None:
        """Go on with a new connection. What the failed transaction may or may not have done is
        sorted out by the next.
        """
        logger.warning(
            "dispatcher %s: the database failed, trying again: %s",
            self.id,
            error,
            extra={"dispatcher_id": self.id},
        )
        self.figures.database_failed()
        self._suspect = True
        for loop in self._loops.values():
            loop.pace_changes.quota_back.clear()  # may have been given back already
            loop.gate.forget()
        connection.close()
        time.sleep(DATABASE_RETRY_SECONDS)

    def _wind_up(self, should_stop: Callable[[], bool] = lambda: True) -> None:
        """Give back what is not handed over, wait for replies, and sign off: at the end of a slice
        for as long as the transports do, and only a little once it is to stop.
        """
        began = time.monotonic()
        deadline = began + (STOP_SECONDS if should_stop() else LONGEST_REPLY_SECONDS)
        for loop in self._loops.values():
            self._resolve(loop.recall(gettext_noop("the dispatcher stops")))
        self._tick(claim=False)
        while self._is_busy() and time.monotonic() < deadline:
            if should_stop():
                deadline = min(deadline, time.monotonic() + STOP_SECONDS)
            is_late = time.monotonic() > began + STOP_SECONDS
            self._wake.wait(LOOK_AT_REPLIES_SECONDS if is_late else LOOK_SECONDS)
            self._return_connections()
            if is_late:
                self._give_up(lambda delivery: delivery.started_at is None)
            self._tick(claim=False)
        self._give_up(lambda delivery: True)
        deadline = time.monotonic() + LEASE_SECONDS
        while self._is_unsure() and time.monotonic() < deadline:
            self._tick(claim=False)
        if not self._is_unsure():
            leases.end(self.id, self.figures.counts())
            self._starts.remove()

    def _return_connections(self) -> None:
        """While replies are waited for, a successor has all connections that none comes by."""
        now = self._clock.reading
        kept = {key: loop.keeps(1, now, is_ending=True) for key, loop in self._loops.items()}
        self._kept |= {key: share for key, share in kept.items() if share is not None}

    def _is_busy(self) -> bool:
        return bool(self._unrecorded) or any(
            not loop.is_idle or not loop.pace_changes.is_empty for loop in self._loops.values()
        )

    def _is_unsure(self) -> bool:
        """Whether it may hold something: outcomes to record, or what a commit claimed whose reply
        was lost. Then it must not sign off, so that its lease runs out and it is recovered.
        """
        return bool(self._unrecorded) or self._suspect

    def _give_up(self, which: Callable[[Delivery], bool]) -> None:
        """Of what lanes are still at, these: they either cannot start any more or are in doubt."""
        self._collect()
        for loop in self._loops.values():
            for delivery in [delivery for delivery in loop.in_hand if which(delivery)]:
                delivery.grant.gate.close()
                if which(delivery):  # it may have begun before the gate was closed
                    why = gettext_noop("the dispatcher stopped before the provider replied")
                    outcome = OutcomeUnknown(why) if delivery.started_at else NotStarted(why)
                    loop.in_hand.discard(delivery)
                    self._resolve([LaneReport(delivery, outcome)])


def _follow_pauses(reports: Iterable[LaneReport], paused: Collection[int]) -> None:
    """Once tasks are paused for what they cost, they may cost as much again when they go on."""
    for delivery in (each.delivery for each in reports if each.delivery.claim.task_id in paused):
        content.renew_budget(delivery.content)
    for task_id in paused:
        logger.warning("task %s costs too much to render and is paused", task_id)
