"""The outcomes that are counted, and the one of each delivery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from campaigns.state.states import InDoubt
from dispatch.counters import NestedCounts
from dispatch.models import AttemptOutcome
from dispatch.results.outcomes import DeliveryResult

UNSENDABLE = "unsendable"
"""The outcome of a SubTask that was never handed over: no message could be made of it."""

NOT_OF_DISPATCHERS = (AttemptOutcome.NOT_STARTED, AttemptOutcome.RESTORED)

OUTCOMES = (
    *(each.value for each in AttemptOutcome if each not in NOT_OF_DISPATCHERS),
    UNSENDABLE,
)


def recovered(outcome: AttemptOutcome, rows: Iterable[InDoubt]) -> NestedCounts:
    """What is counted for SubTasks that a dead dispatcher was just handing over."""
    services = Counter(str(row.service_id) for row in rows)
    return {"services": {key: {outcome.value: count} for key, count in services.items()}}


def outcome_of(result: DeliveryResult) -> str | None:
    """One of OUTCOMES; None for what was given back before its hand-over, without blame."""
    if result.attempt is not None:
        return result.attempt.value
    if result.freeze is not None:
        return AttemptOutcome.SERVICE_ERROR.value  # it could not even be connected to
    return UNSENDABLE if result.settlement.failure_reason else None
