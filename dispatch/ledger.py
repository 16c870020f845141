"""Writing down what was handed over, and which addresses turned out to be bad."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models.functions import Now

from campaigns.models import FailureReason, Suppression
from campaigns.models.contacts import SuppressionReason
from dispatch.models import Attempt
from dispatch.outcomes import MAX_ERROR_CHARACTERS, Verdict
from tracking import ledger
from tracking.consequences import HAND_OVER
from tracking.incoming import EventKind, Incoming


def record(verdicts: Iterable[Verdict], dispatcher_id: int) -> None:
    """Append an attempt for every hand-over and suppress addresses that bounced hard. Harmless when
    run again.
    """
    verdicts = list(verdicts)
    Attempt.objects.bulk_create(
        [_attempt(verdict, dispatcher_id) for verdict in verdicts if verdict.attempt],
        ignore_conflicts=True,
    )
    Suppression.objects.bulk_create(
        [
            Suppression(
                email=verdict.report.order.claim.recipient_email,
                reason=SuppressionReason.HARD_BOUNCE,
                source=f"refused while sending SubTask {verdict.settlement.id}",
            )
            for verdict in verdicts
            if verdict.suppress
        ],
        ignore_conflicts=True,
    )
    ledger.accept(event for verdict in verdicts if (event := _event(verdict)))


def _event(verdict: Verdict) -> Incoming | None:
    """A refusal at once is a bounce like one that comes later, and counts as one. None for what is
    no fault of the address, or not final.
    """
    if verdict.suppress:
        kind = EventKind.HARD_BOUNCED
    elif verdict.settlement.failure_reason == FailureReason.RETRIES_EXHAUSTED:
        kind = EventKind.SOFT_BOUNCED
    else:
        return None
    return Incoming(
        kind=kind,
        source=HAND_OVER,
        dedupe_key=str(verdict.settlement.token) + f" {verdict.settlement.id}",
        subtask_id=verdict.settlement.id,
        recipient=verdict.report.order.claim.recipient_email,
        detail=verdict.settlement.error,
    )


def _attempt(verdict: Verdict, dispatcher_id: int) -> Attempt:
    report, outcome = verdict.report, verdict.report.outcome
    return Attempt(
        subtask_id=verdict.settlement.id,
        service_id=report.order.grant.service_id,
        dispatcher_id=dispatcher_id,
        claim_token=verdict.settlement.token,
        slot_at=report.order.slot,
        started_at=report.order.started_at,
        finished_at=report.finished_at or Now(),
        outcome=str(verdict.attempt),
        code=getattr(outcome, "code", None),
        reply=getattr(outcome, "reply", "").replace("\x00", "")[:MAX_ERROR_CHARACTERS],
    )
