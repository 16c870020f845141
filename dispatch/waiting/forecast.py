"""When campaigns will have sent everything: their services' slots dealt out, as they would be, over
the time to come. Arithmetic only.

A service that has something to send goes at its rate, in turns of the owners; within an owner the
tasks of the highest priority share. Between two events (a service opens or has used up its quota, a
task begins or ends) all rates stay the same, so that a campaign of millions takes as many steps as
there are events, and each event concerns few.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dispatch.limits import Limits

HORIZON = dt.timedelta(days=366)
"""Beyond it nothing is told."""
MOST_EVENTS = 20_000
NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)
NOTHING = 1e-6
"""Of a message: what is left of one by rounding."""


@dataclass(slots=True)
class Server:
    """A service: when it can start something, and how fast it goes then, in messages a second."""

    id: int
    limits: Limits
    opens_at: dt.datetime
    rate: float
    quota_left: float | None = None
    """In the period of `opens_at`; None without a quota."""


@dataclass(slots=True)
class Work:
    """What a task has to send from some moment on. A task may have several."""

    task_id: int
    owner_id: int
    priority: int
    service_ids: frozenset[int]
    since: dt.datetime
    messages: float


def ends(
    servers: Iterable[Server], works: Sequence[Work], now: dt.datetime
) -> dict[int, dt.datetime | None]:
    """When each task has sent everything; None for later than HORIZON, or never as things are."""
    running = _Running(servers, works, now)
    running.run_until(now + HORIZON)
    last: dict[int, dt.datetime | None] = {}
    for number, work in enumerate(works):
        end, known = running.ended.get(number), last.get(work.task_id, now)
        last[work.task_id] = max(end, known) if end and known else None
    return last


@dataclass(slots=True)
class _Busy:
    """A service as it goes at the moment."""

    server: Server
    is_open: bool = False
    turns_at: dt.datetime = NEVER
    """When it opens, or has used up its quota."""
    shares: dict[int, float] = field(default_factory=dict)
    """Messages a second, by the number of the work."""
    quota_left: float | None = None
    since: dt.datetime = NEVER
    """Up to when `quota_left` is known."""
    _period: tuple[dt.datetime, dt.datetime] = (NEVER, NEVER)

    def period(self, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        """As the limits have it, which takes long to compute."""
        if not self._period[0] <= now < self._period[1]:
            self._period = self.server.limits.period(now)
        return self._period


class _Running:
    def __init__(self, servers: Iterable[Server], works: Sequence[Work], now: dt.datetime) -> None:
        self.now = now
        self.works = works
        self.left = [work.messages for work in works]
        self.rates = [0.0] * len(works)
        self.settled = [now] * len(works)
        """Up to when `left` is known."""
        self.busy = {each.id: _busy(each, max(now, each.opens_at)) for each in servers}
        self.open_works: set[int] = set()
        self.to_come = sorted(range(len(works)), key=lambda number: works[number].since)
        self.ended: dict[int, dt.datetime] = {}
        for number, work in enumerate(works):
            if work.messages <= NOTHING:
                self.ended[number] = max(now, work.since)
                self.to_come.remove(number)

    def run_until(self, horizon: dt.datetime) -> None:
        for _ in range(MOST_EVENTS):
            if not self.open_works and not self.to_come:
                return
            at = self._next_event()
            if at > horizon:
                return
            self.now = at
            self._begin()
            self._end()
            self._turn()

    def _next_event(self) -> dt.datetime:
        moments = [busy.turns_at for busy in self.busy.values() if self._is_wanted(busy)]
        moments += [self._end_of(number) for number in self.open_works]
        if self.to_come:
            moments.append(max(self.now, self.works[self.to_come[0]].since))
        return min(moments, default=NEVER)

    def _is_wanted(self, busy: _Busy) -> bool:
        """Of one that is open and idle, the quota is not used up."""
        return not busy.is_open or bool(busy.shares)

    def _end_of(self, number: int) -> dt.datetime:
        rate = self.rates[number]
        return _after(self.settled[number], self.left[number], rate) if rate else NEVER

    def _begin(self) -> None:
        began = set()
        while self.to_come and self.works[self.to_come[0]].since <= self.now:
            began.add(self.to_come.pop(0))
        for number in began:
            self.settled[number] = self.now
        self.open_works |= began
        self._deal_for(began)

    def _end(self) -> None:
        over = {number for number in self.open_works if self._end_of(number) <= self.now}
        for number in over:
            self.ended[number] = self.now
        self.open_works -= over
        self._deal_for(over)

    def _turn(self) -> None:
        """Services open, begin another period, or have used up their quota."""
        for busy in self.busy.values():
            if busy.turns_at > self.now or not self._is_wanted(busy):
                continue
            self._account(busy)
            if not busy.is_open:
                busy.is_open = True
            elif busy.quota_left is not None and busy.quota_left < 1:
                busy.is_open, busy.turns_at = False, busy.period(self.now)[1]
            self._deal(busy)

    def _account(self, busy: _Busy) -> None:
        """What is left of its quota now: a new period begins with all of it."""
        if busy.quota_left is None:
            return
        start, _ = busy.period(self.now)
        if busy.since < start:
            busy.quota_left = float(busy.server.limits.daily_quota or 0)
        else:
            seconds = (self.now - busy.since).total_seconds()
            busy.quota_left -= sum(busy.shares.values()) * seconds
        busy.since = self.now

    def _deal_for(self, changed: set[int]) -> None:
        concerned = {pk for number in changed for pk in self.works[number].service_ids}
        for pk in concerned & self.busy.keys():
            self._deal(self.busy[pk])

    def _deal(self, busy: _Busy) -> None:
        """Share the service among what it can send now."""
        self._account(busy)
        shares = self._shares(busy) if busy.is_open else {}
        for number in busy.shares.keys() | shares.keys():
            self._settle(number)
            self.rates[number] += shares.get(number, 0.0) - busy.shares.get(number, 0.0)
        busy.shares = shares
        if busy.is_open:
            busy.turns_at = self._used_up_at(busy)

    def _used_up_at(self, busy: _Busy) -> dt.datetime:
        if busy.quota_left is None or not busy.shares:
            return NEVER
        period_end = busy.period(self.now)[1]
        used_up = _after(self.now, busy.quota_left, busy.server.rate)
        return used_up if used_up < period_end else period_end

    def _shares(self, busy: _Busy) -> dict[int, float]:
        by_owner: Mapping[int, list[int]] = defaultdict(list)
        for number in self.open_works:
            if busy.server.id in self.works[number].service_ids:
                by_owner[self.works[number].owner_id].append(number)
        shares = {}
        for numbers in by_owner.values():
            highest = max(self.works[number].priority for number in numbers)
            first = [n for n in numbers if self.works[n].priority == highest]
            for number in first:
                shares[number] = busy.server.rate / len(by_owner) / len(first)
        return shares

    def _settle(self, number: int) -> None:
        sent = self.rates[number] * (self.now - self.settled[number]).total_seconds()
        self.left[number] = max(0.0, self.left[number] - sent)
        self.settled[number] = self.now


def _busy(server: Server, opens_at: dt.datetime) -> _Busy:
    left = server.quota_left
    if left is None and server.limits.daily_quota is not None:
        left = float(server.limits.daily_quota)
    return _Busy(server, turns_at=opens_at, quota_left=left, since=opens_at)


def _after(at: dt.datetime, messages: float, rate: float) -> dt.datetime:
    """When so many messages are sent at this rate."""
    if messages <= NOTHING:
        return at
    seconds = messages / rate if rate > NOTHING else HORIZON.total_seconds() * 2
    return at + dt.timedelta(seconds=min(seconds, HORIZON.total_seconds() * 2))
