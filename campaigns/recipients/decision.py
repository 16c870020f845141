"""Whether a contact of a task's candidates gets a message, or why it is left out: the only place
that decides it, for the count before a launch, for the launch, and for one person.

The candidates are everything that the audience includes. The reasons are tried in the order of
`LeftOutReason`; the first that holds is the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Max, Q, QuerySet
from django.db.models.expressions import RawSQL

from campaigns import audience, suppressions
from campaigns.models import Contact, LeftOutReason, MailConsent, SubTaskStatus, Task, TaskStatus
from campaigns.models.subtask import HELD
from campaigns.recipients import addresses
from campaigns.segments import moment
from campaigns.segments.moment import Moment

R = LeftOutReason
SENT = ""
"""In place of a reason: the contact gets a message."""
RUNNING = (TaskStatus.QUEUED, TaskStatus.SENDING, TaskStatus.PAUSED)
NOT_SENT_YET = [SubTaskStatus.PENDING, *HELD]
NOT_LAUNCHED = (TaskStatus.DRAFT, TaskStatus.SCHEDULED)
NEEDED = ("id", "owner_id", "email", "mail_consent", "paused_until", "days_between")

# One row a candidate: its columns, `address` as it is mailed, the reason that was `found`, and for
# a suppressed one the `suppression`'s own. Each look-up is by a unique index.
DECIDED_SQL = f"""
SELECT c.*, a.address, coalesce(s.reason, d.reason) AS suppression,
       CASE WHEN a.address = ANY(%(erased)s::text[]) THEN '{R.ERASED}'
            WHEN s.reason IS NOT NULL THEN '{R.SUPPRESSED}'
            WHEN d.reason IS NOT NULL THEN '{R.DOMAIN_SUPPRESSED}'
            WHEN c.email = ANY(%(invalid)s::text[]) THEN '{R.INVALID}'
            WHEN c.mail_consent = '{MailConsent.REFUSED}' THEN '{R.REFUSED}'
            WHEN %(needs_consent)s AND c.mail_consent <> '{MailConsent.GIVEN}'
                THEN '{R.NO_CONSENT}'
            WHEN c.is_excluded THEN '{R.EXCLUDED}'
            WHEN c.paused_until > %(at)s THEN '{R.PAUSED}'
            WHEN c.days_between > 0 AND EXISTS (
                SELECT 1 FROM campaigns_subtask m
                WHERE m.task_id = ANY(%(others)s::bigint[]) AND m.recipient_email = a.address
                  AND m.sent_at > %(at)s - make_interval(days => c.days_between)
            ) THEN '{R.LESS_OFTEN}'
            WHEN EXISTS (
                SELECT 1 FROM campaigns_subtask m
                WHERE m.task_id = ANY(%(running)s::bigint[]) AND m.recipient_email = a.address
                  AND m.status::text = ANY(%(not_sent_yet)s)
            ) THEN '{R.RUNNING}'
            ELSE '{SENT}' END AS found
FROM (CANDIDATES) AS c
LEFT JOIN unnest(%(stored)s::text[], %(spelled)s::text[]) AS u(stored, spelled)
       ON u.stored = c.email
CROSS JOIN LATERAL (SELECT coalesce(u.spelled, c.email) AS address) AS a
LEFT JOIN campaigns_suppression s ON s.email = a.address
LEFT JOIN campaigns_suppression d ON d.email = {suppressions.DOMAIN_SQL.format(address="a.address")}
"""

PLAIN_SQL = "SELECT e.*, e.found AS reason FROM (DECIDED) AS e"

# Of several contacts with one address that would each get a message, the first does.
TWINS_SQL = f"""
SELECT t.*, CASE WHEN t.nth > 1 AND t.found = '{SENT}' THEN '{R.DUPLICATE}'
                 ELSE t.found END AS reason
FROM (SELECT e.*, row_number() OVER (PARTITION BY e.address, e.found ORDER BY e.id) AS nth
      FROM (DECIDED) AS e) AS t
