"""Taking over from dead dispatchers: what was only reserved goes back, what was handed over is in
doubt. Where the process is gone for sure and its start log can be read, only what it had begun is.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from campaigns.models import SubTask, SubTaskStatus
from campaigns.state import states
from campaigns.state.states import Held, InDoubt, Returned, Settlement
from dispatch import counters
from dispatch.lease_terms import LEASE_SECONDS
from dispatch.models import Attempt, AttemptOutcome, ConnectionShare, Dispatcher
from dispatch.pace import pace_rows
from dispatch.results import outcome_counts, start_log
from dispatch.results.outcomes import storable

logger = logging.getLogger(__name__)

Starts = Mapping[Held, start_log.Start]

DIED = gettext_noop("The dispatcher died before the outcome was recorded.")
ANSWERED = gettext_noop(
    "The dispatcher died after the provider had answered; what it said in words is lost."
)
NOT_BEGUN = gettext_noop(
    "The process of the dispatcher ended before the hand-over began: nothing was sent."
)


def recover_dead() -> int:
    """Take what every dead dispatcher held. Returns how many were dead.

    A dispatcher is dead when its heartbeat is older than its lease. Its row is locked while it is
    recovered; one whose tick is still open holds that lock itself and is left for the next time.
    """
    stale = Dispatcher.objects.filter(_lease_is_over(), ended_at=None)
    return sum(recover(pk) for pk in stale.values_list("pk", flat=True))


def _lease_is_over() -> Q:
    return Q(heartbeat_at__lt=Now() - dt.timedelta(seconds=LEASE_SECONDS))


def recover(dispatcher_id: int) -> bool:
    """Declare one dispatcher dead whose lease is over, and take what it held. Its process may only
    be slow or stopped, and go on: all that it was sending is in doubt. Locks its row, all Pace
    rows, then the SubTasks.
    """
    return _recover(_lease_is_over(), dispatcher_id, starts=None)


def recover_gone(name: start_log.Name) -> bool:
    """The same for one of this host whose process is gone for sure, without waiting for its lease:
    what it had marked and not begun goes back, what the provider had answered is settled, and only
    what was on the wire is in doubt. False when it has ended, or when a transaction of it
    is still open: then try again.
    """
    mine = Q(cluster=name.cluster)
    is_recovered = _recover(mine, name.dispatcher_id, start_log.read(name))
    if not Dispatcher.objects.filter(mine, pk=name.dispatcher_id, ended_at=None).exists():
        start_log.discard(name)
    return is_recovered


def recover_left_behind() -> int:
    """Recover the dispatchers of all clusters of this host, running or not, that have left a start
    log which no process holds any more. Returns how many.
    """
    left = start_log.left_behind()
    known = Dispatcher.objects.filter(pk__in=[name.dispatcher_id for name in left])
    names = {start_log.Name(*row) for row in known.values_list("cluster", "pk")} if left else set()
    return sum(recover_gone(name) for name in left if name in names)


def _recover(which: Q, dispatcher_id: int, starts: Starts | None) -> bool:
    with transaction.atomic():
        alive = Dispatcher.objects.select_for_update(skip_locked=True).filter(ended_at=None)
        dead = alive.filter(which, pk=dispatcher_id).first()
        if dead is None:
            return False
        locked = pace_rows.lock_waiting()
        known = _settle_known(dispatcher_id, starts) if starts is not None else ProvenEnds()
        given_back, in_doubt = states.reclaim(dispatcher_id)
        unused = [Returned(row.id, row.service_id, row.claimed_at) for row in known.not_begun]
        pace_rows.give_back([*given_back, *unused], locked)
        _note(dispatcher_id, AttemptOutcome.UNKNOWN, DIED, in_doubt, starts or {})
        ConnectionShare.objects.filter(dispatcher=dispatcher_id).delete()
        counted = counters.add(
            outcome_counts.recovered(AttemptOutcome.UNKNOWN, in_doubt),
            outcome_counts.recovered(AttemptOutcome.ACCEPTED, known.accepted),
        )
        Dispatcher.objects.filter(pk=dispatcher_id).update(
            ended_at=Now(), figures=counters.add(dead.figures, counted)
        )
    _log(dispatcher_id, len(given_back) + len(known.not_begun), in_doubt)
    return True


class ProvenEnds(NamedTuple):
    """What a start log tells for sure of what its dispatcher had marked as sending."""

    not_begun: Sequence[InDoubt] = ()
    accepted: Sequence[InDoubt] = ()
    refused: Sequence[InDoubt] = ()


def _settle_known(dispatcher_id: int, starts: Starts) -> ProvenEnds:
    """Settle, with the proofs, what needs not be in doubt."""
    sending = states.lock_sending(SubTask.objects.filter(dispatcher_id=dispatcher_id))
    known = _sort(sending, starts)
    for outcome, why, rows in (
        (AttemptOutcome.NOT_STARTED, NOT_BEGUN, known.not_begun),
        (AttemptOutcome.ACCEPTED, ANSWERED, known.accepted),
        (AttemptOutcome.DEFERRED, ANSWERED, known.refused),
    ):
        _note(dispatcher_id, outcome, why, rows, starts)
    back = [*known.not_begun, *known.refused]
    sent = [
        Settlement(
            *row.held,
            SubTaskStatus.SENT,
            provider_message_id=storable(_end(row, starts).provider_message_id),
        )
        for row in known.accepted
    ]
    settlements = [Settlement(*row.held, SubTaskStatus.PENDING) for row in back] + sent
    states.require_all(len(states.settle(settlements)), len(settlements))
    return known


def _sort(sending: list[InDoubt], starts: Starts) -> ProvenEnds:
    """Of a repeat, only that it was accepted says anything about the first hand-over."""
    repeated = _repeated(sending)
    first = [row for row in sending if row.id not in repeated]
    begun = [row for row in sending if row.held in starts and starts[row.held].end]
    return ProvenEnds(
        not_begun=[row for row in first if row.held not in starts],
        accepted=[row for row in begun if _end(row, starts).accepted],
        refused=[row for row in begun if row in first and not _end(row, starts).accepted],
    )


def _end(row: InDoubt, starts: Starts) -> start_log.End:
    end = starts[row.held].end
    assert end is not None
    return end


def _repeated(rows: list[InDoubt]) -> set[int]:
    """Those that were claimed to repeat a hand-over in doubt: that was marked before this claim,
    and has its proof. They may have been sent under an earlier claim.
    """
    proofs = Attempt.objects.filter(subtask__in=[row.id for row in rows])
    known = set(proofs.values_list("subtask", "sending_at"))
    return {
        row.id
        for row in rows
        if row.sending_at < row.claimed_at or (row.id, row.sending_at) in known
    }


def _note(
    dispatcher_id: int,
    outcome: AttemptOutcome,
    why: str,
    rows: Iterable[InDoubt],
    starts: Starts,
) -> None:
    attempts = []
    for row in rows:
        start = starts.get(row.held)
        attempts.append(
            Attempt(
                subtask_id=row.id,
                service_id=row.service_id,
                dispatcher_id=dispatcher_id,
                claim_token=row.token,
                slot_at=row.claimed_at,  # the quota was charged then
                sending_at=row.sending_at,
                started_at=start and start.at,
                outcome=outcome,
                code=start and start.end and start.end.code,
                reply=why,
            )
        )
    Attempt.objects.bulk_create(attempts, ignore_conflicts=True)


def _log(dispatcher_id: int, given_back: int, in_doubt: list[states.InDoubt]) -> None:
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


def expire_leases(dispatcher_ids: list[int]) -> None:
    """Expire the leases of dispatchers whose process is known to be gone."""
    Dispatcher.objects.filter(pk__in=dispatcher_ids, ended_at=None).update(
        heartbeat_at=Now() - dt.timedelta(seconds=2 * LEASE_SECONDS)
    )
