"""Periodic maintenance, run by one leader at a time over all hosts (advisory lock).

Every cluster has a process for them (`dispatch.process.supervisor`): chores read what strangers
send, and take as long as there is much of it, so neither dispatchers nor background work share a
process with them. What a dead dispatcher held does not wait for them either: supervisors recover it
themselves.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models.functions import Now

from campaigns import background, tallies
from campaigns.ab_tests import deciding, release
from campaigns.attachments import keeping as attachments
from campaigns.launching import launch, undo_launch  # noqa: F401  (the latter registers itself)
from campaigns.operations import cleaning as operations
from campaigns.state import lifecycle
from dispatch.bounces import reading
from dispatch.claiming import leases
from dispatch.domains import checking
from dispatch.models import Dispatcher, Turn
from dispatch.monitoring import history, hours
from dispatch.process import chores
from dispatch.process.pulse import Pulse
from dispatch.providers import account_reports
from dispatch.queue import broker, enqueue
from dispatch.results import recovery
from dispatch.waiting import looking_back
from signin import record as sign_ins
from tracking import pausing, rejected_requests
from tracking.events import apply, retention

logger = logging.getLogger(__name__)

ADVISORY_LOCK = 0x45444D00  # any number that nothing else in this database locks
EVERY_SECONDS = 1.0
AFTER_FAILURE_SECONDS = 4.0
"""How long maintenance rests when the database failed: dispatchers that could not renew their
lease meanwhile come first, and still record what they know.
"""
REST_SECONDS = 60.0
LONGEST_REST_SECONDS = 3600.0
"""How long a chore rests that has ended its process twice in a row; doubled each further time."""

KEEP_DISPATCHERS = dt.timedelta(days=7)


def run_maintenance(may_do: Callable[[int], bool] = lambda number: True) -> bool:
    """Do every chore once, each in transactions of its own; asks about each by its number, from 1,
    just before. False when another process is at it.

    The lock belongs to the session, so that it is gone with the connection when this process dies.
    Raises DatabaseError or InterfaceError when the connection is of no use any more.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
        if not cursor.fetchone()[0]:
            return False
        try:
            for number, chore in enumerate(all_chores(), start=1):
                if may_do(number):
                    _do(chore)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
    return True


def _do(chore: Callable[[], object]) -> None:
    try:
        chore()
    # The boundary between chores: one that fails must not keep the dead from being recovered.
    except Exception as error:
        if isinstance(error, (DatabaseError, InterfaceError)) and not connection.is_usable():
            raise
        logger.exception("maintenance: %s failed, trying again", chore.__name__)


def prune() -> None:
    """Forget dispatchers that ended long ago and whose figures are in the total, and the turns of
    tasks that are over.
    """
    Dispatcher.objects.filter(ended_at__lt=Now() - KEEP_DISPATCHERS, counted=True).delete()
    Turn.objects.filter(served_at__lt=Now() - KEEP_DISPATCHERS).delete()


def read_bounces() -> None:
    """Have the bounce mailbox that is due for longest read by a worker: maintenance does not wait
    for a server.
    """
    with transaction.atomic():
        if claimed := reading.claim():
            enqueue.read_bounces(claimed.service_id, claimed.token)


def look_after_background_work() -> None:
    background.look_after(set(leases.alive().values_list("cluster", flat=True)))


CHORES: tuple[Callable[[], object], ...] = (
    lifecycle.launch_due,
    recovery.recover_left_behind,  # before their leases are over, when less would be known
    recovery.recover_dead,
    launch.requeue_stalled,
    operations.requeue_stalled,
    look_after_background_work,
    lifecycle.sweep_cancelled,
    lifecycle.complete_finished,
    tallies.fold,
    history.count_ended,
    history.take_sample,
    prune,
    operations.delete_expired_files,
    operations.delete_abandoned,
    sign_ins.prune,
    broker.forget_dead_queues,
    apply.apply_waiting,
    pausing.pause_bad_tasks,
    deciding.look_at_tests,
    release.release_decided,
    retention.forget_payloads,
    rejected_requests.fold,
    read_bounces,
    checking.ask_due,
    account_reports.ask_due,
    attachments.sweep,
    looking_back.keep_estimates,
    looking_back.renew_estimates,
    hours.count,
)


def all_chores() -> tuple[Callable[[], object], ...]:
    """Those of higher packages come last, so that a number keeps its chore."""
    return (*CHORES, *chores.MORE)


class Rests:
    """Chores that ended their process, by hanging or by crashing it, two times in a row and more:
    they rest, longer each time, so that the others get done. Kept by the supervisor.
    """

    def __init__(self) -> None:
        self._last = self._times = 0
        self._until: dict[int, float] = {}

    def blame(self, number: int) -> None:
        """The process has ended while it was at this chore; 0 for none."""
        self._times = self._times + 1 if number == self._last else 1
        self._last = number
        if number and self._times > 1:
            seconds = min(REST_SECONDS * 2 ** (self._times - 2), LONGEST_REST_SECONDS)
            self._until[number] = time.monotonic() + seconds
            name = all_chores()[number - 1].__name__
            logger.error("maintenance: %s ended its process and rests %d s", name, seconds)

    def is_resting(self, number: int) -> bool:
        return time.monotonic() < self._until.get(number, 0.0)


class MaintenanceLoop:
    """Runs maintenance every second, until stopped; beats the pulse before each chore."""

    def __init__(self, pulse: Pulse | None = None, rests: Rests | None = None) -> None:
        self._stopping = threading.Event()
        self._pulse = pulse or Pulse()
        self._rests = rests or Rests()

    def run(self) -> None:
        while not self._stopping.wait(EVERY_SECONDS):
            self._pulse.beat()
            try:
                run_maintenance(self._may_do)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("maintenance failed, trying again: %s", error)
                connection.close()
                self._stopping.wait(AFTER_FAILURE_SECONDS)
        connection.close()

    def _may_do(self, number: int) -> bool:
        self._pulse.beat(number)
        return not self._rests.is_resting(number)

    def stop(self) -> None:
        self._stopping.set()
