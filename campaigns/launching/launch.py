"""Create the SubTasks of a launched task's audience: set-based, one transaction per chunk,
restartable at any point.

Each chunk is committed together with the launch's position, and the unique key on (task, address)
makes a repeated chunk harmless; so a killed launch continues where it was, and two workers on the
same launch take turns.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import audience, background, erasure_lock, tasks
from campaigns.ab_tests import plan, sampling
from campaigns.approvals import asking
from campaigns.attachments import limits
from campaigns.launching import chunks, frozen_content, number_check, rehearsal
from campaigns.models import (
    ABTest,
    BackgroundJob,
    Contact,
    Content,
    Difference,
    Launch,
    LeftOut,
    LeftOutReason,
    Promise,
    Task,
    TaskStatus,
    TaskTemplate,
)
from campaigns.recipients import counting, promises
from campaigns.recipients.decision import Part, UnknownAudience
from campaigns.rendering import content
from campaigns.segments import moment
from campaigns.segments.moment import Moment
from campaigns.state import lifecycle
from campaigns.wording import sentences

CHUNK = 20_000
SLICE_SECONDS = 60.0
STALLED = dt.timedelta(seconds=10)
SUPPRESSED = {
    LeftOutReason.ERASED,
    LeftOutReason.SUPPRESSED,
    LeftOutReason.DOMAIN_SUPPRESSED,
}
ALL_SUPPRESSED = _("It was not sent: every recipient is on the suppression list.")


@background.job(tasks.LAUNCH, seconds=180)
def expand(task_id: int) -> None:
    """Create the SubTasks of a launched task, then start sending. Runs in a worker; safe to
    repeat."""
    task = (
        Task.objects.filter(pk=task_id, status=TaskStatus.QUEUED).select_related("sender").first()
    )
    if task is None:
        return
    try:
        prepare(task)
    except (content.TemplateError, lifecycle.NotPossible, UnknownAudience) as error:
        give_up(task, str(error))
        return
    until = time.monotonic() + SLICE_SECONDS
    while expand_chunk(task):
        background.progressed(tasks.LAUNCH, task_id)
        if time.monotonic() > until:
            tasks.expand_later(task_id)
            return


def prepare(task: Task) -> None:
    """Freeze what the task says and how far its audience goes, once. Raises TemplateError,
    UnknownAudience, NotPossible for a scheduled task that has lost what it had when it was
    scheduled, or Failed when it may be tried again. Locks the Task row, not while it compiles.
    """
    if Launch.objects.filter(task=task).exists():
        return
    if task.scheduled_at and (lacks := lifecycle.missing(task) or lifecycle.blockers(task)):
        raise lifecycle.NotPossible(
            gettext("“%(task)s” cannot be launched. %(why)s")
            % {"task": task, "why": " ".join(lacks)}
        )
    if unusable := audience.problems(task):
        raise UnknownAudience(" ".join(unusable))
    if lacks := [*plan.problems(task), *limits.problems(task)]:
        raise lifecycle.NotPossible(
            gettext("“%(task)s” cannot be launched. %(why)s")
            % {"task": task, "why": " ".join(lacks)}
        )
    rows = TaskTemplate.objects.filter(task=task).select_related("template", "sender")
    choices = list(rows.order_by("pk"))
    compiled = [frozen_content.compile_content(task, choice) for choice in choices]
    for made in compiled:
        number_check.check_numbers(task, made.content)
        rehearsal.check_cost(task, made.content)
    with transaction.atomic():
        locked = Task.objects.select_for_update(no_key=True).get(pk=task.pk)
        is_begun = Launch.objects.filter(task=task).exists()
        if locked.status == TaskStatus.QUEUED and not is_begun:
            _begin(task, choices, compiled)


def _begin(
    task: Task, choices: list[TaskTemplate], compiled: list[frozen_content.Compiled]
) -> None:
    """`compiled` was made of `choices`: an approval has to be of these. Raises NotPossible."""
    conditions = audience.conditions(task)
    if why := asking.problem(task, choices, conditions):
        raise lifecycle.NotPossible(
            gettext("“%(task)s” was not launched. %(why)s") % {"task": task, "why": why}
        )
    for made in compiled:
        made.store()
    promise = promises.confirmed(task)
    newest = Contact.objects.aggregate(newest=Max("id"))["newest"] or 0
    if promise:
        newest = max(newest, promises.newest_contact(promise))
    at = Moment(_first_moment(task, promise).now, conditions)
    candidates = Part(up_to=newest).of(audience.included(task, at))
    size, ends = chunks.divide(candidates, CHUNK)
    Launch.objects.create(
        task=task,
        counts_from=at.now,
        conditions=conditions,
        up_to_contact_id=newest,
        audience_size=size,
        ends=ends,
        agreed=0,
        left_out={},
        fingerprint=0,
        differences=None if promise is None else [],
    )


def expand_chunk(task: Task) -> bool:
    """Create the next chunk of SubTasks. False when none are left. Locks the Launch row."""
    with transaction.atomic():
        launch = Launch.objects.select_for_update(no_key=True).filter(task=task).first()
        task.refresh_from_db(fields=["status"])
        if launch is None or task.status != TaskStatus.QUEUED or launch.finished_at is not None:
            return False
        erasure_lock.begin()
        part = _next_part(task, launch)
        counting.use_memory()
        is_compared = launch.differences is not None
        made = _make(task, launch, part, promises.confirmed(task) if is_compared else None)
        _add_up(launch, made)
        launch.last_contact_id = part.up_to or 0
        launch.progressed_at = Now()
        is_last = part.up_to == launch.up_to_contact_id
        if is_last:
            launch.finished_at = Now()
        else:
            _commit_asynchronously()
        launch.save()
        if is_last:
            _end(task, launch)
    return not is_last


def _make(task: Task, launch: Launch, part: Part, promise: Promise | None) -> chunks.Made:
    try:
        return chunks.make(task, part, promise, _moment(launch))
    except UnknownAudience as error:
        raise background.Explained(str(error)) from error


def _end(task: Task, launch: Launch) -> None:
    if launch.inserted:
        if test := ABTest.objects.filter(task=task).first():
            sampling.draw(test, launch.inserted)
        promises.is_compared(task)
        lifecycle.start_sending(task)
    else:
        give_up(task, _why_nothing_is_sent(launch))


def _next_part(task: Task, launch: Launch) -> Part:
    """Chunks are laid out when a launch begins; of one that began before that was done, now."""
    if launch.ends is None:
        rest = Part(launch.last_contact_id, launch.up_to_contact_id)
        candidates = rest.of(audience.included(task, _moment(launch)))
        _, launch.ends = chunks.divide(candidates, CHUNK)
    later = (end for end in launch.ends if end > launch.last_contact_id)
    return Part(launch.last_contact_id, next(later, launch.up_to_contact_id))


def _first_moment(task: Task, promise: Promise | None) -> Moment:
    """That of the question which a person has just confirmed: "in the last 30 days" means the same
    in the numbers that were shown and in every chunk. A scheduled task counts from its own time."""
    if promise and not task.scheduled_at:
        return Moment(promise.shown_at)
    return Moment(task.launched_at) if task.launched_at else moment.current()


def _moment(launch: Launch) -> Moment | None:
    at = launch.counts_from or launch.task.launched_at
    conditions = {int(key): asked for key, asked in (launch.conditions or {}).items()}
    return Moment(at, conditions) if at else None


def _add_up(launch: Launch, made: chunks.Made) -> None:
    launch.walked += made.candidates
    launch.inserted += made.inserted
    launch.suppressed = dict(Counter(launch.suppressed) + Counter(made.suppressed))
    if launch.agreed is not None:
        launch.agreed += made.agreed
    if launch.left_out is not None:
        launch.left_out = dict(Counter(launch.left_out) + Counter(made.left_out))
    if launch.differences is not None:
        launch.differences = _added(launch.differences, made.differences)
    if launch.fingerprint is not None:
        launch.fingerprint ^= made.fingerprint


def _added(differences: list[Any], more: Sequence[tuple[str, str, str, int]]) -> list[Any]:
    total: Counter[tuple[str, ...]] = Counter()
    for *kind, number in (*differences, *more):
        total[tuple(kind)] += number
    return [[*kind, number] for kind, number in sorted(total.items())]


def _why_nothing_is_sent(launch: Launch) -> str:
    counts = counting.counts_of(launch.left_out or {})
    if not counts.by_reason or set(counts.by_reason) <= SUPPRESSED:
        return str(ALL_SUPPRESSED)
    found = [gettext("It was not sent: every recipient is left out.")]
    for reason, number in counts.by_reason.items():
        text = gettext("Of these, %(count)s: %(reason)s.")
        found.append(text % {"count": f"{number:,}", "reason": reason.label})
    return sentences(*found)


def _commit_asynchronously() -> None:
    """A chunk that a crash of the database loses is made again, as how far the launch got is lost
    with it. Nothing is sent of it before the last chunk's commit, which waits for all before it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def give_up(task: Task, why: str) -> None:
    """Undo a failed launch: the task is a draft again."""
    with transaction.atomic():
        Launch.objects.filter(task=task).delete()
        LeftOut.objects.filter(task=task).delete()
        Difference.objects.filter(task=task).delete()
        Content.objects.filter(task=task).delete()
        lifecycle.back_to_draft(task, why)


def requeue_stalled() -> int:
    """Ask for a worker for launches that have none. Returns how many."""
    asked = BackgroundJob.objects.filter(kind=tasks.LAUNCH, set_aside_at=None).values("about")
    seconds_ago = Now() - STALLED
    stalled = Task.objects.filter(status=TaskStatus.QUEUED, launched_at__lt=seconds_ago).filter(
        Q(launch__isnull=True) | Q(launch__progressed_at__lt=seconds_ago)
    )
    ids = list(stalled.exclude(pk__in=asked).values_list("pk", flat=True))
    for task_id in ids:
        tasks.expand_later(task_id)
    return len(ids)
