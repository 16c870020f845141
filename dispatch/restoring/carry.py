"""Bring a restored database up to date: suppressions and hand-overs."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection

from campaigns import suppressions
from campaigns.db.bulk_params import as_json
from campaigns.erased_keys import is_placeholder
from campaigns.models import SubTask, SubTaskStatus
from campaigns.models.contacts import SuppressionReason
from campaigns.state.restored import NOT_HANDED_OVER, Since, catch_up
from dispatch.claiming import leases
from dispatch.clock import database_time
from dispatch.models import AttemptOutcome, EmailService, Pace
from dispatch.pace import pace_rows

RUNNING = (
    "A dispatcher is running on this database, or was within the last seconds. Stop every cluster "
    "first: it would send what is about to be marked as sent."
)
AHEAD = 1_000_000
"""So many numbers are left out, for SubTasks whose messages nothing tells of."""
BURNT_AT_ONCE = 200_000

# The proof of a hand-over that the backup does not know; not of one in doubt that it does.
PROOF_SQL = """
INSERT INTO dispatch_attempt (subtask_id, service_id, dispatcher_id, claim_token, slot_at,
                              sending_at, started_at, finished_at, outcome, code, reply)
SELECT v.id, v.service_id, 0, gen_random_uuid(), coalesce(v.at, clock_timestamp()),
       NULL, NULL, clock_timestamp(), %s, NULL, ''
FROM json_to_recordset(%s) AS v(id bigint, service_id bigint, at timestamptz)
WHERE (SELECT count(*) FROM dispatch_attempt a WHERE a.subtask_id = v.id
         AND a.outcome IN ('accepted', 'unknown', 'restored'))
   <= (SELECT count(*) FROM dispatch_decision d WHERE d.subtask_id = v.id
         AND d.choice <> 'was_sent')
"""


class StillRunning(Exception):
    """Something could send meanwhile; the message says what to do."""


@dataclass(slots=True)
class Carried:
    """What was brought up to date. `unknown` counts by task what this database has no SubTask of:
    launched after the backup.
    """

    suppressed: int = 0
    sent: int = 0
    in_doubt: int = 0
    unknown: Counter[int] = field(default_factory=Counter)
    highest: int = 0
    """The highest number of a SubTask that was met."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A hand-over since the backup, as a file or a log tells of it; of what it does not tell there
    is "" or 0.
    """

    subtask_id: int
    in_doubt: bool = False
    task_id: int = 0
    recipient: str = ""
    service_id: int = 0
    at: str = ""

    def is_of(self, task_id: int, recipient: str) -> bool:
        """Whether a SubTask of this number is the one that is meant."""
        same = not self.recipient or self.recipient == recipient or is_placeholder(self.recipient)
        return same and self.task_id in (0, task_id)


def refuse_while_running() -> None:
    """Raises StillRunning."""
    if leases.alive().exists():
        raise StillRunning(RUNNING)


def suppress(rows: Iterable[tuple[str, SuppressionReason, str]], carried: Carried) -> None:
    """Suppress addresses that are not yet; none is taken off the list."""
    rows = list(rows)
    known = suppressions.listed(email for email, _, _ in rows)
    suppressions.suppress(rows)
    carried.suppressed += len({email for email, _, _ in rows} - known)


def hand_over(
    rows: Collection[HandedOver],
    carried: Carried,
    before: Collection[SubTaskStatus] = NOT_HANDED_OVER,
) -> None:
    """Mark what was handed over. Call in a transaction. Locks Pace rows, then the SubTasks."""
    carried.highest = max([carried.highest, *(row.subtask_id for row in rows)])
    known = _known(rows, carried)
    services = EmailService.objects.select_related("pace").order_by("pk")
    locked = pace_rows.lock_waiting([service.pk for service in services])
    for in_doubt in (True, False):
        some = {pk: row for pk, row in known.items() if row.in_doubt == in_doubt}
        status = SubTaskStatus.SENDING if in_doubt else SubTaskStatus.SENT
        since = [Since(pk, status, row.service_id or None, row.at) for pk, row in some.items()]
        changed = catch_up(since, before)
        outcome = AttemptOutcome.UNKNOWN if in_doubt else AttemptOutcome.RESTORED
        _prove(outcome, changed, some)
        _charge(services, locked, [(service_id, some[pk].at) for pk, service_id in changed])
        if in_doubt:
            carried.in_doubt += len(changed)
        else:
            carried.sent += len(changed)


def _known(rows: Collection[HandedOver], carried: Carried) -> dict[int, HandedOver]:
    """By SubTask; of several the one that is certain, and whose service is known."""
    ids = [row.subtask_id for row in rows]
    found = SubTask.objects.filter(pk__in=ids).values_list("pk", "task_id", "recipient_email")
    there = {pk: (task_id, recipient) for pk, task_id, recipient in found}
    known: dict[int, HandedOver] = {}
    for row in sorted(rows, key=lambda row: (not row.in_doubt, row.service_id)):
        if row.subtask_id in there and row.is_of(*there[row.subtask_id]):
            known[row.subtask_id] = row
        else:
            carried.unknown[row.task_id] += 1
    return known


def _prove(
    outcome: AttemptOutcome, changed: Sequence[tuple[int, int]], rows: dict[int, HandedOver]
) -> None:
    proofs = [
        {"id": pk, "service_id": service_id, "at": rows[pk].at or None}
        for pk, service_id in changed
    ]
    with connection.cursor() as cursor:
        cursor.execute(PROOF_SQL, [outcome.value, as_json(proofs)])


def _charge(
    services: Iterable[EmailService],
    locked: dict[int, Pace],
    changed: Iterable[tuple[int, str]],
) -> None:
    """Count for the quota of the running day what was sent in it, or at an unknown time."""
    now = database_time()
    times: dict[int, list[str]] = {}
    for service_id, at in changed:
        times.setdefault(service_id, []).append(at)
    for service in services:
        limits = service.limits
        start, _ = limits.period(now)
        used = sum(
            not at or dt.datetime.fromisoformat(at) >= start for at in times.get(service.pk, ())
        )
        if used:
            pace_rows.charge(locked[service.pk], limits, now, used)
    pace_rows.save(locked.values())


def leave_out_numbers(highest: int = 0) -> int:
    """Let the next SubTask have a number that none had before the restore, whose links and
    Message-IDs would be taken for those of another recipient. Returns it.

    By using up numbers, which the site's own role may; it may not set the sequence.
    """
    sql = """
    SELECT max(nextval(pg_get_serial_sequence('campaigns_subtask', 'id')))
    FROM generate_series(1, %s)
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [1])
        reached = int(cursor.fetchone()[0])
        goal = max(reached, highest) + AHEAD
        while reached < goal:
            cursor.execute(sql, [min(BURNT_AT_ONCE, goal - reached)])
            reached = int(cursor.fetchone()[0])
    return reached + 1
