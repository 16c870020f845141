"""Record attempts, and suppress addresses that turned out to be bad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.utils.translation import gettext_noop

from campaigns import suppressions
from campaigns.db.bulk_params import as_json
from campaigns.models import FailureReason
from campaigns.models.contacts import SuppressionReason
from dispatch.results.outcomes import MAX_ERROR_CHARACTERS, DeliveryResult, storable
from tracking.event_kinds import EventKind
from tracking.events import inbox
from tracking.events.effects import HAND_OVER
from tracking.events.incoming import Incoming

RECORD_SQL = """
INSERT INTO dispatch_attempt (subtask_id, service_id, dispatcher_id, claim_token, slot_at,
                              sending_at, started_at, finished_at, outcome, code, reply)
SELECT subtask_id, service_id, %s, claim_token, slot_at,
       sending_at, started_at, coalesce(finished_at, clock_timestamp()), outcome, code, reply
FROM json_to_recordset(%s) AS v(
    subtask_id bigint, service_id bigint, claim_token uuid, slot_at timestamptz,
    sending_at timestamptz, started_at timestamptz, finished_at timestamptz,
    outcome text, code smallint, reply text)
ON CONFLICT DO NOTHING
"""


def record(results: Iterable[DeliveryResult], dispatcher_id: int) -> None:
    """Append an attempt for every hand-over, suppress addresses that bounced hard, and tell such
    bounces as events. Harmless when run again.
    """
    results = list(results)
    _append([_attempt(result) for result in results if result.attempt], dispatcher_id)
    suppressions.suppress_new(
        (
            result.report.delivery.claim.recipient_email,
            SuppressionReason.HARD_BOUNCE,
            gettext_noop("refused while sending message %(id)s") % {"id": result.settlement.id},
        )
        for result in results
        if result.suppress
    )
    inbox.accept(event for result in results if (event := _event(result)))


def _event(result: DeliveryResult) -> Incoming | None:
    """A refusal at once is a bounce like one that comes later, and counts as one. None for what is
    no fault of the address, or not final.
    """
    if result.suppress:
        kind = EventKind.HARD_BOUNCED
    elif result.settlement.failure_reason == FailureReason.RETRIES_EXHAUSTED:
        kind = EventKind.SOFT_BOUNCED
    else:
        return None
    return Incoming(
        kind=kind,
        source=HAND_OVER,
        dedupe_key=str(result.settlement.token) + f" {result.settlement.id}",
        subtask_id=result.settlement.id,
        recipient=result.report.delivery.claim.recipient_email,
        detail=result.settlement.error,
    )


def _append(attempts: list[dict[str, Any]], dispatcher_id: int) -> None:
    """By hand, because it is done for every message: `bulk_create` takes 45 us of Python each."""
    if attempts:
        with connection.cursor() as cursor:
            cursor.execute(RECORD_SQL, [dispatcher_id, as_json(attempts)])


def _attempt(result: DeliveryResult) -> dict[str, Any]:
    report, outcome = result.report, result.report.outcome
    return {
        "subtask_id": result.settlement.id,
        "service_id": report.delivery.grant.service_id,
        "claim_token": result.settlement.token,
        "slot_at": report.delivery.slot,
        "sending_at": report.delivery.sending_at,
        "started_at": report.delivery.started_at,
        "finished_at": report.finished_at,
        "outcome": result.attempt,
        "code": getattr(outcome, "code", None),
        "reply": storable(getattr(outcome, "reply", ""))[:MAX_ERROR_CHARACTERS],
    }
