"""Export what a backup does not know: suppressions and hand-overs since a time."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from campaigns.models import SubTask, SubTaskStatus, Suppression
from dispatch.models import Attempt, AttemptOutcome, EmailService

BATCH = 5_000  # rows
ENDED_OTHERWISE = (SubTaskStatus.PENDING, SubTaskStatus.ALLOCATED)
COMPLETE = "complete"
ATTEMPTED = (
    "id", "started_at", "finished_at", "service_id",
    "subtask_id", "subtask__task_id", "subtask__recipient_email", "subtask__status",
)  # fmt: skip


def lines(since: dt.datetime) -> Iterator[str]:
    """Lines of JSON. Short statements, by key: the file may take as long as its reader likes. The
    last line says that nothing is missing.
    """
    for rows in (_suppressed(since), _accepted(since), _unknown(since), _under_way()):
        yield from map(_line, rows)
    yield _line({COMPLETE: True, "since": since.isoformat()})


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=str) + "\n"


def _suppressed(since: dt.datetime) -> Iterator[dict[str, Any]]:
    rows = Suppression.objects.filter(created_at__gte=since).order_by("pk")
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        for row in batch:
            yield {"suppressed": row.email, "reason": row.reason, "source": row.source}
        last = batch[-1].pk


def _accepted(since: dt.datetime) -> Iterator[dict[str, Any]]:
    """Uses index attempt_pace."""
    for service_id in EmailService.objects.order_by("pk").values_list("pk", flat=True):
        accepted = Attempt.objects.filter(service=service_id, outcome=AttemptOutcome.ACCEPTED)
        at, last = since, 0
        while batch := _after(accepted, at, last):
            for row in batch:
                yield _handed_over(row, in_doubt=False)
            at, last = batch[-1]["started_at"], batch[-1]["id"]


def _after(rows: QuerySet[Attempt], at: dt.datetime, last: int) -> list[dict[str, Any]]:
    later = rows.filter(started_at__gte=at).filter(Q(started_at__gt=at) | Q(id__gt=last))
    return list(later.order_by("started_at", "id").values(*ATTEMPTED)[:BATCH])


def _unknown(since: dt.datetime) -> Iterator[dict[str, Any]]:
    """Without a reply, or carried over already: what people or events have made of it since, unless
    it is to be sent again. Uses index attempt_not_accepted.
    """
    outcomes = (AttemptOutcome.UNKNOWN, AttemptOutcome.RESTORED)
    rows = Attempt.objects.filter(outcome__in=outcomes, finished_at__gte=since).order_by("id")
    last = 0
    while batch := list(rows.filter(pk__gt=last).values(*ATTEMPTED)[:BATCH]):
        for row in batch:
            status = row["subtask__status"]
            if status not in ENDED_OTHERWISE:
                in_doubt = status in (SubTaskStatus.SENDING, SubTaskStatus.FAILED)
                yield _handed_over(row, in_doubt=in_doubt)
        last = batch[-1]["id"]


def _under_way() -> Iterator[dict[str, Any]]:
    """In doubt, or being handed over at this moment. Uses index subtask_held."""
    rows = SubTask.objects.filter(status=SubTaskStatus.SENDING).order_by("pk")
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        for row in batch:
            yield {
                "handed_over": row.pk,
                "task": row.task_id,
                "recipient": row.recipient_email,
                "service": row.service_id,
                "at": row.sending_at,
                "in_doubt": True,
            }
        last = batch[-1].pk


def _handed_over(row: dict[str, Any], *, in_doubt: bool) -> dict[str, Any]:
    return {
        "handed_over": row["subtask_id"],
        "task": row["subtask__task_id"],
        "recipient": row["subtask__recipient_email"],
        "service": row["service_id"],
        "at": row["started_at"] or row["finished_at"],
        "in_doubt": in_doubt,
    }
