"""How long to wait after a failure, and how often to try. Tables and arithmetic only."""

from __future__ import annotations

import random

from django.conf import settings

LONGEST_FREEZE_SECONDS = 3600.0
FAILURES_THAT_FREEZE = 10
"""So many failures in a row, of any kind, freeze a service."""


def retry_delay_seconds(attempts: int) -> float | None:
    """How long a SubTask waits after its n-th try that counted (n from 1); None when that was the
    last.

    From settings.RETRY_DELAYS_SECONDS, with a fifth of jitter so that what failed together does not
    return together.
    """
    delays = settings.RETRY_DELAYS_SECONDS
    return _jitter(delays[attempts - 1]) if attempts <= len(delays) else None


def freeze_seconds(freezes_in_row: int, asked_for: float = 0.0) -> float:
    """How long a service rests at its n-th freeze in a row (n from 1): doubling, up to an hour,
    with jitter; no less than its provider asked for, if that is not more than an hour.
    """
    seconds: float = settings.FREEZE_SECONDS * 2 ** min(freezes_in_row - 1, 20)
    return max(
        _jitter(min(seconds, LONGEST_FREEZE_SECONDS)), min(asked_for, LONGEST_FREEZE_SECONDS)
    )


def _jitter(seconds: float) -> float:
    return seconds * random.uniform(0.8, 1.2)
