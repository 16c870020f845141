"""What workers run for dispatch, and the requests that they do so. Those for dispatchers go to
django-q2 itself; all others go through `campaigns.background`.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
import time
import uuid
from types import FrameType

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django_q.tasks import async_task

from campaigns import background
from dispatch import accounts, broker, leases
from dispatch.bounces import reading
from dispatch.dispatcher import LONGEST_REPLY_SECONDS, Dispatcher
from dispatch.domains import checking
from dispatch.stop_signals import stop_signals

logger = logging.getLogger(__name__)

WORKERS_PER_DISPATCHER = 2
"""A successor starts in a worker of its own before a slice is over, and its predecessor may have to
wait for the reply of a slow provider for minutes.
"""

SUCCESSION_SECONDS = 2.0
"""How long before the end of a slice a successor is asked for."""
ASK_AGAIN_SECONDS = 1.0
SUCCESSION_LOOK_SECONDS = 0.02


def dispatch_later(predecessor: int | None = None) -> None:
    """Have a worker of this cluster become a dispatcher, when its predecessor winds up."""
    async_task(
        "dispatch.tasks.dispatch",
        predecessor,
        task_name="dispatch",
        save=False,
        cluster=broker.own_queue(),
    )


def check_domain_later(service_id: int) -> None:
    """Have a worker look the domain of a service up in the DNS."""
    func, name = (
        "dispatch.domains.checking.check_domain",
        f"check the domain of service {service_id}",
    )
    background.ask(checking.JOB, service_id, func, name=name)


def check_account_later(service_id: int) -> None:
    """Have a worker ask the provider of a service about its account."""
    func, name = "dispatch.accounts.check_account", f"ask about the account of service {service_id}"
    background.ask(accounts.JOB, service_id, func, name=name)


def dispatch(predecessor: int | None = None) -> None:
    """Dispatch for a slice, unless this cluster has enough dispatchers; then have a successor take
    over. A successor is there before its predecessor winds up, and waits for that.

    When told to stop, or when the sentinel is gone, it hands everything back and ends the worker.
    """
    if predecessor is not None:
        _wait_for(predecessor)
    try:
        dispatcher = Dispatcher(broker.this_cluster(), settings.DISPATCHERS)
    except leases.EnoughDispatchers:
        return
    stop = threading.Event()
    sentinel = os.getppid()
    succession = _Succession(dispatcher.id, settings.DISPATCH_SLICE_SECONDS)

    def should_stop() -> bool:
        succession.prepare()
        return stop.is_set() or os.getppid() != sentinel

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    previous = {n: signal.signal(n, on_signal) for n in stop_signals()}
    gc.freeze()  # what is imported stays: looking through it again and again makes starts late
    try:
        dispatcher.run(should_stop, settings.DISPATCH_SLICE_SECONDS, succession.may_begin)
    except leases.LeaseLost as error:
        logger.warning("%s; another one takes over", error)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if stop.is_set() or os.getppid() != sentinel:
        raise SystemExit(0)
    if not succession.is_prepared:
        dispatch_later()


class _Succession:
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
            dispatch_later(self._dispatcher_id)
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


def _wait_for(predecessor: int) -> None:
    """Until the predecessor winds up or has ended, but not for longer than that takes at most."""
    until = time.monotonic() + 2 * SUCCESSION_SECONDS
    while leases.going_on().filter(pk=predecessor).exists() and time.monotonic() < until:
        time.sleep(SUCCESSION_LOOK_SECONDS)


def read_bounces_later(claimed: reading.Claimed) -> None:
    """Have a worker of any cluster read this mailbox."""
    background.ask(
        reading.JOB,
        claimed.service_id,
        "dispatch.tasks.read_bounces",
        str(claimed.token),
        name=f"read the bounces of service {claimed.service_id}",
    )


@background.job(reading.JOB, seconds=180, attempts=1)
def read_bounces(service_id: int, token: str) -> None:
    """Read a claimed mailbox; nothing when its claim has run out."""
    reading.read(reading.Claimed(service_id, uuid.UUID(token)))
