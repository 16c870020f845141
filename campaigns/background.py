"""Background jobs: retried a few times with pauses, then set aside with the reason.

A function that a worker runs is marked as a `job` of a kind; its first argument is the key of the
row that it works on. `ask` stores the request and wakes a worker through django-q2's queue. An
attempt is counted before it begins, so that one that hangs or kills its process counts too. When
all attempts have failed, the function registered with `when_given_up` reports it where staff look,
and may take several calls to do so.

A direct call, as in tests and commands, runs the job at once. It has no reader: what it stores is
English, and is translated where it is shown.
"""

from __future__ import annotations

import datetime as dt
import functools
import logging
import os
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext_noop
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from admin_kit.words.stored_texts import in_english
from campaigns.models import BackgroundJob

logger = logging.getLogger(__name__)

DELAYS_SECONDS = (10, 60)
"""The pauses after each failed attempt; after one more it is set aside."""
MOST_ATTEMPTS = len(DELAYS_SECONDS) + 1

MARGIN_SECONDS = 30
"""How long after its time limit a job counts as dead if its end was not noticed."""
LOST_SECONDS = 10
"""A worker that was woken this long ago and has not come, with an empty queue, is lost."""
KEEP = dt.timedelta(days=7)

CLUSTER_VARIABLE = "EDM_CLUSTER"
"""The environment variable with the name of a process's cluster; `dispatch.process.supervisor` sets
it."""

KILLED = gettext_noop("Its process was killed or crashed.")
TOOK_TOO_LONG = gettext_noop("It took too long.")
UNEXPECTED = gettext_noop("It failed unexpectedly; the cluster's log says more.")
STOPPED = gettext_noop("The cluster was stopped meanwhile.")
"""Reasons are kept and logged in English, and translated where they are shown."""


class Explained(Exception):
    """A job fails for a reason that staff can understand; the message says it."""


Function = TypeVar("Function", bound=Callable[..., Any])
GiveUp = Callable[[BackgroundJob], bool]
"""Reports on the object's page that a job was set aside. False when more remains to do."""


@dataclass(frozen=True, slots=True)
class Kind:
    seconds: int
    attempts: int


KINDS: dict[str, Kind] = {}
GIVE_UP: dict[str, GiveUp] = {}


def job(
    kind: str, *, seconds: int, attempts: int = MOST_ATTEMPTS
) -> Callable[[Function], Function]:
    """Marks a function as a job of this kind, with a time limit of `seconds`."""
    KINDS[kind] = Kind(seconds, attempts)

    def mark(function: Function) -> Function:
        @functools.wraps(function)
        def run(about: int, *args: Any) -> Any:
            with in_english():
                return _run(about, *args)

        def _run(about: int, *args: Any) -> Any:
            jobs = _of(kind, about)
            if not jobs.exists():
                return function(about, *args)
            if token := _begin(jobs, seconds):
                return _attempt(jobs.filter(token=token), lambda: function(about, *args))
            return None

        return run  # type: ignore[return-value]

    return mark


def when_given_up(kind: str) -> Callable[[GiveUp], GiveUp]:
    def register(give_up: GiveUp) -> GiveUp:
        GIVE_UP[kind] = give_up
        return give_up

    return register


def ask(kind: str, about: int, func: str, *args: Any, name: str) -> None:
    """Ask for a job; if it is running, it runs once more. A repeated request keeps the count of
    attempts, unless the job was set aside. Takes effect on commit."""
    values = {"func": func, "args": [about, *args], "name": name[:100]}
    with transaction.atomic():
        asked, _ = BackgroundJob.objects.select_for_update().get_or_create(
            kind=kind, about=about, defaults=values
        )
        if asked.started_at is not None:
            _of(kind, about).update(asked_again=True, **values)
            return
        is_untried = asked.attempts == 0 or asked.set_aside_at is not None
        _of(kind, about).update(**values, **(_anew() if is_untried else {}))
        if is_untried:
            _wake(_of(kind, about))


def progressed(kind: str, about: int) -> None:
    """Reset the count of attempts: the current one has made progress."""
    _of(kind, about).filter(started_at__isnull=False, attempts__gt=1).update(attempts=1)


def failures(kind: str, about: int) -> BackgroundJob | None:
    """Jobs that failed and will be retried, for the page of their object."""
    return _of(kind, about).filter(set_aside_at=None).exclude(reason="").first()


# One attempt


def _begin(jobs: QuerySet[BackgroundJob], seconds: int) -> uuid.UUID | None:
    """Count an attempt before it starts. None when the job is not due, or another worker is running
    it."""
    token = uuid.uuid4()
    due = jobs.filter(started_at=None, set_aside_at=None, next_try_at__lte=Now())
    begun = due.update(
        attempts=F("attempts") + 1,
        started_at=Now(),
        next_try_at=Now() + dt.timedelta(seconds=seconds + MARGIN_SECONDS),
        token=token,
        cluster=os.environ.get(CLUSTER_VARIABLE) or None,
        pid=os.getpid(),
        asked_again=False,
    )
    return token if begun else None


def _attempt(mine: QuerySet[BackgroundJob], work: Callable[[], Any]) -> Any:
    try:
        result = work()
    except BaseException as error:  # also django-q2's time-out, which is a SystemExit
        if not connection.in_atomic_block:
            connection.close()  # the signal may have arrived at any point
        _fail(mine, _why(error), counts=not _is_connection_lost(error))
        raise
    _finish(mine)
    return result


