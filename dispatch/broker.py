"""django-q2's ORM broker by the database clock, so that a host whose clock is wrong neither delays
nor repeats a task.
"""

from __future__ import annotations

import datetime as dt
import time

from django.db import transaction
from django.db.models.functions import Now
from django_q.brokers.orm import ORM
from django_q.conf import Conf


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
        with transaction.atomic(using=Conf.ORM):
            due = self.get_connection().filter(key=self.list_key, lock__lte=Now()).order_by("pk")
            tasks = list(due.select_for_update(skip_locked=True)[: Conf.BULK])
            due.filter(pk__in=[task.pk for task in tasks]).update(
                lock=Now() + dt.timedelta(seconds=Conf.RETRY)
            )
        if not tasks:
            time.sleep(Conf.POLL)
        return [(task.pk, task.payload) for task in tasks]