"""


class UnknownAudience(Exception):
    """A segment cannot be used; the message, for staff, says which and why."""


@dataclass(frozen=True, slots=True)
class Part:
    """The contacts whose keys are above `after`, up to `up_to`."""

    after: int = 0
    up_to: int | None = None

    def of(self, contacts: QuerySet[Contact]) -> QuerySet[Contact]:
        contacts = contacts.filter(pk__gt=self.after)
        return contacts if self.up_to is None else contacts.filter(pk__lte=self.up_to)


EVERYTHING = Part()


@dataclass(frozen=True, slots=True)
class Decided:
    """A query with named parameters, one row a candidate, in no order: `id`, `address`, `reason`,
    `suppression`, and the columns that were asked for.
    """

    sql: str
    params: dict[str, Any]


def decide(
    task: Task,
    part: Part = EVERYTHING,
    columns: Sequence[str] = (),
    *,
    at: Moment | None = None,
    compare_all: bool = False,
) -> Decided:
    """Decide on a part of a task's candidates, as they are now; segments ask what they asked at
    `at`, and their relative dates count from it. Two contacts with one address are known as such
    within the part; they are looked for where there may be such, or with `compare_all`. Raises
    UnknownAudience.
    """
    if problems := audience.problems(task, at):
        raise UnknownAudience(" ".join(problems))
    at = at or moment.current()
    candidates = part.of(audience.included(task, at))
    known = addresses.look_at(candidates)
    sql, params = _candidates(candidates, audience.excluded(task, at), columns)
    decided = DECIDED_SQL.replace("CANDIDATES", sql)
    may_be_twins = compare_all or bool(known.spelled) or _has_several_owners(candidates)
    return Decided(
        (TWINS_SQL if may_be_twins else PLAIN_SQL).replace("DECIDED", decided),
        {
            **params,
            "erased": sorted(known.erased),
            "invalid": sorted(known.invalid),
            "stored": list(known.spelled),
            "spelled": list(known.spelled.values()),
            "needs_consent": task.needs_consent,
            "at": at.now,
            "others": _others(task, candidates, at),
            "running": _running(task),
            "not_sent_yet": [str(status) for status in NOT_SENT_YET],
        },
    )


def sending(decided: Decided) -> RawSQL:
    """For `pk__in`: the keys of those who get a message."""
    sql = f"SELECT id FROM ({decided.sql}) AS decided WHERE reason = '{SENT}'"
    values: list[Any] = []

    def place(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return found[0]
        values.append(decided.params[found[1]])
        return "%s"

    return RawSQL(re.sub(r"%(?:\((\w+)\)s|%)", place, sql), values)


def rows(query: str, decided: Decided, **params: Any) -> list[tuple[Any, ...]]:
    """The rows of a query in which DECIDED stands for the decision."""
    with connection.cursor() as cursor:
        cursor.execute(query.replace("DECIDED", decided.sql), {**decided.params, **params})
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _candidates(
    candidates: QuerySet[Contact], excluded: Q, columns: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    is_excluded = ExpressionWrapper(excluded, output_field=BooleanField())
    wanted = candidates.order_by().annotate(is_excluded=is_excluded)
    wanted = wanted.values(*dict.fromkeys([*NEEDED, *columns]), "is_excluded")
    sql, params = wanted.query.sql_with_params()
    return _named(sql, params)


def _named(sql: str, params: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """Positions become names, for a query that is part of another."""
    values = {f"candidate_{number}": value for number, value in enumerate(params)}
    names: Iterator[str] = iter(values)
    named = re.sub(r"%[s%]", lambda at: f"%({next(names)})s" if at[0] == "%s" else at[0], sql)
    return named, values


def _has_several_owners(candidates: QuerySet[Contact]) -> bool:
    """The addresses of one owner's contacts differ."""
    return len(candidates.order_by().values_list("owner").distinct()[:2]) > 1


def _others(task: Task, candidates: QuerySet[Contact], at: Moment) -> list[int]:
    """The owner's other tasks that may have sent something so lately that a person who asked for
    less mail has had enough.
    """
    longest = candidates.filter(days_between__gt=0).aggregate(days=Max("days_between"))["days"]
    if longest is None:
        return []
    launched = _of_same_owner(task).exclude(status__in=NOT_LAUNCHED)
    begin = at.days_ago(longest)
    ended = Q(status=TaskStatus.COMPLETED, completed_at__lt=begin)
    return list(launched.exclude(ended).values_list("pk", flat=True))


def _running(task: Task) -> list[int]:
    if not task.leaves_out_running:
        return []
    return list(_of_same_owner(task).filter(status__in=RUNNING).values_list("pk", flat=True))


def _of_same_owner(task: Task) -> QuerySet[Task]:
    others: QuerySet[Task] = Task.objects.filter(owner=task.owner_id).exclude(pk=task.pk).order_by()
    return others
