"""The states of a SubTask: what may follow what, and the only code that writes `SubTask.status`,
but for `campaigns.state.restored` while nothing runs.

Every function works on a set of rows, in one statement or by locking and then writing them, and is
to be called inside a transaction. A caller that also waits for `dispatch.Pace` rows locks them
first.

Where rows are named by id and their status is compared, it is compared as text, which no partial
index answers, so that they are found by id. Otherwise PostgreSQL, as long as it has not heard of a
campaign that was just launched, takes pending rows to be few and walks through all of them for each
claim.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast, Coalesce, Now

from campaigns.db.bulk_params import as_array, as_json
from campaigns.models.subtask import FailureReason, SubTask, SubTaskStatus

S = SubTaskStatus

NEXT: dict[SubTaskStatus, frozenset[SubTaskStatus]] = {
    S.PENDING: frozenset({S.ALLOCATED, S.FAILED}),
    S.ALLOCATED: frozenset({S.PENDING, S.SENDING, S.FAILED}),
    S.SENDING: frozenset(
        {S.SENDING, S.PENDING, S.FAILED, S.SENT, S.DELIVERED, S.BOUNCED, S.OPENED, S.CLICKED}
    ),
    S.SENT: frozenset({S.DELIVERED, S.BOUNCED, S.OPENED, S.CLICKED}),
    S.DELIVERED: frozenset({S.BOUNCED, S.OPENED, S.CLICKED}),
    S.BOUNCED: frozenset(),
    S.OPENED: frozenset({S.CLICKED}),
    S.CLICKED: frozenset(),
    S.FAILED: frozenset({S.PENDING}),
}


def before(target: SubTaskStatus) -> list[SubTaskStatus]:
    """The states from which a SubTask may become `target`."""
    return [status for status in SubTaskStatus if target in NEXT[status]]


class NotAsLocked(Exception):
    """A write changed fewer rows than its transaction had locked: it must not be committed."""


class Held(NamedTuple):
    """A SubTask as its holder knows it; `token` is what it must still carry for a write to take
    effect.
    """

    id: int
    token: uuid.UUID


class Returned(NamedTuple):
    """A SubTask that was taken from its holder before it was handed over, with what is to be given
    back.
    """

    id: int
    service_id: int
    allocated_at: Any


class Settlement(NamedTuple):
    """What becomes of a held SubTask. `status` SENDING means in doubt; `delay_seconds` is how long
    a pending one waits.
    """

    id: int
    token: uuid.UUID
    status: SubTaskStatus
    failure_reason: str = ""
    error: str = ""
    provider_message_id: str = ""
    counts_as_attempt: bool = False
    delay_seconds: float = 0.0


class StatusRise(NamedTuple):
    """Feedback on a SubTask: the highest status it leads to, and the first time of each event.
    `error` is why it bounced."""

    id: int
    status: SubTaskStatus
    delivered_at: dt.datetime | None = None
    bounced_at: dt.datetime | None = None
    opened_at: dt.datetime | None = None
    clicked_at: dt.datetime | None = None
    provider_message_id: str = ""
    error: str = ""


def allocate(rows: Sequence[tuple[int, int]], token: uuid.UUID, dispatcher_id: int) -> list[int]:
    """Reserve locked pending rows, given as (id, service id), for a dispatcher. Returns the ids it
    changed.
    """
    sql = """
    UPDATE campaigns_subtask s
    SET status = 'allocated', service_id = v.service_id, claim_token = %s, dispatcher_id = %s,
        allocated_at = clock_timestamp(), sending_at = NULL
    FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, service_id)
    WHERE s.id = v.id AND s.status::text = 'pending'
    RETURNING s.id
    """
    ids, services = zip(*rows, strict=True) if rows else ((), ())
    return _ids(sql, [token, dispatcher_id, as_array(ids), as_array(services)])


def repeat_in_doubt(
    subtask_ids: Collection[int], token: uuid.UUID, dispatcher_id: int
) -> list[int]:
    """Hold locked rows in doubt, so that the service they were handed to repeats the hand-over.
    Returns the ids it changed.

    They stay `sending`: in the end they are sent or in doubt again, and are never reserved for
    another service. `sending_at` stays that of the first hand-over, by which the provider's window
    is measured and its key made.
    """
    sql = """
    UPDATE campaigns_subtask s
    SET claim_token = %s, dispatcher_id = %s, in_doubt_since = NULL,
        allocated_at = clock_timestamp()
    WHERE s.id = ANY(%s) AND s.in_doubt_since IS NOT NULL
    RETURNING s.id
    """
    return _ids(sql, [token, dispatcher_id, sorted(subtask_ids)]) if subtask_ids else []


def begin_sending(claims: Collection[Held]) -> dict[int, dt.datetime]:
    """Mark allocated rows of tasks that are still sending, just before they are handed over.

    Returns the ids that are now `sending` under their token, each with when its hand-over was first
    marked; also those that already were, so that running it again after a lost COMMIT reply is
    harmless. A row that is not returned must not be handed over.
    """
    # A join would let PostgreSQL begin with the task and walk through all of its SubTasks.
    sql = """
    UPDATE campaigns_subtask s
    SET status = 'sending', sending_at = coalesce(s.sending_at, clock_timestamp())
    FROM unnest(%s::bigint[], %s::uuid[]) AS v(id, token)
    WHERE s.id = v.id AND s.claim_token = v.token AND s.status::text IN ('allocated', 'sending')
      AND s.in_doubt_since IS NULL
      AND (SELECT t.status FROM campaigns_task t WHERE t.id = s.task_id) = 'sending'
    RETURNING s.id, s.sending_at
    """
    if not claims:
        return {}
    ids, tokens = zip(*sorted(claims), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(sql, [as_array(ids), as_array(tokens)])
        return dict(cursor.fetchall())


def settle(settlements: Iterable[Settlement]) -> set[int]:
    """Record what became of held rows, each fenced by its token. Returns the ids it changed.

    A row that is not returned is no longer held under that token: it was settled before (a COMMIT
    whose reply was lost) or taken away, and nothing about it was written.
    """
    rows = sorted(settlements, key=lambda settlement: settlement.id)
    if not rows:
        return set()
    for row in rows:
        if row.status not in NEXT[S.SENDING] | NEXT[S.ALLOCATED]:
            raise AssertionError(f"a held SubTask cannot become {row.status}")
    sql = f"""
    UPDATE campaigns_subtask s SET
        status = v.status::{_enum_type()},
        service_id = CASE WHEN v.status = 'pending' THEN NULL ELSE s.service_id END,
        claim_token = CASE WHEN v.status = 'sending' THEN gen_random_uuid() END,
        dispatcher_id = NULL,
        in_doubt_since = CASE WHEN v.status = 'sending' THEN clock_timestamp() END,
        failure_reason = v.failure_reason,
        error = v.error,
        provider_message_id = v.provider_message_id,
        attempts = s.attempts + v.counts_as_attempt::int,
        available_at = CASE WHEN v.status = 'pending' AND v.delay_seconds > 0
            THEN clock_timestamp() + make_interval(secs => v.delay_seconds) ELSE s.available_at END,
        sent_at = CASE WHEN v.status = 'sent' THEN clock_timestamp() ELSE s.sent_at END,
        failed_at = CASE WHEN v.status = 'failed' THEN clock_timestamp() ELSE s.failed_at END
    FROM json_to_recordset(%s) AS v(
        id bigint, token uuid, status text, failure_reason text, error text,
        provider_message_id text, counts_as_attempt bool, delay_seconds float8)
    WHERE s.id = v.id AND s.claim_token = v.token AND s.status::text IN ('allocated', 'sending')
    RETURNING s.id
    """
    return set(_ids(sql, [as_json(row._asdict() for row in rows)]))


def require_all(changed: int, locked: int) -> None:
    """Raise NotAsLocked unless a write changed every row that was locked for it."""
    if changed != locked:
        raise NotAsLocked(f"{changed} of {locked} locked rows were changed")


class InDoubt(NamedTuple):
    """A SubTask that came into doubt in the hands of a dispatcher, with the token it was held
    under.
    """

    id: int
    service_id: int
    token: uuid.UUID
    claimed_at: dt.datetime
    sending_at: dt.datetime

    @property
    def held(self) -> Held:
        return Held(self.id, self.token)


def reclaim(dispatcher_id: int) -> tuple[list[Returned], list[InDoubt]]:
    """Take everything from a dispatcher that is dead: allocated rows go back to pending, sending
    ones are in doubt.
    """
    held = SubTask.objects.filter(dispatcher_id=dispatcher_id)
    return release(held), doubt(held)


def lock_sending(subtasks: QuerySet[SubTask]) -> list[InDoubt]:
    """Lock those of these rows that are being handed over, as far as the database knows."""
    sending = subtasks.filter(status=S.SENDING, in_doubt_since=None)
    claimed_at = Coalesce("allocated_at", "sending_at")
    rows = (
        sending.select_for_update(no_key=True, of=("self",))
        .order_by("id")
        .values_list("id", "service_id", "claim_token", claimed_at, "sending_at")
    )
    return [InDoubt(*row) for row in rows]


def doubt(subtasks: QuerySet[SubTask]) -> list[InDoubt]:
    """Take rows that are being sent from who holds them: they are in doubt, and their tokens
    rotated.
    """
    in_doubt = lock_sending(subtasks)
    ids = [row.id for row in in_doubt]
    _change(ids, claim_token=RandomUUID(), dispatcher_id=None, in_doubt_since=Now())
    return in_doubt


def release(subtasks: QuerySet[SubTask]) -> list[Returned]:
    """Give allocated rows back: pending again, as if they had never been claimed."""
    rows = _lock(subtasks.filter(status=S.ALLOCATED))
    ids = [row.id for row in rows]
    _change(ids, status=S.PENDING, service=None, claim_token=None, dispatcher_id=None)
    return rows


def cancel(task_id: int, limit: int) -> int:
    """Fail up to `limit` pending SubTasks of a cancelled task. Returns how many.

    Takes them in the order of index subtask_claim and passes over locked ones, as a claim does.
    Allocated ones are given back by their dispatcher, which finds that the task is not being sent,
    and failed after that.
    """
    pending = SubTask.objects.filter(task_id=task_id, status=S.PENDING)
    found = pending.select_for_update(skip_locked=True, no_key=True, of=("self",))
    ids = list(found.order_by("available_at", "id").values_list("id", flat=True)[:limit])
    _fail(ids, FailureReason.CANCELLED)
    return len(ids)


def suppress(subtask_ids: Collection[int]) -> None:
    """Fail locked pending rows whose address must not be mailed any more."""
    _fail(subtask_ids, FailureReason.SUPPRESSED)


def retry(subtask_ids: Collection[int]) -> list[int]:
    """Failed rows become pending again, with all their attempts. Returns the ids it changed."""
    failed = SubTask.objects.annotate(was=Cast("status", TextField())).filter(was=S.FAILED)
    ids = [row.id for row in _lock(failed.filter(pk__in=subtask_ids))]
    _change(
        ids,
        status=S.PENDING,
        service=None,
        failure_reason="",
        attempts=0,
        available_at=Now(),
        failed_at=None,
    )
    return ids


def resolve_doubt(subtask_ids: Collection[int], status: SubTaskStatus) -> list[int]:
    """Settle rows in doubt: SENT (it was), PENDING (send again) or FAILED (give up). Returns the
    ids it changed.
    """
    in_doubt = SubTask.objects.in_doubt().filter(pk__in=subtask_ids)
    ids = list(in_doubt.select_for_update(no_key=True).order_by("id").values_list("id", flat=True))
    by_status: dict[SubTaskStatus, dict[str, Any]] = {
        S.SENT: {"sent_at": Now()},
        S.PENDING: {"service": None, "available_at": Now()},
        S.FAILED: {"failure_reason": FailureReason.DISCARDED, "failed_at": Now()},
    }
    _change(ids, status=status, claim_token=None, in_doubt_since=None, **by_status[status])
    return ids


def rise(rises: Iterable[StatusRise]) -> set[int]:
    """Record feedback. Returns the ids it changed.

    Times and texts are recorded for every row, each once; the status changes only where NEXT allows
    it, so that late feedback changes nothing. A row in doubt leaves doubt. Rows that a dispatcher
    holds are skipped: their outcome has to be recorded first.
    """
    rows = sorted(rises, key=lambda row: row.id)
    if not rows:
        return set()
    sql = f"""
    UPDATE campaigns_subtask s SET
        status = CASE WHEN {_MAY_RISE} THEN v.status::{_enum_type()} ELSE s.status END,
        claim_token = CASE WHEN {_MAY_RISE} THEN NULL ELSE s.claim_token END,
        in_doubt_since = CASE WHEN {_MAY_RISE} THEN NULL ELSE s.in_doubt_since END,
        sent_at = CASE WHEN {_MAY_RISE}
            THEN coalesce(s.sent_at, s.sending_at, clock_timestamp()) ELSE s.sent_at END,
        delivered_at = coalesce(s.delivered_at, v.delivered_at),
        bounced_at = coalesce(s.bounced_at, v.bounced_at),
        opened_at = coalesce(s.opened_at, v.opened_at),
        clicked_at = coalesce(s.clicked_at, v.clicked_at),
        provider_message_id = coalesce(nullif(s.provider_message_id, ''), v.provider_message_id),
        error = coalesce(nullif(v.error, ''), s.error)
    FROM json_to_recordset(%s) AS v(
        id bigint, status text, delivered_at timestamptz, bounced_at timestamptz,
        opened_at timestamptz, clicked_at timestamptz, provider_message_id text, error text)
    WHERE s.id = v.id AND s.dispatcher_id IS NULL AND ({_MAY_RISE} OR {_IS_NEWS})
    RETURNING s.id
    """
    return set(_ids(sql, [as_json(row._asdict() for row in rows)]))


# NEXT, as far as what comes back may move a SubTask, in SQL.
_TOLD = frozenset({S.SENT, S.DELIVERED, S.BOUNCED, S.OPENED, S.CLICKED})
_MAY_RISE = "(s.status::text || '>' || v.status) IN ({})".format(
    ", ".join(f"'{start}>{end}'" for start, ends in NEXT.items() for end in sorted(ends & _TOLD))
)

_IS_NEWS = """(v.delivered_at IS NOT NULL AND s.delivered_at IS NULL
    OR v.bounced_at IS NOT NULL AND s.bounced_at IS NULL
    OR v.opened_at IS NOT NULL AND s.opened_at IS NULL
    OR v.clicked_at IS NOT NULL AND s.clicked_at IS NULL
    OR v.provider_message_id <> '' AND s.provider_message_id = ''
    OR v.error <> '' AND v.error <> s.error)"""


def _lock(subtasks: QuerySet[SubTask]) -> list[Returned]:
    rows = (
        subtasks.select_for_update(no_key=True, of=("self",))
        .order_by("id")
        .values_list("id", "service_id", "allocated_at")
    )
    return [Returned(*row) for row in rows]


def _fail(subtask_ids: Collection[int], reason: FailureReason) -> None:
    _change(subtask_ids, status=S.FAILED, failure_reason=reason, failed_at=Now())


def _change(locked: Collection[int], **values: Any) -> None:
    require_all(SubTask.objects.filter(pk__in=locked).update(**values), len(locked))


def _ids(sql: str, params: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [row[0] for row in cursor.fetchall()]


def _enum_type() -> str:
    return connection.ops.quote_name(settings.SUBTASK_STATUS_TYPE)
