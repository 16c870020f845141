"""Entry point of the queue: dispatch for a slice, then have a successor take over."""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
from types import FrameType

from django.conf import settings

from dispatch.claiming import leases
from dispatch.engine import succession
from dispatch.engine.dispatcher import Dispatcher
from dispatch.process.signals import stop_signals
from dispatch.queue import broker, enqueue

logger = logging.getLogger(__name__)


def dispatch(predecessor: int | None = None) -> None:
    """Dispatch for a slice, unless this cluster has enough dispatchers; then have a successor take
    over. A successor is there before its predecessor winds up, and waits for that.

    When told to stop, or when the sentinel is gone, it hands everything back and ends the worker.
    """
    if predecessor is not None:
        succession.wait_for(predecessor)
    try:
        dispatcher = Dispatcher(broker.this_cluster(), settings.DISPATCHERS)
    except leases.EnoughDispatchers:
        return
    stop = threading.Event()
    sentinel = os.getppid()
    successor = succession.Succession(dispatcher.id, settings.DISPATCH_SLICE_SECONDS)

    def should_stop() -> bool:
        successor.prepare()
        return stop.is_set() or os.getppid() != sentinel

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    previous = {n: signal.signal(n, on_signal) for n in stop_signals()}
    gc.freeze()  # what is imported stays: looking through it again and again makes starts late
    try:
        dispatcher.run(should_stop, settings.DISPATCH_SLICE_SECONDS, successor.may_begin)
    except leases.LeaseLost as error:
        logger.warning("%s; another one takes over", error)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if stop.is_set() or os.getppid() != sentinel:
        raise SystemExit(0)
    if not successor.is_prepared:
        enqueue.dispatch()
