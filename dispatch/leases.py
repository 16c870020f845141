"""Leases: a dispatcher holds what it claimed for as long as its heartbeat row is fresh by the
database clock.
"""

from __future__ import annotations

import os
import socket
import uuid
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from dispatch.clock import DatabaseClock
from dispatch.models import ConnectionShare, Dispatcher

HEARTBEAT_SECONDS = 2.0
"""A dispatcher's tick comes at least so often."""

LEASE_SECONDS = 10.0
"""A dispatcher whose heartbeat is older is dead: what it held is taken from it."""

MARGIN_SECONDS = 2.0
"""A dispatcher starts no hand-over in the last seconds of its lease."""


class LeaseLost(Exception):
    """This dispatcher was declared dead: it may neither send nor write anything about what it
    held.
    """


def database_time() -> Any:
    """What time it is, to the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
        assert row is not None
        return row[0]


def register(cluster: uuid.UUID) -> int:
    """Enter a new dispatcher, alive from now on. Returns its id."""
    row = Dispatcher.objects.create(host=socket.gethostname(), pid=os.getpid(), cluster=cluster)
    return row.pk


def beat(dispatcher_id: int, figures: dict[str, Any]) -> DatabaseClock:
    """Renew the lease; takes effect with the commit. Returns the database clock.

    Raises LeaseLost when somebody has declared the dispatcher dead.
    """
    alive = Dispatcher.objects.filter(pk=dispatcher_id, ended_at=None)
    clock = DatabaseClock.ask(database_time)
    if not alive.update(heartbeat_at=clock.reading, figures=figures):
        raise LeaseLost(f"dispatcher {dispatcher_id} was declared dead and has to stop")
    return clock


def valid_until(clock: DatabaseClock) -> float:
    """Until when (monotonic seconds) a hand-over may start after a heartbeat that was written with
    this clock.
    """
    return clock.asked + LEASE_SECONDS - MARGIN_SECONDS


def end(dispatcher_id: int) -> None:
    """A dispatcher that holds nothing any more signs off."""
    with transaction.atomic():
        ConnectionShare.objects.filter(dispatcher=dispatcher_id).delete()
        Dispatcher.objects.filter(pk=dispatcher_id, ended_at=None).update(ended_at=Now())