def _is_connection_lost(error: BaseException) -> bool:
    """A restart of the database does not count against the job."""
    if isinstance(error, OperationalError):
        state = getattr(error.__cause__, "sqlstate", None)
        return state is None or state.startswith(("08", "57P"))  # connection, operator
    return isinstance(error, InterfaceError)


def _why(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return TOOK_TOO_LONG
    if isinstance(error, Explained):
        return str(error)
    return UNEXPECTED


def _finish(mine: QuerySet[BackgroundJob]) -> None:
    """Delete the job, or run it again if it was requested meanwhile."""
    with transaction.atomic():
        again = mine.select_for_update().filter(asked_again=True).values_list("pk", flat=True)
        pks = list(again)
        if not pks:
            mine.delete()
        for asked in BackgroundJob.objects.filter(pk__in=pks):
            jobs = _of(asked.kind, asked.about)
            jobs.update(**_anew(), started_at=None, token=None, asked_again=False)
            _wake(jobs)


def _fail(jobs: QuerySet[BackgroundJob], why: str, counts: bool = True) -> None:
    """End an attempt; the next one follows after a pause."""
    for failed in jobs.filter(started_at__isnull=False):
        attempts = failed.attempts if counts else max(failed.attempts - 1, 0)
        delay = DELAYS_SECONDS[min(max(attempts, 1), len(DELAYS_SECONDS)) - 1]
        logger.error("%s, attempt %d: %s", failed.name, failed.attempts, why)
        jobs.filter(pk=failed.pk, token=failed.token).update(
            attempts=attempts,
            started_at=None,
            token=None,
            reason=why,
            next_try_at=Now() + dt.timedelta(seconds=delay),
        )


# What a supervisor and maintenance do


def end_gone(cluster: uuid.UUID, exists: Callable[[int], bool]) -> None:
    """End the attempts of this cluster whose process is gone."""
    mine = BackgroundJob.objects.filter(cluster=cluster, started_at__isnull=False)
    gone = [pk for pk, pid in mine.values_list("pk", "pid") if not exists(pid or 0)]
    if gone:
        _fail(mine.filter(pk__in=gone), KILLED)


def interrupt(cluster: uuid.UUID) -> None:
    """End the attempts of a stopped cluster: they do not count."""
    mine = BackgroundJob.objects.filter(cluster=cluster, started_at__isnull=False)
    _fail(mine, STOPPED, counts=False)


def look_after(living_clusters: Collection[uuid.UUID]) -> None:
    """End expired attempts, wake workers for due jobs, set aside jobs without attempts left, delete
    those set aside long ago."""
    running = BackgroundJob.objects.filter(started_at__isnull=False)
    a_lease_ago = Now() - dt.timedelta(seconds=15)
    gone = ~Q(cluster__in=living_clusters) & Q(cluster__isnull=False, started_at__lt=a_lease_ago)
    _fail(running.filter(gone), KILLED)
    _fail(running.filter(next_try_at__lt=Now()), TOOK_TOO_LONG)
    _wake_for_those_due()
    _set_aside()
    BackgroundJob.objects.filter(set_aside_at__lt=Now() - KEEP).delete()


def _wake_for_those_due() -> None:
    """Wakes a worker once for each attempt, and again if the wake-up was lost: the queue is empty,
    and no worker has come."""
    lost = Q(queued_at__lt=Now() - dt.timedelta(seconds=LOST_SECONDS))
    not_yet = Q(queued_at__lt=F("next_try_at"))
    due = BackgroundJob.objects.filter(started_at=None, set_aside_at=None, next_try_at__lte=Now())
    again = not_yet if _is_any_queued() else not_yet | lost
    for each in due.filter(again):
        if each.attempts < _attempts_of(each):
            _wake(_of(each.kind, each.about))


def _set_aside() -> None:
    """Each call of the registered function is short, and may leave work to the next."""
    waiting = BackgroundJob.objects.filter(started_at=None, set_aside_at=None, attempts__gt=0)
    for each in waiting:
        if each.attempts < _attempts_of(each):
            continue
        give_up = GIVE_UP.get(each.kind)
        if give_up is None or _gives_up(give_up, each):
            logger.error("%s was given up: %s", each.name, each.reason)
            waiting.filter(pk=each.pk).update(set_aside_at=Now())


def _gives_up(give_up: GiveUp, each: BackgroundJob) -> bool:
    with in_english():
        return give_up(each)


def _attempts_of(each: BackgroundJob) -> int:
    return KINDS[each.kind].attempts if each.kind in KINDS else MOST_ATTEMPTS


def _of(kind: str, about: int) -> QuerySet[BackgroundJob]:
    return BackgroundJob.objects.filter(kind=kind, about=about)


def _anew() -> dict[str, Any]:
    return {"attempts": 0, "reason": "", "set_aside_at": None, "next_try_at": Now()}


# The queue


def _wake(jobs: QuerySet[BackgroundJob]) -> None:
    """Queue a task that lets a worker run the job, on commit."""
    for each in jobs:
        options = {"task_name": each.name, "save": False}
        if each.kind in KINDS:
            options["timeout"] = KINDS[each.kind].seconds
        async_task(each.func, *each.args, **options)
    jobs.update(queued_at=Greatest(Now(), F("next_try_at")))


def _is_any_queued() -> bool:
    return bool(OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lte=Now()).exists())
