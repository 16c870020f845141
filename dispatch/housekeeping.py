"""What has to happen now and then, wherever: done by one dispatcher's housekeeping thread at a time
(advisory lock).
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models.functions import Now

from campaigns import launch, lifecycle
from dispatch import accounts, broker, recovery, tallying
from dispatch.bounces import reading
from dispatch.domains import checking
from dispatch.models import Dispatcher, Turn
from dispatch.monitoring import history
from tracking import applying, pausing, refusals, retention

logger = logging.getLogger(__name__)

ADVISORY_LOCK = 0x45444D00  # any number that nothing else in this database locks
EVERY_SECONDS = 1.0
AFTER_FAILURE_SECONDS = 4.0
"""How long housekeeping rests when the database failed: dispatchers that could not renew their
lease meanwhile come first, and still record what they know.
"""

KEEP_DISPATCHERS = dt.timedelta(days=7)


def keep_house() -> bool:
    """Do every chore once, each in transactions of its own. False when somebody else is at it.

    The lock belongs to the session, so that it is gone with the connection when this process dies.
    Raises DatabaseError or InterfaceError when the connection is of no use any more.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
        if not cursor.fetchone()[0]:
            return False
        try:
            for chore in CHORES:
                _do(chore)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
    return True


def _do(chore: Callable[[], object]) -> None:
    try:
        chore()
    except Exception as error:  # one that fails must not keep the dead from being recovered
        if isinstance(error, (DatabaseError, InterfaceError)) and not connection.is_usable():
            raise
        logger.exception("housekeeping: %s failed, trying again", chore.__name__)


def prune() -> None:
    """Forget dispatchers that ended long ago and whose figures are in the total, and the turns of
    tasks that are over.
    """
    Dispatcher.objects.filter(ended_at__lt=Now() - KEEP_DISPATCHERS, counted=True).delete()
    Turn.objects.filter(served_at__lt=Now() - KEEP_DISPATCHERS).delete()


def read_bounces() -> None:
    """Have the bounce mailbox that is due for longest read by a worker: here nobody waits for a
    server.
    """
    from dispatch import tasks  # which starts the housekeeper

    with transaction.atomic():
        if claimed := reading.claim():
            tasks.read_bounces_later(claimed)


CHORES: tuple[Callable[[], object], ...] = (
    lifecycle.launch_due,
    recovery.recover_dead,
    launch.requeue_stalled,
    lifecycle.sweep_cancelled,
    lifecycle.complete_finished,
    tallying.fold,
    history.count_ended,
    history.take_sample,
    prune,
    broker.forget_dead_queues,
    applying.apply_waiting,
    pausing.pause_bad_tasks,
    retention.forget_payloads,
    refusals.fold,
    read_bounces,
    checking.ask_due,
    accounts.ask_due,
)


class Housekeeper(threading.Thread):
    """Keeps house every second on a database connection of its own, until stopped."""

    def __init__(self) -> None:
        super().__init__(name="housekeeper", daemon=True)
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(EVERY_SECONDS):
            try:
                keep_house()
            except (DatabaseError, InterfaceError) as error:
                logger.warning("housekeeping failed, trying again: %s", error)
                connection.close()
                self._stopping.wait(AFTER_FAILURE_SECONDS)
        connection.close()

    def stop(self) -> None:
        self._stopping.set()
