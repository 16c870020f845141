"""What the world outside the database sees: every start and every acceptance, judged by rules of
its own.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import zoneinfo
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from dispatch.claiming.deliveries import Delivery
from dispatch.limits import Limits


@dataclass(frozen=True, slots=True)
class Start:
    at: dt.datetime
    limits: Limits


def too_close(starts: Sequence[dt.datetime], interval: dt.timedelta, burst: int) -> list[str]:
    """Starts that break the generic cell rate algorithm: in any stretch of time there may be
    `burst` starts, and one more for each interval.
    """
    ordered = sorted(starts)
    return [
        f"{last - first} for {n + 1} starts, {interval} each with burst {burst}"
        for (i, first), (j, last) in itertools.combinations(enumerate(ordered), 2)
        if (n := j - i) >= burst and last - first < (n - burst + 1) * interval
    ]


def quota_day(at: dt.datetime, limits: Limits) -> dt.date:
    """The day of the quota, named by the date on which it began in the service's zone."""
    local = at.astimezone(zoneinfo.ZoneInfo(limits.time_zone))
    date = local.date()
    return date if local.time() >= limits.reset_time else date - dt.timedelta(days=1)


@dataclass
class Outside:
    """The providers' own record, and what people allowed."""

    starts: dict[int, list[Start]] = field(default_factory=lambda: defaultdict(list))
    accepted: Counter[int] = field(default_factory=Counter)
    """Messages accepted, by SubTask; whether the dispatcher got to know or not."""
    keys: dict[tuple[int, str], dt.datetime] = field(default_factory=dict)
    """When a service that de-duplicates first accepted a message under a key."""
    allowed: Counter[int] = field(default_factory=Counter)
    """How many more messages than one a named person allowed, by SubTask."""
    quotas: dict[tuple[int, dt.date], set[int | None]] = field(
        default_factory=lambda: defaultdict(set)
    )
    """The quotas under which messages were granted, by service and day of their start."""

    def started(self, delivery: Delivery, at: dt.datetime) -> None:
        limits, service_id = delivery.grant.gate.limits, delivery.grant.service_id
        self.starts[service_id].append(Start(at, limits))
        self.quotas[service_id, quota_day(at, limits)].add(limits.daily_quota)

    def takes(self, delivery: Delivery, at: dt.datetime, window: dt.timedelta) -> None:
        """A provider takes a message, unless it has one of that key, or remembers it no more: for
        as long as its window. A provider that does not de-duplicate remembers nothing.
        """
        key = delivery.grant.service_id, delivery.idempotency_key
        if at - self.keys.get(key, at - window) >= window:
            self.keys[key] = at
            self.accepted[delivery.claim.id] += 1

    def broken(self) -> list[str]:
        """The guarantees that are broken, in sentences."""
        return [*self._doubles(), *self._too_close(), *self._overrun()]

    def used(self, service_id: int, day: dt.date) -> int:
        return sum(quota_day(start.at, start.limits) == day for start in self.starts[service_id])

    def _doubles(self) -> list[str]:
        return [
            f"SubTask {pk} was accepted {times} times"
            for pk, times in self.accepted.items()
            if times > 1 + self.allowed[pk]
        ]

    def _too_close(self) -> list[str]:
        """Neighbours that were granted under the same limits are judged by these."""
        return [
            f"service {service_id}: {complaint}"
            for service_id, starts in self.starts.items()
            for limits, group in itertools.groupby(
                sorted(starts, key=lambda start: start.at), key=lambda start: start.limits
            )
            for complaint in too_close([start.at for start in group], limits.interval, limits.burst)
        ]

    def _overrun(self) -> list[str]:
        return [
            f"service {service_id}: {used} messages on {day}, the quota is {quotas}"
            for (service_id, day), quotas in self.quotas.items()
            if (used := self.used(service_id, day)) > _loosest(quotas)
        ]


def _loosest(quotas: set[int | None]) -> float:
    """The messages that these quotas allow; None is no limit."""
    return max(math.inf if quota is None else quota for quota in quotas)
