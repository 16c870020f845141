"""What a dispatcher counts about its own work, in a form that adds up: over dispatchers and over
time (`dispatch.counters`).

    {"claimed": 12, "lost_races": 0,
     "claim_seconds": {"0.005": 3, "0.01": 1, "sum": 0.019},
     "services": {"7": {"accepted": 11, "unused": 1}}}
"""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict

from dispatch.counters import NestedCounts, observe
from dispatch.engine.tick import TickRequest, TickResult
from dispatch.results.outcome_counts import outcome_of
from dispatch.results.outcomes import DeliveryResult

WRITE_EVERY_SECONDS = 1.0
"""How often a dispatcher writes its figures: with its tick, but not with each of hundreds."""


class Figures:
    """The counts of one dispatcher since it started. Used by its coordinating thread only."""

    def __init__(self) -> None:
        self._simple: Counter[str] = Counter()
        self._claim_seconds: Counter[str] = Counter()
        self._tick_seconds: Counter[str] = Counter()
        self._lateness_seconds: Counter[str] = Counter()
        self._services: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._written_at = -math.inf

    def counts(self) -> NestedCounts:
        return {
            **self._simple,
            "claim_seconds": dict(self._claim_seconds),
            "tick_seconds": dict(self._tick_seconds),
            "lateness_seconds": dict(self._lateness_seconds),
            "services": {str(key): dict(counts) for key, counts in self._services.items()},
        }

    def due(self) -> NestedCounts | None:
        """The counts when it is time to write them again, else None."""
        now = time.monotonic()
        if now - self._written_at < WRITE_EVERY_SECONDS:
            return None
        self._written_at = now
        return self.counts()

    def database_failed(self) -> None:
        self._simple["database_failures"] += 1

    def tick(self, request: TickRequest, result: TickResult, seconds: float) -> None:
        """Count what a committed tick did, and how long it took."""
        observe(self._tick_seconds, seconds)
        if result.claim_seconds is not None:
            observe(self._claim_seconds, result.claim_seconds)
        self._simple["pace_locked"] += len(request.capacity.keys() - result.paces.keys())
        self._simple["claimed"] += sum(map(len, result.granted))
        self._simple["lost_races"] += len(result.lost)
        for each in result.delivery_results:
            if each.settlement.id not in result.lost:
                self._count(each)

    def _count(self, result: DeliveryResult) -> None:
        delivery = result.report.delivery
        service = self._services[delivery.grant.service_id]
        if outcome := outcome_of(result):
            service[outcome] += 1
        if delivery.started_at is None:
            service["unused"] += 1
        elif delivery.grant.gate.limits.interval:
            lateness = (delivery.started_at - delivery.slot).total_seconds()
            observe(self._lateness_seconds, lateness)
