"""The door by which every event enters, whoever tells it."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from tracking.incoming import Incoming

logger = logging.getLogger(__name__)


def accept(events: Iterable[Incoming]) -> int:
    """Write down what came in. Returns how many events are new."""
    told = list(events)
    for event in told:
        logger.info("%s: %s for SubTask %s", event.source, event.kind, event.subtask_id)
    return len(told)
