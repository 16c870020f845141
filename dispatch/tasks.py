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

from dispatch import leases
from dispatch.dispatcher import Dispatcher
from dispatch.housekeeping import Housekeeper
from dispatch.models import Dispatcher as DispatcherRow

logger = logging.getLogger(__name__)

CLUSTER_VARIABLE = "EDM_CLUSTER"
"""The environment variable by which a worker knows its cluster; `dispatch.cluster` sets it."""

SLICE_SECONDS = 240.0
"""How long one task dispatches before its successor takes over; less than Q_CLUSTER's timeout."""


def dispatch_later() -> None:
    """Have a worker become a dispatcher."""
    async_task("dispatch.tasks.dispatch", task_name="dispatch", save=False)


def dispatch() -> None:
    """Dispatch for a slice, unless this cluster has enough dispatchers; then have a successor take
    over.

    On SIGTERM or SIGINT, or when the sentinel is gone, it hands everything back and ends the
    worker.
    """
    cluster = uuid.UUID(os.environ.get(CLUSTER_VARIABLE) or str(uuid.uuid4()))
    if alive_in(cluster) >= settings.DISPATCHERS:
        return
    stop = threading.Event()
    sentinel = os.getppid()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    previous = {n: signal.signal(n, on_signal) for n in (signal.SIGTERM, signal.SIGINT)}
    housekeeper = Housekeeper()
    housekeeper.start()
    try:
        Dispatcher(cluster).run(lambda: stop.is_set() or os.getppid() != sentinel, SLICE_SECONDS)
    except leases.LeaseLost as error:
        logger.warning("%s; another one takes over", error)
    finally:
        housekeeper.stop()
        for number, handler in previous.items():
            signal.signal(number, handler)
    if stop.is_set():
        raise SystemExit(0)
    dispatch_later()


def alive_in(cluster: uuid.UUID) -> int:
    """How many dispatchers of a cluster are registered and not ended."""
    return DispatcherRow.objects.filter(cluster=cluster, ended_at=None).count()
