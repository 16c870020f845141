"""Claiming SubTasks: locked ids first, then one update of exactly those.

`select_for_update(skip_locked=True)` picks the rows and never waits; the update names the locked
ids, so that no more than the limit can ever be taken.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from campaigns import suppressions
from campaigns.models import SubTask
from campaigns.state import states
from dispatch.claiming.deliveries import Claim

STEP = 500
"""How many rows are looked at together once some turned out to be suppressed."""

MOST_LOOKED_AT = 2_000
"""How many rows a claim looks at beyond its limit: a tick must not last long, and what it has
failed is done for good only when it commits.
"""

COLUMNS = ("id", "task_id", "content_id", "recipient_email", "variables", "attempts")


def lock_claimable(task_id: int, limit: int) -> list[Claim]:
    """Lock up to `limit` SubTasks of a task that may be sent now, in the order they are served.

    Rows that another transaction has locked are passed over. Rows whose address has been suppressed
    since the launch are failed here and others taken in their place; where many are (a whole domain
    may be), a claim takes fewer than there are and leaves the rest to the next. Locks the SubTask
    rows returned; call inside a transaction.
    """
    claims: list[Claim] = []
    looked_at = 0
    while len(claims) < limit and looked_at < limit + MOST_LOOKED_AT:
        step = limit if not looked_at else max(limit, STEP)
        found = _lock(task_id, step, besides=claims)
        looked_at += step
        suppressed = suppressions.suppressed([claim.recipient_email for claim in found])
        if suppressed:
            states.suppress([c.id for c in found if c.recipient_email in suppressed])
        good = [claim for claim in found if claim.recipient_email not in suppressed]
        claims += good[: limit - len(claims)]
        if len(found) < step:
            break
    return claims


def repeat(
    service_id: int, window: dt.timedelta, limit: int, token: uuid.UUID, dispatcher_id: int
) -> list[Claim]:
    """Hold up to `limit` SubTasks in doubt whose hand-over through this service may be repeated,
    within `window` of the first one. Those suppressed since are left as they are. Locks the rows;
    call inside a transaction.
    """
    claims: list[Claim] = []
    for most in (limit, limit + STEP):
        found = _lock_repeatable(service_id, window, most)
        suppressed = suppressions.suppressed([claim.recipient_email for claim in found])
        claims = [claim for claim in found if claim.recipient_email not in suppressed][:limit]
        if not suppressed:
            break
    held = states.repeat_in_doubt([claim.id for claim in claims], token, dispatcher_id)
    return [claim for claim in claims if claim.id in held]


def _lock_repeatable(service_id: int, window: dt.timedelta, limit: int) -> list[Claim]:
    rows = SubTask.objects.repeatable([service_id], window).select_for_update(
        skip_locked=True, no_key=True, of=("self",)
    )
    return [
        Claim(*row)._replace(repeat_until=sending_at + window)
        for sending_at, *row in rows.values_list("sending_at", *COLUMNS)[:limit]
    ]


def take(claims: Iterable[tuple[Claim, int]], token: uuid.UUID, dispatcher_id: int) -> None:
    """Reserve locked claims, given with the service each is for, under one token. Raises
    NotAsLocked unless each of them is reserved.
    """
    rows = [(claim.id, service_id) for claim, service_id in claims]
    states.require_all(len(states.allocate(rows, token, dispatcher_id)), len(rows))


def _lock(task_id: int, limit: int, besides: Iterable[Claim]) -> list[Claim]:
    claimable = SubTask.objects.claimable(task_id).exclude(pk__in=[claim.id for claim in besides])
    rows = claimable.select_for_update(skip_locked=True, no_key=True, of=("self",))
    return [Claim(*row) for row in rows.values_list(*COLUMNS)[:limit]]
