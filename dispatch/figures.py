"""What a dispatcher counts about its own work, in a form that adds up: over dispatchers and over
time.

Counts are numbers in nested dictionaries, so that adding and subtracting need not know what they
mean. They only grow. A duration is counted in fixed buckets (`SECONDS`), whose counts add up too.

    {"claimed": 12, "lost_races": 0,
     "claim_seconds": {"0.005": 3, "0.01": 1, "sum": 0.019},
     "services": {"7": {"accepted": 11, "unused": 1}}}
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dispatch.models.attempt import AttemptOutcome

if TYPE_CHECKING:
    from campaigns.states import Doubtful
    from dispatch.outcomes import Verdict
    from dispatch.tick import Done, Intent

Counts = dict[str, Any]

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, math.inf)
"""The upper bounds of the buckets."""

KEYS = tuple(f"{bound:g}" for bound in SECONDS)

WRITE_EVERY_SECONDS = 1.0
"""How often a dispatcher writes its figures: with its tick, but not with each of hundreds."""

UNSENDABLE = "unsendable"
"""The outcome of a SubTask that was never handed over: no message could be made of it."""

NOT_OF_DISPATCHERS = (AttemptOutcome.NOT_STARTED, AttemptOutcome.RESTORED)

OUTCOMES = (
    *(each.value for each in AttemptOutcome if each not in NOT_OF_DISPATCHERS),
    UNSENDABLE,
)


def add(total: Counts, more: Counts) -> Counts:
    """Add `more` to `total`, which is changed and returned."""
    for key, value in more.items():
        if isinstance(value, dict):
            total[key] = add(total.get(key, {}), value)
        else:
            total[key] = total.get(key, 0) + value
    return total


def since(before: Counts, now: Counts) -> Counts:
    """How much was added to `before` to make `now`; never less than nothing."""
    grown: Counts = {}
    for key, value in now.items():
        if isinstance(value, dict):
            grown[key] = since(before.get(key, {}), value)
        else:
            grown[key] = max(0, value - before.get(key, 0))
    return grown


def observe(durations: Counter[str], seconds: float) -> None:
    """Count one duration."""
    durations[KEYS[bisect_left(SECONDS, seconds)]] += 1
    durations["sum"] += seconds  # type: ignore[assignment]  # the one that is not a whole number


def cumulative(durations: Counts) -> list[tuple[float, int]]:
    """Each upper bound with how many durations were no longer; the last counts all of them."""
    total, found = 0, []
    for bound, key in zip(SECONDS, KEYS, strict=True):
        total += durations.get(key, 0)
        found.append((bound, total))
    return found


def quantile(durations: Counts, share: float) -> float | None:
    """The duration (seconds) that this share of them did not exceed, as exactly as the buckets
    tell; None when there were none.
    """
    buckets = cumulative(durations)
    wanted = share * buckets[-1][1]
    lower, below = 0.0, 0
    for bound, total in buckets:
        if total and total >= wanted and total > below:
            part = (wanted - below) / (total - below)
            return lower if math.isinf(bound) else lower + (bound - lower) * part
        lower, below = bound, total
    return None


def add_up(many: Iterable[Counts]) -> Counts:
    total: Counts = {}
    for counts in many:
        add(total, counts)
    return total


def recovered(outcome: AttemptOutcome, rows: Iterable[Doubtful]) -> Counts:
    """What is counted for SubTasks that a dead dispatcher was just handing over."""
    services = Counter(str(row.service_id) for row in rows)
    return {"services": {key: {outcome.value: count} for key, count in services.items()}}


class Figures:
    """The counts of one dispatcher since it started. Used by its coordinating thread only."""

    def __init__(self) -> None:
        self._simple: Counter[str] = Counter()
        self._claim_seconds: Counter[str] = Counter()
        self._tick_seconds: Counter[str] = Counter()
        self._lateness_seconds: Counter[str] = Counter()
        self._services: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._written_at = -math.inf

    def counts(self) -> Counts:
        return {
            **self._simple,
            "claim_seconds": dict(self._claim_seconds),
            "tick_seconds": dict(self._tick_seconds),
            "lateness_seconds": dict(self._lateness_seconds),
            "services": {str(key): dict(counts) for key, counts in self._services.items()},
        }

    def due(self) -> Counts | None:
        """The counts when it is time to write them again, else None."""
        now = time.monotonic()
        if now - self._written_at < WRITE_EVERY_SECONDS:
            return None
        self._written_at = now
        return self.counts()

    def database_failed(self) -> None:
        self._simple["database_failures"] += 1

    def tick(self, intent: Intent, done: Done, seconds: float) -> None:
        """Count what a committed tick did, and how long it took."""
        observe(self._tick_seconds, seconds)
        if done.claim_seconds is not None:
            observe(self._claim_seconds, done.claim_seconds)
        self._simple["pace_locked"] += len(intent.room.keys() - done.paces.keys())
        self._simple["claimed"] += sum(map(len, done.granted))
        self._simple["lost_races"] += len(done.lost)
        for verdict in done.verdicts:
            if verdict.settlement.id not in done.lost:
                self._count(verdict)

    def _count(self, verdict: Verdict) -> None:
        order = verdict.report.order
        service = self._services[order.grant.service_id]
        if outcome := outcome_of(verdict):
            service[outcome] += 1
        if order.started_at is None:
            service["unused"] += 1
        elif order.grant.gate.limits.interval:
            lateness = (order.started_at - order.slot).total_seconds()
            observe(self._lateness_seconds, lateness)


def outcome_of(verdict: Verdict) -> str | None:
    """One of OUTCOMES; None for what was given back before its hand-over, nobody being to blame."""
    if verdict.attempt is not None:
        return verdict.attempt.value
    if verdict.freeze is not None:
        return AttemptOutcome.SERVICE_ERROR.value  # it could not even be connected to
    return UNSENDABLE if verdict.settlement.failure_reason else None
