"""One django-q2 cluster: workers that take from one queue, kept running by a sentinel."""

from __future__ import annotations

import logging
import multiprocessing.process
import os
import time
import uuid
from collections.abc import Callable
from multiprocessing.queues import Queue
from typing import Any

import django_q.cluster
from django.db import InterfaceError, OperationalError, connections
from django_q.brokers import Broker, get_broker
from django_q.conf import Conf
from django_q.signals import post_spawn

from dispatch.process.pulse import Pulse

logger = logging.getLogger(__name__)

IDLE = -1.0
"""The timer of a worker that waits for a task."""

ACKNOWLEDGE_AGAIN_SECONDS = 1.0


class Sentinel(django_q.cluster.Sentinel):  # type: ignore[misc]  # django-q2 is untyped
    """django-q2's, which shows that it lives, stores no results, and gives up a queue that a dead
    worker may have locked.
    """

    def __init__(self, queue: str, workers: int, pulse: Pulse) -> None:
        context = django_q.cluster.get_mp_context()
        self._pulse = pulse
        stop, started = context.Event(), context.Event()
        super().__init__(stop, started, uuid.uuid4(), get_broker(queue), start=False)
        self.pool_size = workers

    def status(self) -> str:
        """Asked for in every round of the guard."""
        self._pulse.beat()
        return str(super().status())

    def spawn_monitor(self) -> Any:
        return self.spawn_process(acknowledge_results, self.result_queue, self.broker)

    def reincarnate(self, process: Any) -> None:
        """Replace a process that died. A worker that waits for work may hold the lock of the task
        queue, which then stays locked: the supervisor starts everything anew.
        """
        if process in self.pool and not process.is_alive() and process.timer.value == IDLE:
            logger.critical("an idle worker died, and perhaps nothing can be taken any more")
            os._exit(1)
        super().reincarnate(process)


def run(
    queue: str, workers: int, pulse: Pulse, *, when_spawned: Callable[[], None] | None = None
) -> None:
    """Until killed: SIGTERM ends the sentinel at once, and workers as they choose. `when_spawned`
    is called in each new worker.
    """
    if when_spawned is not None:
        post_spawn.connect(lambda **_: when_spawned(), weak=False)
    Sentinel(queue, workers, pulse).start()


def acknowledge_results(results: Queue[Any], broker: Broker) -> None:
    """In place of django-q2's monitor, which stores what failed as pickles. A failed task is
    final: what has to be tried again is written down elsewhere, with its reason.
    """
    name = multiprocessing.process.current_process().name
    logger.debug("%s acknowledges results", name)
    for task in iter(results.get, "STOP"):
        if not task["success"]:
            logger.error("the task “%s” failed: %s", task["name"], task["result"])
        _acknowledge(broker, task["ack_id"])


def _acknowledge(broker: Broker, task_id: int) -> None:
    while True:
        try:
            broker.acknowledge(task_id)
            return
        except (OperationalError, InterfaceError) as error:
            logger.warning("cannot acknowledge a task, trying again: %s", error)
            connections[Conf.ORM].close()
            time.sleep(ACKNOWLEDGE_AGAIN_SECONDS)
