"""One structured log line per delivery outcome, with the ids for collectors of logs.

Neither addresses nor what providers said are logged, as that may name people; attempts have it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

from dispatch.claiming.deliveries import Delivery
from dispatch.models import AttemptOutcome
from dispatch.results.outcome_counts import outcome_of
from dispatch.results.outcomes import DeliveryResult

logger = logging.getLogger(__name__)

LEVELS: dict[str | None, int] = {
    None: logging.DEBUG,  # not started
    AttemptOutcome.ACCEPTED.value: logging.DEBUG,
    AttemptOutcome.SERVICE_ERROR.value: logging.WARNING,
    AttemptOutcome.UNKNOWN.value: logging.WARNING,
}
"""All others are INFO."""


def ids(delivery: Delivery, dispatcher_id: int) -> dict[str, int]:
    """What to pass as `extra` with a line about a delivery."""
    return {
        "task_id": delivery.claim.task_id,
        "subtask_id": delivery.claim.id,
        "service_id": delivery.grant.service_id,
        "dispatcher_id": dispatcher_id,
    }


def settled(results: Iterable[DeliveryResult], lost: Collection[int], dispatcher_id: int) -> None:
    """Log results that have been committed; nothing was written about the SubTasks in `lost`."""
    for result in results:
        if result.settlement.id in lost:
            _lost(result.report.delivery, dispatcher_id)
        else:
            _settled(result, dispatcher_id)


def _settled(result: DeliveryResult, dispatcher_id: int) -> None:
    outcome = outcome_of(result)
    level = LEVELS.get(outcome, logging.INFO)
    if not logger.isEnabledFor(level):
        return
    delivery = result.report.delivery
    logger.log(
        level,
        "SubTask %s of task %s through service %s: %s, now %s",
        delivery.claim.id,
        delivery.claim.task_id,
        delivery.grant.service_id,
        outcome or "not started",
        result.settlement.status,
        extra={**ids(delivery, dispatcher_id), "outcome": outcome or "not_started"},
    )


def _lost(delivery: Delivery, dispatcher_id: int) -> None:
    logger.warning(
        "SubTask %s: nothing was written, as the claim of dispatcher %s was gone: taken away, or "
        "settled by a commit whose reply was lost",
        delivery.claim.id,
        dispatcher_id,
        extra=ids(delivery, dispatcher_id),
    )
