"""Writing to Pace rows: what a dispatcher, or a member of staff, has to say about a service.

Lock order: Pace rows by service id, then SubTasks. A dispatcher never waits for a Pace row (SKIP
LOCKED), so its tick may have locked SubTasks before: what it could not say now it says in its next.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db import connection
from django.utils.translation import gettext_noop

from addressing.addresses import without_addresses
from campaigns.state.states import Returned, require_all
from dispatch.errors import ServiceError
from dispatch.limits import Limits
from dispatch.models import EmailService, Pace
from dispatch.pace import backoff

WRITTEN = (
    "next_send_at",
    "quota_period_start",
    "quota_used",
    "frozen_until",
    "needs_person",
    "freeze_reason",
    "failures_in_row",
    "freezes_in_row",
)
SAVE_SQL = """
UPDATE dispatch_pace p SET
    next_send_at = v.next_send_at, quota_period_start = v.quota_period_start,
    quota_used = v.quota_used, frozen_until = v.frozen_until, needs_person = v.needs_person,
    freeze_reason = v.freeze_reason, failures_in_row = v.failures_in_row,
    freezes_in_row = v.freezes_in_row
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::int[], %s::timestamptz[],
            %s::bool[], %s::text[], %s::int[], %s::int[])
    AS v(service_id, next_send_at, quota_period_start, quota_used, frozen_until, needs_person,
         freeze_reason, failures_in_row, freezes_in_row)
