"""What django-q2 runs for dispatch. With `campaigns.tasks`, the only place where it is named."""

from __future__ import annotations

import logging
import os
import signal
import threading
import uuid
from types import FrameType

from django.conf import settings
from django_q.tasks import async_task

from campaigns import background
from dispatch import accounts, broker, leases
from dispatch.bounces import reading
from dispatch.dispatcher import Dispatcher
from dispatch.domains import checking
from dispatch.stop_signals import stop_signals

logger = logging.getLogger(__name__)


def dispatch_later() -> None:
    """Have a worker of this cluster become a dispatcher."""
    async_task(
        "dispatch.tasks.dispatch", task_name="dispatch", save=False, cluster=broker.own_queue()
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


def dispatch() -> None:
    """Dispatch for a slice, unless this cluster has enough dispatchers; then have a successor take
    over.

    When told to stop, or when the sentinel is gone, it hands everything back and ends the worker.
    """
    try:
        dispatcher = Dispatcher(broker.this_cluster(), settings.DISPATCHERS)
    except leases.EnoughDispatchers:
        return
    stop = threading.Event()
    sentinel = os.getppid()

    def should_stop() -> bool:
        return stop.is_set() or os.getppid() != sentinel

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    previous = {n: signal.signal(n, on_signal) for n in stop_signals()}
    try:
        dispatcher.run(should_stop, settings.DISPATCH_SLICE_SECONDS)
    except leases.LeaseLost as error:
        logger.warning("%s; another one takes over", error)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if should_stop():
        raise SystemExit(0)
    dispatch_later()


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
