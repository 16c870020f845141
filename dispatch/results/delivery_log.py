"""The log of what became of messages: a line each, with the ids for whoever collects logs.

Neither addresses nor what providers said are logged, as that may name people; attempts have it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

from dispatch.claiming.deliveries import Order
from dispatch.models import AttemptOutcome
from dispatch.results.outcome_counts import outcome_of
from dispatch.results.outcomes import Verdict

logger = logging.getLogger(__name__)

LEVELS: dict[str | None, int] = {
    None: logging.DEBUG,  # not started
    AttemptOutcome.ACCEPTED.value: logging.DEBUG,
    AttemptOutcome.SERVICE_ERROR.value: logging.WARNING,
    AttemptOutcome.UNKNOWN.value: logging.WARNING,
}
"""All others are INFO."""


def ids(order: Order, dispatcher_id: int) -> dict[str, int]:
    """What to pass as `extra` with a line about an order."""
    return {
        "task_id": order.claim.task_id,
        "subtask_id": order.claim.id,
        "service_id": order.grant.service_id,
        "dispatcher_id": dispatcher_id,
    }


def settled(verdicts: Iterable[Verdict], lost: Collection[int], dispatcher_id: int) -> None:
    """Log verdicts that have been committed; nothing was written about the SubTasks in `lost`."""
    for verdict in verdicts:
        if verdict.settlement.id in lost:
            _lost(verdict.report.order, dispatcher_id)
        else:
            _settled(verdict, dispatcher_id)


def _settled(verdict: Verdict, dispatcher_id: int) -> None:
    outcome = outcome_of(verdict)
    level = LEVELS.get(outcome, logging.INFO)
    if not logger.isEnabledFor(level):
        return
    order = verdict.report.order
    logger.log(
        level,
        "SubTask %s of task %s through service %s: %s, now %s",
        order.claim.id,
        order.claim.task_id,
        order.grant.service_id,
        outcome or "not started",
        verdict.settlement.status,
        extra={**ids(order, dispatcher_id), "outcome": outcome or "not_started"},
    )


def _lost(order: Order, dispatcher_id: int) -> None:
    logger.warning(
        "SubTask %s: nothing was written, as the claim of dispatcher %s was gone: taken away, or "
        "settled by a commit whose reply was lost",
        order.claim.id,
        dispatcher_id,
        extra=ids(order, dispatcher_id),
    )
