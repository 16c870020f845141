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

logger = logging.getLogger(__name__)

CLUSTER_VARIABLE = "EDM_CLUSTER"
"""The environment variable by which a process knows its cluster; `dispatch.cluster` sets it."""

FORGET_AFTER = dt.timedelta(hours=1)
"""What nobody has taken from a cluster's own queue for so long is left of one that is gone."""


def this_cluster() -> uuid.UUID:
    """The cluster that this process belongs to; a new one when it belongs to none."""
    return uuid.UUID(os.environ.get(CLUSTER_VARIABLE) or str(uuid.uuid4()))


def own_queue() -> str:
    """The queue that only this process's cluster takes from: a dispatcher that this cluster lacks
    must not be started by another one. The shared queue outside any cluster.
    """
    cluster = os.environ.get(CLUSTER_VARIABLE)
    return f"{Conf.CLUSTER_NAME}:{cluster}" if cluster else str(Conf.CLUSTER_NAME)


def clear_own_queue() -> None:
    """This cluster takes nothing more."""
    OrmQ.objects.filter(key=own_queue()).exclude(key=Conf.CLUSTER_NAME).delete()


def forget_dead_queues() -> None:
    """Delete what is left in the queues of clusters that are gone."""
    own = OrmQ.objects.filter(key__startswith=f"{Conf.CLUSTER_NAME}:")
    own.filter(lock__lt=Now() - FORGET_AFTER).delete()


class DatabaseClockBroker(ORM):  # type: ignore[misc]  # django-q2 is untyped
    """Each queued task goes to one cluster; one that is not acknowledged within `retry` seconds
    goes out again.
    """

    def enqueue(self, task: str) -> int:
        queued = self.get_connection().create(
            key=self.list_key or Conf.CLUSTER_NAME, payload=task, lock=Now()
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
        queues = {self.list_key, own_queue()}
        with transaction.atomic(using=Conf.ORM):
            due = self.get_connection().filter(key__in=queues, lock__lte=Now()).order_by("pk")
            tasks = list(due.select_for_update(skip_locked=True)[: Conf.BULK])
            due.filter(pk__in=[task.pk for task in tasks]).update(
                lock=Now() + dt.timedelta(seconds=Conf.RETRY)
            )
        return [(task.pk, task.payload) for task in tasks]
