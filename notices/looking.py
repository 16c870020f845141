"""Find what there is to tell, from what the database says: nothing is lost when a process is killed
between an occurrence and its notice.

A moment, such as the end of a campaign, is known by its time. What lasts, such as a frozen service,
is told when it begins, and again only after it has been over for a while.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from campaigns.models import Operation, OperationKind, OperationState, SubTask, Task, TaskStatus
from campaigns.models.operation import FILE_OF
from campaigns.state.lifecycle import PAUSED_AUTOMATICALLY
from dispatch.domains.check import Verdict
from dispatch.domains.names import is_reserved
from dispatch.models import BounceMailbox, DomainReport, EmailService, Pace
from notices import outbox
from notices.models import Kind, Notice, Standing

EVERY_SECONDS = 10.0
LOOKS_BACK = dt.timedelta(days=7)
"""How long maintenance may have been down for moments to be told nevertheless. Less than notices
are kept."""
DOUBT_SETTLES = dt.timedelta(minutes=5)
"""Repeats, log and feedback settle most doubts by themselves, at once."""
OVER_FOR = dt.timedelta(minutes=15)
"""What comes and goes faster is one occurrence."""
FREEZES = 3
"""In a row that are told, also without need of a person: a first rest of half a minute is none."""
MOST_NEW = 200
"""Of moments, and of what lasts, that one look tells: the next one goes on. Maintenance does not
wait longer."""
READINGS = 3
"""Of a mailbox that failed in a row."""
BEGUN = "begun"
"""The row of Standing that says since when there are notices: what was before is not told."""
_next_look = 0.0


def look() -> None:
    """A chore, which is asked every second."""
    global _next_look
    if time.monotonic() >= _next_look:
        _next_look = time.monotonic() + EVERY_SECONDS
        look_now()


def look_now() -> int:
    """Returns how many occurrences are new."""
    Standing.objects.get_or_create(kind=BEGUN, about=0)
    begun = Standing.objects.get(kind=BEGUN, about=0).since
    told = sum(outbox.record(notice) for notice in _new(list(_moments(begun))))
    return told + _tell_standing(list(_standing()))


def _new(found: list[Notice]) -> list[Notice]:
    keys = [notice.key for notice in found]
    known = set(Notice.objects.filter(key__in=keys).values_list("key", flat=True))
    return [notice for notice in found if notice.key not in known][:MOST_NEW]


def _tell_standing(found: Iterable[Notice]) -> int:
    known = {(each.kind, each.about): each.pk for each in Standing.objects.exclude(kind=BEGUN)}
    names = {(str(notice.kind), notice.about): notice for notice in found}
    seen = [known[name] for name in names if name in known]
    Standing.objects.filter(pk__in=seen).update(seen_at=Now())
    new = [notice for name, notice in names.items() if name not in known]
    told = sum(_begins(notice) for notice in new[:MOST_NEW])
    Standing.objects.exclude(kind=BEGUN).filter(seen_at__lt=Now() - OVER_FOR).delete()
    return told


@transaction.atomic
def _begins(notice: Notice) -> bool:
    assert notice.about is not None  # of what lasts
    row, is_new = Standing.objects.get_or_create(kind=notice.kind, about=notice.about)
    if not is_new:
        return False
    if notice.kind == Kind.IN_DOUBT:
        notice.facts["count"] = _doubts().filter(task=notice.about).count()
    notice.happened_at = Standing.objects.get(pk=row.pk).since
    notice.key = f"{notice.kind}:{notice.about}:{row.pk}"
    return outbox.record(notice)


# Moments


def _moments(begun: dt.datetime) -> Iterator[Notice]:
    tasks = Task.objects.only("pk", "name", "owner", "note", "completed_at", "paused_at")
    done = tasks.filter(status=TaskStatus.COMPLETED)
    for task in _since(done, "completed_at", begun):
        yield _about_task(Kind.FINISHED, task, task.completed_at)
    paused = tasks.filter(status=TaskStatus.PAUSED, note__startswith=PAUSED_AUTOMATICALLY)
    for task in _since(paused, "paused_at", begun):
        yield _about_task(Kind.PAUSED, task, task.paused_at, reason=task.note)
    imports = Operation.objects.filter(kind=OperationKind.IMPORT).exclude(
        params__has_key=FILE_OF  # a dry run
    )
    for kind, state in (
        (Kind.IMPORTED, OperationState.DONE),
        (Kind.IMPORT_FAILED, OperationState.FAILED),
    ):
        over = imports.filter(state=state).defer("params", "position", "result")
        for work in _since(over, "finished_at", begun):
            yield _about_import(kind, work)


def _since(rows: QuerySet[Any], name: str, begun: dt.datetime) -> QuerySet[Any]:
    later = Q(**{f"{name}__gte": begun}) & Q(**{f"{name}__gte": Now() - LOOKS_BACK})
    return rows.filter(later).order_by("pk")


def _about_task(kind: Kind, task: Task, at: dt.datetime | None = None, **facts: Any) -> Notice:
    path = reverse("admin:campaigns_task_change", args=[task.pk])
    facts = {"name": task.name, **facts}
    return _notice(kind, task.pk, facts, path, at, owner_id=task.owner_id)


def _about_import(kind: Kind, work: Operation) -> Notice:
    path = reverse("admin:campaigns_operation_change", args=[work.pk])
    facts = {"name": work.title, "reason": work.problem, "count": work.done}
    return _notice(kind, work.pk, facts, path, work.finished_at, owner_id=work.owner_id)


def _notice(
    kind: Kind,
    about: int,
    facts: dict[str, Any],
    path: str,
    at: dt.datetime | None,
    owner_id: int | None = None,
) -> Notice:
    """What has no time lasts, and gets its name when it begins."""
    made = Notice(kind=kind, about=about, owner_id=owner_id, facts=facts, path=path)
    if at is not None:
        made.happened_at, made.key = at, f"{kind}:{about}:{at:%Y%m%dT%H%M%S.%f}"
    return made


# What lasts


def _standing() -> Iterator[Notice]:
    tasks = Task.objects.only("pk", "name", "owner", "note").order_by("pk")
    for task in tasks.filter(Exists(_doubts().filter(task=OuterRef("pk")))):
        yield _about_task(Kind.IN_DOUBT, task)
    for task in tasks.filter(status=TaskStatus.DRAFT).exclude(note=""):
        yield _about_task(Kind.LAUNCH_FAILED, task, reason=task.note)
    ailing = Q(needs_person=True) | Q(freezes_in_row__gte=FREEZES, frozen_until__gt=Now())
    for pace in Pace.objects.filter(ailing, service__enabled=True).select_related("service"):
        yield _about_service(Kind.FROZEN, pace.service, pace.freeze_reason)
    reports = DomainReport.objects.filter(verdict=Verdict.PROBLEM, service__enabled=True)
    for report in reports.select_related("service"):
        if report.is_about(report.service) and not is_reserved(report.domain):
            yield _about_service(Kind.DOMAIN, report.service, _problems(report))
    mailboxes = BounceMailbox.objects.filter(
        enabled=True, service__enabled=True, failures_in_row__gte=READINGS
    )
    for mailbox in mailboxes.select_related("service"):
        yield _about_service(Kind.MAILBOX, mailbox.service, mailbox.problem)


def _problems(report: DomainReport) -> str:
    """The names of the checks, which are terms of the DNS."""
    return ", ".join(each["name"] for each in report.checks if each["verdict"] == Verdict.PROBLEM)


def _doubts() -> QuerySet[SubTask]:
    """Uses index subtask_in_doubt."""
    return SubTask.objects.in_doubt().filter(in_doubt_since__lt=Now() - DOUBT_SETTLES).order_by()


def _about_service(kind: Kind, service: EmailService, reason: str) -> Notice:
    path = reverse("admin:dispatch_emailservice_change", args=[service.pk])
    return _notice(kind, service.pk, {"name": service.name, "reason": reason}, path, None)
