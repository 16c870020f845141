"""Leases: a dispatcher holds what it claimed for as long as its heartbeat row is fresh by the
database clock.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import uuid
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from dispatch.clock import DatabaseClock
from dispatch.lease_terms import LEASE_SECONDS, MARGIN_SECONDS
from dispatch.models import ConnectionShare, Dispatcher


class LeaseLost(Exception):
    """This dispatcher was declared dead: it may neither send nor write anything about what it
    held.
    """


class EnoughDispatchers(Exception):
    """This cluster has as many dispatchers as it is to run."""


def register(cluster: uuid.UUID, at_most: int) -> int:
    """Enter a new dispatcher, alive from now on. Returns its id.

    Raises EnoughDispatchers when its cluster already has `at_most` that have neither ended nor are
    about to; an advisory lock makes two that start at the same moment count each other.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(cluster)])
        if going_on().filter(cluster=cluster).count() >= at_most:
            raise EnoughDispatchers(f"cluster {cluster} already runs {at_most}")
        row = Dispatcher.objects.create(host=socket.gethostname(), pid=os.getpid(), cluster=cluster)
        return row.pk


def going_on() -> QuerySet[Dispatcher]:
    """Those that have neither ended nor are about to."""
    return Dispatcher.objects.filter(ended_at=None, winding_up=False)


def running(cluster: uuid.UUID) -> int:
    """How many of its workers are at work: the dispatchers that have not ended."""
    return Dispatcher.objects.filter(cluster=cluster, ended_at=None).count()


def alive() -> QuerySet[Dispatcher]:
    """The dispatchers whose lease holds. Uses the partial index dispatcher_alive."""
    lease = dt.timedelta(seconds=LEASE_SECONDS)
    return Dispatcher.objects.filter(ended_at=None, heartbeat_at__gt=Now() - lease)


def beat(
    dispatcher_id: int, figures: dict[str, Any] | None, winding_up: bool = False
) -> DatabaseClock:
    """Renew the lease, and write the figures if there are any; takes effect with the commit. A
    dispatcher that winds up claims nothing from then on. Returns the database clock.

    Raises LeaseLost when the dispatcher has been declared dead.
    """
    return DatabaseClock.ask(lambda: _beat(dispatcher_id, figures, winding_up))


def _beat(dispatcher_id: int, figures: dict[str, Any] | None, winding_up: bool) -> dt.datetime:
    sql = """
    UPDATE dispatch_dispatcher
    SET heartbeat_at = clock_timestamp(), figures = coalesce(%s::jsonb, figures),
        winding_up = %s
    WHERE id = %s AND ended_at IS NULL
    RETURNING heartbeat_at
    """
    written = None if figures is None else json.dumps(figures)
    with connection.cursor() as cursor:
        cursor.execute(sql, [written, winding_up, dispatcher_id])
        row = cursor.fetchone()
    if row is None:
        raise LeaseLost(f"dispatcher {dispatcher_id} was declared dead and has to stop")
    at: dt.datetime = row[0]
    return at


def valid_until(clock: DatabaseClock) -> float:
    """Until when (monotonic seconds) a hand-over may start after a heartbeat that was written with
    this clock.
    """
    return clock.asked + LEASE_SECONDS - MARGIN_SECONDS


def end(dispatcher_id: int, figures: dict[str, Any]) -> None:
    """A dispatcher that holds nothing any more signs off, with its last figures."""
    with transaction.atomic():
        ConnectionShare.objects.filter(dispatcher=dispatcher_id).delete()
        Dispatcher.objects.filter(pk=dispatcher_id, ended_at=None).update(
            ended_at=Now(), figures=figures
        )
