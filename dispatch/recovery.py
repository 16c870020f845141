"""Taking over from dead dispatchers: what was only reserved goes back, what was handed over is in
doubt.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.db.models.functions import Now

from campaigns import states
from dispatch import figures, paces
from dispatch.leases import LEASE_SECONDS
from dispatch.models import Attempt, AttemptOutcome, ConnectionShare, Dispatcher

logger = logging.getLogger(__name__)


def recover_dead() -> int:
    """Take what every dead dispatcher held. Returns how many were dead.

    A dispatcher is dead when its heartbeat is older than its lease. Its row is locked while it is
    recovered; one whose tick is still open holds that lock itself and is left for the next time.
    """
    stale = Dispatcher.objects.filter(
        ended_at=None, heartbeat_at__lt=Now() - dt.timedelta(seconds=LEASE_SECONDS)
    )
    return sum(recover(pk) for pk in stale.values_list("pk", flat=True))


def recover(dispatcher_id: int) -> bool:
    """Declare one dispatcher dead and take what it held. Locks its row, all Pace rows, then the
    SubTasks.
    """
    with transaction.atomic():
        dead = Dispatcher.objects.select_for_update(skip_locked=True).filter(
            pk=dispatcher_id,
            ended_at=None,
            heartbeat_at__lt=Now() - dt.timedelta(seconds=LEASE_SECONDS),
        )
        if not dead:
            return False
        locked = paces.lock_waiting()
        given_back, in_doubt = states.reclaim(dispatcher_id)
        paces.give_back(given_back, locked)
        Attempt.objects.bulk_create(
            [
                Attempt(
                    subtask_id=row.id,
                    service_id=row.service_id,
                    dispatcher_id=dispatcher_id,
                    claim_token=row.token,
                    slot_at=row.claimed_at,  # the quota was charged then
                    sending_at=row.sending_at,
                    outcome=AttemptOutcome.UNKNOWN,
                    reply="The dispatcher died before the outcome was recorded.",
                )
                for row in in_doubt
            ],
            ignore_conflicts=True,
        )
        ConnectionShare.objects.filter(dispatcher=dispatcher_id).delete()
        doubts = figures.doubts(service_id for _, service_id, *_ in in_doubt)
        Dispatcher.objects.filter(pk=dispatcher_id).update(
            ended_at=Now(), figures=figures.add(dead[0].figures, doubts)
        )
    _log(dispatcher_id, len(given_back), in_doubt)
    return True


def _log(dispatcher_id: int, given_back: int, in_doubt: list[states.Doubtful]) -> None:
    logger.warning(
        "dispatcher %s is dead: %d SubTasks given back, %d in doubt",
        dispatcher_id,
        given_back,
        len(in_doubt),
        extra={"dispatcher_id": dispatcher_id},
    )
    for subtask_id, service_id, *_ in in_doubt:
        logger.warning(
            "SubTask %s is in doubt: dispatcher %s died while handing it over",
            subtask_id,
            dispatcher_id,
            extra={
                "subtask_id": subtask_id,
                "service_id": service_id,
                "dispatcher_id": dispatcher_id,
            },
        )


def bury(dispatcher_ids: list[int]) -> None:
    """Dispatchers whose process is known to be gone need not be waited for: their lease is over
    now.
    """
    Dispatcher.objects.filter(pk__in=dispatcher_ids, ended_at=None).update(
        heartbeat_at=Now() - dt.timedelta(seconds=2 * LEASE_SECONDS)
    )
