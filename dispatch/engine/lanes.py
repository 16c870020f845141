"""Lanes: the threads of a dispatcher that talk to providers. Each keeps one connection; none
touches the database.
"""

from __future__ import annotations

import datetime as dt
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop

from campaigns.models import FailureReason
from dispatch.claiming import compose
from dispatch.claiming.deliveries import Delivery, LaneReport, NotStarted, Outcome, Unsendable
from dispatch.clock import DatabaseClock
from dispatch.errors import DeliveryError, OutcomeUnknown, ServiceError
from dispatch.message.message import Accepted, Message
from dispatch.pace.gate import SlotMissed
from dispatch.providers.base import Transport
from dispatch.results import delivery_log
from dispatch.results.start_log import End, NoStartLog, StartLog

logger = logging.getLogger(__name__)
IDLE_SECONDS = 20.0
"""A lane without work for so long closes its connection and ends, so that another dispatcher may
have it.
"""


@dataclass(slots=True)
class LaneContext:
    """What the lanes of a dispatcher share with it: its clock and lease, which every commit renews,
    where reports go, and its start log.
    """

    dispatcher_id: int
    clock: DatabaseClock
    lease_until: float
    """Monotonic seconds; no hand-over starts at or after it."""
    report: Callable[[LaneReport], None]
    starts: StartLog = field(default_factory=NoStartLog)


def begin(delivery: Delivery, at: dt.datetime, starts: StartLog) -> None:
    """The hand-over begins, and the first byte follows: noted first where it outlives the
    process.
    """
    delivery.start_number = starts.record(delivery.held, at)
    delivery.start(at)


def note_answer(report: LaneReport, starts: StartLog) -> None:
    """Note what the provider answered for sure, for the case that the process ends before the
    report is recorded.
    """
    outcome = report.outcome
    if isinstance(outcome, Accepted):
        end = End(True, outcome.code, outcome.provider_message_id)
    elif isinstance(outcome, DeliveryError) and not isinstance(outcome, OutcomeUnknown):
        end = End(False, outcome.code)
    else:
        return
    if report.delivery.start_number:
        starts.finish(report.delivery.start_number, end)


