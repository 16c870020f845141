"""django-q2's ORM broker by the database clock, so that a host whose clock is wrong neither delays
nor repeats a task, and with a queue for each cluster beside the one that all share.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import time
import uuid

from django.db import InterfaceError, OperationalError, connections, transaction
from django.db.models.functions import Now
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

from campaigns.background import CLUSTER_VARIABLE

logger = logging.getLogger(__name__)

SHARED_QUEUE = str(Conf.CLUSTER_NAME)
"""From which the background workers of all clusters take."""

FORGET_AFTER = dt.timedelta(hours=1)
"""A request that waits in a cluster's own queue for so long is left of one that is gone."""


def this_cluster() -> uuid.UUID:
    """The cluster that this process belongs to; a new one when it belongs to none."""
    return uuid.UUID(os.environ.get(CLUSTER_VARIABLE) or str(uuid.uuid4()))


def own_queue() -> str:
    """The queue from which only the dispatch workers of this process's cluster take: a dispatcher
    that this cluster lacks must not be started by another one, nor wait for other work. The shared
    queue outside any cluster.
    """
    cluster = os.environ.get(CLUSTER_VARIABLE)
    return f"{SHARED_QUEUE}:{cluster}" if cluster else SHARED_QUEUE


def clear_own_queue() -> None:
    """This cluster takes nothing more."""
    OrmQ.objects.filter(key=own_queue()).exclude(key=SHARED_QUEUE).delete()


def forget_dead_queues() -> None:
    """Delete what is left in the queues of clusters that are gone."""
    own = OrmQ.objects.filter(key__startswith=f"{SHARED_QUEUE}:")
    own.filter(lock__lt=Now() - FORGET_AFTER).delete()


class DatabaseClockBroker(ORM):  # type: ignore[misc]  # django-q2 is untyped
    """Each queued task goes to one cluster; one that is not acknowledged within `retry` seconds
    goes out again.
    """

    def enqueue(self, task: str) -> int:
        queued = self.get_connection().create(
            key=self.list_key or SHARED_QUEUE, payload=task, lock=Now()
        )
        pk: int = queued.pk
        return pk

    def dequeue(self) -> list[tuple[int, str]]:
        """The next task, or nothing after waiting for `poll` seconds, also while the database is
        away: django-q2's pusher would be gone for ten seconds after an exception.
        """
        try:
            tasks = self._take()
        except (OperationalError, InterfaceError) as error:
            logger.warning("cannot take from the task queue, trying again: %s", error)
            connections[Conf.ORM].close()
            tasks = []
        if not tasks:
            time.sleep(Conf.POLL)
        return tasks

    def _take(self) -> list[tuple[int, str]]:
        with transaction.atomic(using=Conf.ORM):
            due = self.get_connection().filter(key=self.list_key, lock__lte=Now()).order_by("pk")
            tasks = list(due.select_for_update(skip_locked=True)[: Conf.BULK])
            due.filter(pk__in=[task.pk for task in tasks]).update(
                lock=Now() + dt.timedelta(seconds=Conf.RETRY)
            )
        return [(task.pk, task.payload) for task in tasks]