WHERE p.service_id = v.service_id
"""
SURELY = dt.timedelta(minutes=1)
"""A claim this long after the beginning of a period was surely charged to it: no transaction lasts
as long.
"""


@dataclass(slots=True)
class PaceChanges:
    """What one dispatcher has to say about one service, kept until a commit has written it to the
    Pace row. Outcomes add to it; a tick that writes it starts anew.
    """

    quota_back: Counter[dt.datetime] = field(default_factory=Counter)
    """Messages granted but never started, by the start of the quota period they were charged to."""
    failures: int = 0
    """Hand-overs that count as failures."""
    succeeded: bool = False
    """At least one was accepted: the failures in a row before these end."""
    freeze: ServiceError | None = None
    """Why the service is to be frozen."""

    def add(self, other: PaceChanges) -> None:
        """Add what is in `other`."""
        self.quota_back.update(other.quota_back)
        self.failures += other.failures
        self.succeeded |= other.succeeded
        self.freeze = self.freeze or other.freeze

    @property
    def is_empty(self) -> bool:
        return self == PaceChanges()


def lock(service_ids: Collection[int]) -> dict[int, Pace]:
    """Lock the Pace rows of these services, except those locked elsewhere."""
    rows = Pace.objects.filter(pk__in=service_ids).select_for_update(skip_locked=True, no_key=True)
    return {pace.pk: pace for pace in rows.order_by("pk")}


def save(paces: Iterable[Pace]) -> None:
    """Write locked Pace rows back, in one statement. Raises NotAsLocked unless all are there.

    By hand, because every tick does it: `bulk_update` takes 5 ms of Python for each row.
    """
    if rows := [(pace.pk, *written(pace)) for pace in paces]:
        columns = [list(column) for column in zip(*rows, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(SAVE_SQL, columns)
            require_all(cursor.rowcount, len(rows))


def written(pace: Pace) -> tuple[object, ...]:
    """The values that `save` writes, to tell whether there is anything to write."""
    return tuple(getattr(pace, name) for name in WRITTEN)


def apply(pace_changes: PaceChanges, pace: Pace, now: dt.datetime) -> None:
    """Bring a locked Pace row up to date with what there is to say about it. Does not save it."""
    if pace.quota_period_start is not None:
        pace.quota_used = max(0, pace.quota_used - pace_changes.quota_back[pace.quota_period_start])
    if pace_changes.succeeded:
        pace.failures_in_row = pace.freezes_in_row = 0
    pace.failures_in_row += pace_changes.failures
    if pace_changes.freeze is not None:
        _freeze(pace, pace_changes.freeze, now)
    elif pace.failures_in_row >= backoff.FAILURES_THAT_FREEZE:
        _freeze(
            pace,
            ServiceError(
                gettext_noop("%(count)s failures in a row") % {"count": pace.failures_in_row}
            ),
            now,
        )


def _freeze(pace: Pace, error: ServiceError, now: dt.datetime) -> None:
    if is_frozen(pace, now) and pace.needs_person >= error.needs_person:
        return
    pace.freezes_in_row += 1
    pace.failures_in_row = 0
    pace.needs_person = error.needs_person
    rest = backoff.freeze_seconds(pace.freezes_in_row, error.retry_after_seconds)
    pace.frozen_until = now + dt.timedelta(seconds=rest)
    pace.freeze_reason = without_addresses(error.reply[:500].replace("\x00", ""))


def is_frozen(pace: Pace, now: dt.datetime) -> bool:
    return pace.needs_person or (pace.frozen_until is not None and pace.frozen_until > now)


def is_frozen_by_staff(pace: Pace) -> bool:
    """Then the reason is theirs; else it may be what a provider said about one message."""
    return pace.needs_person and pace.frozen_until is None


def quota_left(pace: Pace, limits: Limits, now: dt.datetime) -> int | None:
    """How many more messages may start in the period of `now`; None for no quota. Does not change
    the row.

    None are left of a period once the next one has begun: their count is gone.
    """
    if limits.daily_quota is None:
        return None
    period_start, _ = limits.period(now)
    if pace.quota_period_start is None or pace.quota_period_start < period_start:
        return limits.daily_quota
    if pace.quota_period_start > period_start:
        return 0
    return max(0, limits.daily_quota - pace.quota_used)


def charge(pace: Pace, limits: Limits, now: dt.datetime, messages: int) -> None:
    """Count messages as used in the period of `now`, beginning a new period when the last one is
    over; never going back to one that is. Does not save.
    """
    period_start, _ = limits.period(now)
    if pace.quota_period_start is None or pace.quota_period_start < period_start:
        pace.quota_period_start, pace.quota_used = period_start, 0
    pace.quota_used += messages


def give_back(rows: Iterable[Returned], paces: dict[int, Pace]) -> None:
    """Return the quota of SubTasks that were claimed in the running period and never handed over;
    saves the locked rows.

    Services whose Pace row is not among the locked ones keep the charge: the quota is then used up
    early, never overrun.
    """
    changed = set()
    for row in rows:
        pace = paces.get(row.service_id)
        if (
            pace
            and pace.quota_period_start
            and row.allocated_at >= pace.quota_period_start + SURELY
        ):
            pace.quota_used = max(0, pace.quota_used - 1)
            changed.add(pace)
    save(changed)


def lock_waiting(service_ids: Collection[int] | None = None) -> dict[int, Pace]:
    """Lock Pace rows in order, waiting for each: for staff and recovery, before they touch
    SubTasks.
    """
    rows = Pace.objects.all() if service_ids is None else Pace.objects.filter(pk__in=service_ids)
    return {pace.pk: pace for pace in rows.select_for_update(no_key=True).order_by("pk")}


def freeze(service: EmailService, reason: str) -> None:
    """Staff stop a service until they unfreeze it. Locks its Pace row; call inside a
    transaction.
    """
    pace = lock_waiting([service.pk])[service.pk]
    pace.needs_person, pace.frozen_until, pace.freeze_reason = True, None, reason[:500]
    save([pace])


def unfreeze(service: EmailService) -> None:
    """Staff let a service go on at once. Locks its Pace row; call inside a transaction."""
    pace = lock_waiting([service.pk])[service.pk]
    pace.needs_person, pace.frozen_until, pace.freeze_reason = False, None, ""
    pace.failures_in_row = pace.freezes_in_row = 0
    save([pace])
