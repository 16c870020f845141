"""What an outcome means for the SubTask and for the service: the one place where that is decided.

| outcome | SubTask | service |
|---|---|---|
| accepted | sent | failures in a row end |
| recipient refused for now | pending after a back-off, failed at the last try | a failure |
| recipient refused for good | failed (rejected), suppressed if the address is bad | nothing |
| message refused | failed (rejected) | a failure |
| service failed | pending at once, no try used up: another service may take it | freezes |
| no reply after the hand-over | in doubt | a failure |
| not started | pending at once or after a delay, no try used up | nothing |
| cannot be made or addressed | failed (render_error, invalid) | nothing |
"""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext_noop

from campaigns.models import FailureReason, SubTaskStatus
from campaigns.state.states import Settlement
from dispatch.claiming.deliveries import LaneReport, NotStarted, Unsendable
from dispatch.errors import (
    DeliveryError,
    MessageError,
    OutcomeUnknown,
    RecipientError,
    ServiceError,
)
from dispatch.message.message import Accepted
from dispatch.models import AttemptOutcome
from dispatch.pace import backoff

MAX_ERROR_CHARACTERS = 2000


class DeliveryResult(NamedTuple):
    """What to write about one report."""

    report: LaneReport
    settlement: Settlement
    attempt: AttemptOutcome | None = None
    succeeded: bool = False
    failed: bool = False
    freeze: ServiceError | None = None
    suppress: bool = False


def judge(report: LaneReport) -> DeliveryResult:
    """Decide what an outcome means.

    The repeat of a hand-over in doubt that is not accepted tells nothing about the first one,
    however definite it is: the SubTask stays in doubt.
    """
    result = _judge(report)
    if report.delivery.claim.repeat_until is None or result.succeeded:
        return result
    why = result.settlement.error or gettext_noop(
        "The hand-over was to be repeated, and was not begun."
    )
    return result._replace(settlement=_settle(report, SubTaskStatus.SENDING, error=why))


def _judge(report: LaneReport) -> DeliveryResult:
    outcome = report.outcome
    if isinstance(outcome, Accepted):
        name = storable(outcome.provider_message_id)[:255]
        settlement = _settle(report, SubTaskStatus.SENT, provider_message_id=name)
        return DeliveryResult(report, settlement, AttemptOutcome.ACCEPTED, succeeded=True)
    if isinstance(outcome, NotStarted):
        waiting = _settle(report, SubTaskStatus.PENDING, delay_seconds=outcome.delay_seconds)
        return DeliveryResult(report, waiting)
    if isinstance(outcome, Unsendable):
        return DeliveryResult(report, _fail(report, outcome.reason, outcome.why))
    return _judge_error(report, outcome)


def _judge_error(report: LaneReport, error: DeliveryError) -> DeliveryResult:
    if isinstance(error, ServiceError):
        settlement = _settle(report, SubTaskStatus.PENDING, error=_short(error.reply))
        return DeliveryResult(
            report,
            settlement,
            AttemptOutcome.SERVICE_ERROR if report.started else None,
            failed=True,
            freeze=error,
        )
    if isinstance(error, OutcomeUnknown):
        settlement = _settle(report, SubTaskStatus.SENDING, error=_short(error.reply))
        return DeliveryResult(report, settlement, AttemptOutcome.UNKNOWN, failed=True)
    if isinstance(error, MessageError):
        if not report.started:
            return DeliveryResult(report, _fail(report, FailureReason.INVALID, error.reply))
        settlement = _fail(report, FailureReason.REJECTED, error.reply)
        return DeliveryResult(report, settlement, AttemptOutcome.REJECTED, failed=True)
    if isinstance(error, RecipientError):
        return _judge_recipient(report, error)
    raise TypeError(f"a transport raised {type(error).__name__}, which means nothing")


def _judge_recipient(report: LaneReport, error: RecipientError) -> DeliveryResult:
    if not report.started:
        return DeliveryResult(report, _fail(report, FailureReason.INVALID, error.reply))
    if error.permanent:
        settlement = _fail(report, FailureReason.REJECTED, error.reply)
        return DeliveryResult(
            report, settlement, AttemptOutcome.REJECTED, suppress=error.hard_bounce
        )
    delay = backoff.retry_delay_seconds(report.delivery.claim.attempts + 1)
    if delay is None:
        settlement = _fail(report, FailureReason.RETRIES_EXHAUSTED, error.reply, counts=True)
    else:
        settlement = _settle(
            report,
            SubTaskStatus.PENDING,
            error=_short(error.reply),
            counts_as_attempt=True,
            delay_seconds=delay,
        )
    return DeliveryResult(report, settlement, AttemptOutcome.DEFERRED, failed=True)


def _settle(
    report: LaneReport,
    status: SubTaskStatus,
    *,
    error: str = "",
    provider_message_id: str = "",
    counts_as_attempt: bool = False,
    delay_seconds: float = 0.0,
) -> Settlement:
    held = report.delivery.held
    return Settlement(
        held.id,
        held.token,
        status,
        error=error,
        provider_message_id=provider_message_id,
        counts_as_attempt=counts_as_attempt,
        delay_seconds=delay_seconds,
    )


def _fail(
    report: LaneReport, reason: FailureReason, why: str, *, counts: bool = False
) -> Settlement:
    held = report.delivery.held
    return Settlement(
        held.id,
        held.token,
        SubTaskStatus.FAILED,
        failure_reason=reason,
        error=_short(why),
        counts_as_attempt=counts,
    )


def _short(text: str) -> str:
    return storable(text)[:MAX_ERROR_CHARACTERS]


def storable(text: str) -> str:
    """What a provider said without what PostgreSQL cannot store: half characters and zeros."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