class LanePool:
    """The lanes of one service in one dispatcher."""

    def __init__(
        self,
        name: str,
        domain: str,
        lane_context: LaneContext,
        make_transport: Callable[[], Transport],
        bounce_domain: str = "",
    ) -> None:
        self._name = name
        self._domain = domain
        self._bounce_domain = bounce_domain
        self._lane_context = lane_context
        self._make_transport = make_transport
        self._deliveries: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._most = 0
        """How many lanes may run: raised by `grow`, lowered by `shrink`."""
        self._staying = 0
        """How many lanes run and have not been told to end."""
        self._lock = threading.Lock()
        """Guards `_most` and `_staying`."""
        self._closing = False
        """All lanes are to end; set by `close`, for good."""

    @property
    def lanes(self) -> int:
        """How many lanes are running, each with at most one connection."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        return len(self._threads)

    def grow(self, lanes: int) -> None:
        """Start lanes until there are so many."""
        missing = lanes - self.lanes
        with self._lock:
            self._most = max(self._most, lanes)
            self._staying += max(0, missing)
        for _ in range(missing):
            thread = threading.Thread(
                target=self._run,
                name=f"lane {self._name}",
                daemon=True,
            )
            self._threads.append(thread)
            thread.start()

    def hand_over(self, delivery: Delivery) -> None:
        """Queue a delivery that is durably marked as sending."""
        self._deliveries.put(delivery)

    def recall(self) -> list[Delivery]:
        """Take back the deliveries that no lane has begun with."""
        deliveries: list[Delivery] = []
        while True:
            try:
                delivery = self._deliveries.get_nowait()
            except queue.Empty:
                return deliveries
            if delivery is not None:
                deliveries.append(delivery)

    def shrink(self, lanes: int) -> None:
        """Have lanes end after their current message until so many are left."""
        with self._lock:
            self._most = lanes
        if self._deliveries.empty():
            for _ in range(self.lanes - lanes):
                self._deliveries.put(None)  # wakes one that waits for a delivery

    def close(self) -> None:
        """Let the lanes end when they have reported what they are at; does not wait."""
        self._closing = True
        for _ in range(self.lanes):
            self._deliveries.put(None)

    def _run(self) -> None:
        transport: Transport | None = None
        was_told = False
        try:
            while not (was_told := self._is_to_end()) and (
                delivery := self._deliveries.get(timeout=IDLE_SECONDS)
            ):
                try:
                    transport = transport or self._make_transport()
                except ServiceError as error:
                    self._lane_context.report(LaneReport(delivery, error))
                else:
                    self._lane_context.report(self._carry_out(delivery, transport))
        except queue.Empty:
            return
        finally:
            with self._lock:
                self._staying -= not was_told
            if transport is not None:
                transport.close()

    def _is_to_end(self) -> bool:
        """Asked by each lane before it takes a delivery."""
        with self._lock:
            ends = self._closing or self._staying > self._most
            self._staying -= ends
        return ends

    def _carry_out(self, delivery: Delivery, transport: Transport) -> LaneReport:
        outcome = self._outcome_of(delivery, transport)
        finished_at = self._lane_context.clock.at_most()
        seconds = time.monotonic() - delivery.began if delivery.started_at else 0.0
        report = LaneReport(delivery, outcome, finished_at=finished_at, seconds=seconds)
        note_answer(report, self._lane_context.starts)
        return report

    def _outcome_of(self, delivery: Delivery, transport: Transport) -> Outcome:
        message = self._compose(delivery)
        if isinstance(message, (Unsendable, NotStarted)):
            return message
        try:
            transport.open()
            return transport.send(message, lambda: self._start(delivery))
        except SlotMissed as error:
            return NotStarted(str(error))
        except DeliveryError as error:
            return error
        # The boundary to a transport: a bug, logged below, neither loses a delivery nor ends a
        # lane.
        except Exception as error:  # noqa: BLE001
            return self._outcome_of_bug(delivery, transport, error)

    def _compose(self, delivery: Delivery) -> Message | Unsendable | NotStarted:
        try:
            return compose.compose(
                delivery.claim,
                delivery.content,
                self._domain,
                at=delivery.sending_at,
                bounce_domain=self._bounce_domain,
                idempotency_key=delivery.idempotency_key,
                attached=delivery.attached,
            )
        # The boundary to templates: a bug must neither lose a delivery nor stop others.
        except Exception as error:
            logger.exception("no message can be made", extra=self._ids(delivery))
            bug = gettext_noop("the message cannot be made: %(name)s: %(error)s") % {
                "name": type(error).__name__,
                "error": error,
            }
            return Unsendable(FailureReason.RENDER_ERROR, bug)

    def _ids(self, delivery: Delivery) -> dict[str, Any]:
        return delivery_log.ids(delivery, self._lane_context.dispatcher_id)

    def _start(self, delivery: Delivery) -> None:
        lane_context = self._lane_context
        delivery.grant.gate.start(
            delivery.slot,
            delivery.not_after,
            lambda: lane_context.clock,
            lambda: lane_context.lease_until,
            lambda at: begin(delivery, at, lane_context.starts),
        )

    def _outcome_of_bug(
        self, delivery: Delivery, transport: Transport, error: Exception
    ) -> Outcome:
        logger.exception(
            "transport of %s failed on SubTask %s",
            self._name,
            delivery.claim.id,
            extra=self._ids(delivery),
        )
        transport.close()
        bug = gettext_noop("the transport failed unexpectedly: %(name)s: %(error)s") % {
            "name": type(error).__name__,
            "error": error,
        }
        return OutcomeUnknown(bug) if delivery.started_at else ServiceError(bug)
