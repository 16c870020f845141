"""Ask for the successor of a dispatcher before its slice ends."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from dispatch.claiming import leases
from dispatch.engine.dispatcher import LONGEST_REPLY_SECONDS
from dispatch.queue import broker, enqueue

logger = logging.getLogger(__name__)

WORKERS_PER_DISPATCHER = 2
"""A successor starts in a worker of its own before a slice is over, and its predecessor may have to
wait for the reply of a slow provider for minutes.
"""

SUCCESSION_SECONDS = 2.0
"""How long before the end of a slice a successor is asked for."""
ASK_AGAIN_SECONDS = 1.0
SUCCESSION_LOOK_SECONDS = 0.02


class Succession:
    """The request for a successor, a little before a slice is over: it takes a worker some tenths
    of a second to get it. While every worker is at work, as they are when earlier dispatchers wait
    for slow replies, the slice goes on: one that ended would leave nothing behind that dispatches.
    """

    def __init__(self, dispatcher_id: int, seconds: float) -> None:
        self.is_prepared = False
        self._dispatcher_id = dispatcher_id
        self._due_at = time.monotonic() + seconds - SUCCESSION_SECONDS
        self._latest_at = self._due_at + LONGEST_REPLY_SECONDS

    def prepare(self) -> None:
        now = time.monotonic()
        if self.is_prepared or now < self._due_at:
            return
        try:
            workers = settings.DISPATCHERS * WORKERS_PER_DISPATCHER
            if now < self._latest_at and leases.running(broker.this_cluster()) >= workers:
                self._due_at = now + ASK_AGAIN_SECONDS
                return
            enqueue.dispatch(self._dispatcher_id)
        except (OperationalError, InterfaceError) as error:
            logger.warning("cannot ask for a successor, trying again: %s", error)
            connection.close()
        else:
            self.is_prepared = True
            self._due_at = now

    def may_begin(self) -> bool:
        """Whether the successor is there by now; or never will be."""
        now = time.monotonic()
        return now > self._latest_at or (
            self.is_prepared and now > self._due_at + SUCCESSION_SECONDS
        )


def wait_for(predecessor: int) -> None:
    """Until the predecessor winds up or has ended, but not for longer than that takes at most."""
    until = time.monotonic() + 2 * SUCCESSION_SECONDS
    while leases.going_on().filter(pk=predecessor).exists() and time.monotonic() < until:
        time.sleep(SUCCESSION_LOOK_SECONDS)
