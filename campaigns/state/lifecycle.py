"""Change a task's status, on request of staff or when its time has come: the only code that writes
`Task.status`, by the steps of `campaigns.state.transitions`.

Every change is a guarded update: it names the states it starts from, and says so when the task is
not in one of them. Nothing that happens to a SubTask later can bring a paused, completed or
cancelled task back, except that retrying failed ones, or deciding to send one in doubt again,
reopens a completed task.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from access.models import Team
from access.ownership import is_team, owners_open_to
from admin_kit.words.stored_texts import in_english
from campaigns import audience, tasks
from campaigns.ab_tests import plan
from campaigns.approvals import asking
from campaigns.attachments import keeping as attachments
from campaigns.attachments import limits
from campaigns.models import (
    ABTest,
    Contact,
    Promise,
    Sender,
    SubTask,
    SubTaskStatus,
    Task,
    TaskStatus,
    TaskTemplate,
)
from campaigns.models.ab_test import SETTINGS as TEST_SETTINGS
from campaigns.models.subtask import HELD
from campaigns.recipients import counting, promises
from campaigns.rendering import content
from campaigns.state import states, transitions
from campaigns.wording import filled
from sandbox import Failed

T = TaskStatus
CANCEL_CHUNK = 5_000
COPIED = (
    "include_tags", "exclude_tags", "include_segments", "exclude_segments", "contacts", "services"
)  # fmt: skip
COPIED_OF_TEMPLATES = (
    "template_id", "language", "weight", "subject", "preview_text", "sender_id"
)  # fmt: skip
OWNER_IS_OFF = _(
    "It was not launched at its time: the account of its owner is switched off. A user who may "
    "see it can still launch it by hand."
)

# One of a task's SubTasks, from index subtask_claim and subtask_held. With order and limit, so that
# PostgreSQL never makes it a join, which would read the SubTasks of all tasks.
_OF_TASK = SubTask.objects.filter(task=OuterRef("pk")).values("pk")
A_PENDING = Subquery(_OF_TASK.filter(status=SubTaskStatus.PENDING).order_by("available_at")[:1])
A_HELD = Subquery(_OF_TASK.filter(status__in=HELD).order_by("dispatcher_id")[:1])


CHECKERS: list[Callable[[Task], list[str]]] = []
"""Functions that look at what a task would send and return, in sentences, what keeps it from being
launched: registered by the checklist. They may take a second."""


class NotPossible(Exception):
    """The request cannot be carried out; the message, for staff, says why."""


def problems(task: Task) -> list[str]:
    """Why a task cannot be launched, in sentences for staff; empty when it can be."""
    found = [*missing(task), *_not_approved(task)]
    for choice in TaskTemplate.objects.filter(task=task).select_related("template"):
        template = choice.template
        subject = choice.subject or template.subject
        preview_text = choice.preview_text or template.preview_text
        try:
            content.check(subject, template.html, template.text, preview_text)
        except content.TemplateError as error:
            found.append(
                gettext("The template “%(template)s” cannot be used: %(error)s")
                % {"template": template, "error": error}
            )
        except Failed:
            found.append(
                gettext("The template “%(template)s” could not be checked just now: try again.")
                % {"template": template}
            )
    return found


def _refusals(task: Task) -> list[str]:
    return problems(task) or blockers(task)


def blockers(task: Task) -> list[str]:
    """What the checklist finds that keeps a task from being launched."""
    return [found for check in CHECKERS for found in check(task)]


def _not_approved(task: Task) -> list[str]:
    return [why] if (why := asking.problem(task)) else []


def _refuse_unapproved(task: Task) -> None:
    """Call it in the transaction that launches or schedules a task, once its row is locked. Raises
    NotPossible."""
    if why := asking.problem(task):
        raise NotPossible(
            gettext("“%(task)s” cannot be launched. %(why)s") % {"task": task, "why": why}
        )


def missing(task: Task) -> list[str]:
    """What a task lacks to be launched, in sentences for staff. Reads no template."""
    found = [*missing_content(task), *missing_delivery(task)]
    if unusable := audience.problems(task):
        return [*found, *unusable]
    if not counting.gets_any_message(task):
        found.append(gettext("Its audience is empty: no contact matches that may be mailed."))
    return found


def missing_content(task: Task) -> list[str]:
    """What a task lacks to be launched of what it says, and from whom."""
    found = []
    if task.sender is None:
        found.append(gettext("It has no sender."))
    if not TaskTemplate.objects.filter(task=task).exists():
        found.append(gettext("It has no template."))
    found += _of_others(task)
    found += plan.problems(task)
    found += limits.problems(task)
    return found


def missing_delivery(task: Task) -> list[str]:
    """What a task lacks to be launched of what carries it."""
    if _has_service(task):
        return []
    return [gettext("None of its email services is open to its owner.")]


def _of_others(task: Task) -> list[str]:
    """Its owner may have left the team whose template or sender it uses."""
    left = Team.objects.exclude(pk__in=owners_open_to(task.owner_id))
    template = gettext("The template “%(name)s” is of a team that its owner has left.")
    sender = gettext("The sender “%(name)s” is of a team that its owner has left.")
    used: list[tuple[str, Any]] = [
        *((template, row) for row in task.templates.filter(owner__team__in=left).order_by("pk")),
        *((sender, row) for row in _senders(task).filter(owner__team__in=left)),
    ]
    return [text % {"name": row} for text, row in used]


def _senders(task: Task) -> QuerySet[Sender]:
    """Its own, and those that its templates are sent by instead."""
    instead = TaskTemplate.objects.filter(task=task, sender__isnull=False).values("sender")
    found: QuerySet[Sender] = Sender.objects.filter(Q(pk=task.sender_id or 0) | Q(pk__in=instead))
    return found.order_by("pk")


def expected_contacts(task: Task) -> QuerySet[Contact]:
    """Those who would get a message if the task were launched now. To be read once, and whole."""
    return counting.recipients(task)


def expected_recipients(task: Task) -> int:
    """How many people would get a message if the task were launched now."""
    return counting.count(task).sent


def launch(task: Task, promise: Promise | None = None) -> None:
    """Start a draft or scheduled task: its SubTasks are made in the background, then it is sent,
    and the numbers are compared with those of `promise`. Raises NotPossible.
    """
    if found := _refusals(task):
        raise NotPossible(
            gettext("“%(task)s” cannot be launched. %(why)s")
            % {"task": task, "why": " ".join(found)}
        )
    with transaction.atomic():
        _move(task, "launch", launched_at=Now(), scheduled_at=None, note="")
        _refuse_unapproved(task)
        if promise:
            promises.confirm(promise)
        transaction.on_commit(lambda: tasks.expand_later(task.pk))


def schedule(task: Task, at: dt.datetime, promise: Promise | None = None) -> None:
    """Launch a task at a time, by the database clock. Raises NotPossible."""
    if found := _refusals(task):
        raise NotPossible(
            gettext("“%(task)s” cannot be scheduled. %(why)s")
            % {"task": task, "why": " ".join(found)}
        )
    with transaction.atomic():
        _move(task, "schedule", scheduled_at=at, note="")
        _refuse_unapproved(task)
        if promise:
            promises.confirm(promise)


def unschedule(task: Task) -> None:
    """Make a scheduled task a draft again. Raises NotPossible."""
    with transaction.atomic():
        _move(task, "unschedule")
        promises.void(task)


PAUSED_AUTOMATICALLY = gettext_noop("Paused automatically: ")
"""Begins the reason of every pause that no person asked for."""


def pause(task: Task, reason: str = "") -> None:
    """Stop handing over; what is claimed but not handed over goes back within a second. Raises
    NotPossible.
    """
    _move(task, "pause", note=reason, paused_at=Now())


def pause_at_once(reasons: Mapping[int, str]) -> set[int]:
    """Pause tasks that are being sent, each with its reason, without waiting for a row that is
    locked. Returns those that are not being sent any more. Call inside a transaction.
    """
    sending = Task.objects.filter(pk__in=reasons, status=T.SENDING)
    for task_id in sending.select_for_update(no_key=True, skip_locked=True).values_list(
        "pk", flat=True
    ):
        transitions.move([task_id], "pause", note=reasons[task_id], paused_at=Now())
    return set(reasons) - set(sending.values_list("pk", flat=True))


def resume(task: Task) -> None:
    """Go on with a paused task. Raises NotPossible."""
    _move(task, "resume", note="", paused_at=None, resumed_at=Now())


def cancel(task: Task) -> None:
    """Stop a task for good and fail what is not handed over. Raises NotPossible.

    A large task's SubTasks are failed by maintenance, a chunk at a time.
    """
    with transaction.atomic():
        _move(task, "cancel", cancelled_at=Now())
        states.cancel(task.pk, CANCEL_CHUNK)


def clone(task: Task) -> Task:
    """A new draft like this task."""
    with transaction.atomic():
        copy: Task = Task.objects.create(
            owner_id=task.owner_id,
            name=(gettext("Copy of %(name)s") % {"name": task.name})[:200],
            sender_id=task.sender_id,
            audience=task.audience,
            needs_consent=task.needs_consent,
            leaves_out_running=task.leaves_out_running,
            priority=task.priority,
            track_opens=task.track_opens,
            track_clicks=task.track_clicks,
        )
        for name in COPIED:
            getattr(copy, name).set(getattr(task, name).all())
        for choice in TaskTemplate.objects.filter(task=task).order_by("pk"):
            TaskTemplate.objects.create(
                task=copy, **{name: getattr(choice, name) for name in COPIED_OF_TEMPLATES}
            )
        attachments.copy(task, copy)
        if test := ABTest.objects.filter(task=task).first():
            ABTest.objects.create(
                task=copy, **{name: getattr(test, name) for name in TEST_SETTINGS}
            )
        return copy


# What time does


def start_sending(task: Task, note: str = "") -> bool:
    """All SubTasks of a launched task exist: let them be sent. False when it was cancelled
    meanwhile.
    """
    values = {"note": note} if note else {}
    return transitions.move([task.pk], "start_sending", started_at=Now(), **values) == 1


def back_to_draft(task: Task, why: str) -> None:
    """Make a task whose launch failed a draft again, with the reason."""
    if transitions.move([task.pk], "back_to_draft", note=why, launched_at=None):
        promises.void(task)


def launch_due() -> int:
    """Launch the scheduled tasks whose time has come. Returns how many.

    A worker finds out whether each can be launched (`launch.expand`): its templates and its
    audience are the staff's, and may take long to look at.
    """
    with in_english():
        return sum(_launch_due(task) for task in Task.objects.due().select_related("owner"))


def _started_late(minutes: int) -> str:
    text = ngettext(
        "Started %(count)s minute late: nothing was running at its time.",
        "Started %(count)s minutes late: nothing was running at its time.",
        minutes,
    )
    return filled(text, minutes)


def _launch_due(task: Task) -> bool:
    if not task.owner.is_active and not is_team(task.owner_id):
        back_to_draft(task, str(OWNER_IS_OFF))
        return False
    late = _minutes_late(task)
    note = _started_late(late) if late else ""
    with transaction.atomic():
        moved = transitions.move([task.pk], "launch_due", launched_at=Now(), note=note)
        if moved:
            transaction.on_commit(lambda: tasks.expand_later(task.pk))
    return bool(moved)


def complete_finished() -> int:
    """Complete the tasks that have nothing left to do; one with SubTasks in doubt waits for a
    decision. Returns how many.

    Each is checked again with its row locked, so that a retry at the same moment is either seen or
    waits.
    """
    completed = 0
    for task_id in _with_nothing_left().values_list("pk", flat=True):
        with transaction.atomic():
            Task.objects.select_for_update(no_key=True).get(pk=task_id)
            if _with_nothing_left().filter(pk=task_id).exists():
                completed += transitions.move([task_id], "complete", completed_at=Now())
    return completed


def _with_nothing_left() -> QuerySet[Task]:
    """Tasks being sent without open SubTasks."""
    tasks: QuerySet[Task] = Task.objects.filter(status=T.SENDING)
    return tasks.alias(pending=A_PENDING, held=A_HELD).filter(pending=None, held=None)


def sweep_cancelled() -> int:
    """Fail the remaining SubTasks of cancelled tasks, a chunk each. Returns how many."""
    cancelled = Task.objects.filter(status=T.CANCELLED).alias(pending=A_PENDING)
    swept = 0
    for task_id in cancelled.exclude(pending=None).values_list("pk", flat=True):
        with transaction.atomic():
            swept += states.cancel(task_id, CANCEL_CHUNK)
    return swept


def reopen(task_ids: Collection[int]) -> None:
    """Reopen completed tasks some of whose SubTasks are about to be sent again.

    Locks the Task rows, so call it in the transaction that changes the SubTasks, before that.
    """
    locked = Task.objects.select_for_update(no_key=True).filter(pk__in=task_ids).order_by("pk")
    ids = list(locked.values_list("pk", flat=True))
    transitions.move(ids, "reopen", completed_at=None)


def _minutes_late(task: Task) -> int:
    late = Task.objects.filter(pk=task.pk).values_list(Now() - task.scheduled_at, flat=True).first()
    return int(late.total_seconds() // 60) if late else 0


def _has_service(task: Task) -> bool:
    """Also one that is switched off: what is launched waits for it, and staff are asked first."""
    services = apps.get_model("dispatch", "EmailService").objects.open_to(task.owner_id)
    chosen = task.services.values("pk")
    return bool(services.filter(pk__in=chosen).exists() if chosen.exists() else services.exists())


def _move(task: Task, step: str, **values: Any) -> None:
    """Raises NotPossible."""
    moved = transitions.move([task.pk], step, **values)
    task.refresh_from_db()
    if not moved:
        raise NotPossible(transitions.why_not(task, step))
