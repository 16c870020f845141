"""Ask for an approval, give it or send the campaign back, and see whether it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext

from access.ownership import User
from campaigns.approvals import fingerprint
from campaigns.approvals.fingerprint import Fingerprint
from campaigns.models import Approval, ApprovalState, Brand, Task, TaskStatus, TaskTemplate
from campaigns.wording import listed

OPEN = (TaskStatus.DRAFT, TaskStatus.SCHEDULED)
"""A task in another state is launched: nothing is left to approve."""


class NotApproved(Exception):
    """The message, for staff, says why."""


def is_needed(task: Task) -> bool:
    return Brand.objects.filter(owner=task.owner_id, needs_approval=True).exists()


def of(task: Task) -> Approval | None:
    found = Approval.objects.filter(task=task).select_related("asked_by", "decided_by")
    return found.first()


def ask(task: Task, user: AbstractBaseUser, words: str = "") -> None:
    """Anew, too: what was said before is over. Locks the Task row. Raises NotApproved."""
    with transaction.atomic():
        locked = _locked(task)
        values = {
            "state": ApprovalState.ASKED,
            "fingerprint": fingerprint.of(locked),
            "asked_by": user,
            "asked_at": Now(),
            "words": words,
            "decided_by": None,
            "decided_at": None,
            "answer": "",
        }
        Approval.objects.update_or_create(task=locked, defaults=values)


def approve(task: Task, user: AbstractBaseUser, seen: str, words: str = "") -> None:
    """`seen` is the `mark` of what this user was shown. Locks the Task row. Raises NotApproved."""
    with transaction.atomic():
        approval = _open_for(task, user)
        now = fingerprint.of(approval.task)
        if changes := _changed_since_asked(approval, now):
            raise NotApproved(changes)
        if seen != mark(now):
            raise NotApproved(gettext("It was changed since you looked at it. Look at it again."))
        _decide(approval, ApprovalState.APPROVED, user, words)


def send_back(task: Task, user: AbstractBaseUser, words: str) -> None:
    """Locks the Task row. Raises NotApproved."""
    with transaction.atomic():
        _decide(_open_for(task, user), ApprovalState.SENT_BACK, user, words)


def _decide(approval: Approval, state: ApprovalState, user: AbstractBaseUser, words: str) -> None:
    values = {"state": state, "decided_by": user, "decided_at": Now(), "answer": words}
    Approval.objects.filter(pk=approval.pk).update(**values)


def _locked(task: Task) -> Task:
    locked: Task = Task.objects.select_for_update(no_key=True).get(pk=task.pk)
    if locked.status not in OPEN:
        raise NotApproved(
            gettext("“%(task)s” is launched: there is nothing left to approve.") % {"task": task}
        )
    return locked


def _open_for(task: Task, user: User) -> Approval:
    """That a user may decide. Raises NotApproved."""
    locked = _locked(task)
    approval = Approval.objects.select_for_update().filter(task=locked).first()
    if approval is None or (refusal := _refusal(approval, user)):
        raise NotApproved(refusal if approval else _not_asked())
    approval.task = locked
    return approval


def why_not(task: Task, user: User) -> str:
    """Why a user may not decide now; "" when the user may. Locks nothing: `approve` and `send_back`
    look again.
    """
    approval = of(task)
    return _not_asked() if approval is None else _refusal(approval, user)


def _refusal(approval: Approval, user: User) -> str:
    if approval.state != ApprovalState.ASKED:
        return _not_asked()
    if approval.asked_by_id == user.pk:
        return gettext("You asked for it yourself: another user has to approve it.")
    return ""


def _not_asked() -> str:
    return gettext("No approval is asked for now.")


def _changed_since_asked(approval: Approval, now: Fingerprint) -> str:
    parts = fingerprint.changed(approval.fingerprint, now)
    if not parts:
        return ""
    return gettext("Changed since it was asked for: %(parts)s. It has to be asked again.") % {
        "parts": listed(parts)
    }


def mark(parts: Fingerprint) -> str:
    """A fingerprint as one text."""
    return "".join(parts[name][:16] for name in fingerprint.PARTS)


def problem(
    task: Task,
    choices: Sequence[TaskTemplate] | None = None,
    conditions: Mapping[int, object] | None = None,
) -> str:
    """Why a task may not be launched as it is now, or as a launch has read it; "" when it may. Call
    it in the transaction that launches.
    """
    if not is_needed(task):
        return ""
    return _problem(of(task), lambda: fingerprint.of(task, choices, conditions))


def problems(approvals: Sequence[Approval]) -> dict[int, str]:
    """The same of the tasks that these are of, as they are now, by their keys: in as many queries
    for one as for all."""
    owners = {each.task.owner_id for each in approvals}
    strict = set(Brand.objects.filter(owner__in=owners, needs_approval=True).values_list("owner"))
    needed = [each for each in approvals if (each.task.owner_id,) in strict]
    now = fingerprint.of_each([each.task for each in needed])
    found = {
        each.task_id: _problem(each, partial(now.__getitem__, each.task_id)) for each in needed
    }
    return {each.task_id: found.get(each.task_id, "") for each in approvals}


def _problem(approval: Approval | None, read: Callable[[], Fingerprint]) -> str:
    """`read` says what the task is now."""
    if approval is None:
        return gettext("Its owner wants a second person to approve it. Ask for an approval.")
    if approval.state == ApprovalState.SENT_BACK:
        return _sent_back(approval)
    now = read()
    if approval.state == ApprovalState.ASKED:
        return _changed_since_asked(approval, now) or gettext(
            "It waits for the approval that %(name)s asked for."
        ) % {"name": _name(approval.asked_by)}
    if parts := fingerprint.changed(approval.fingerprint, now):
        return gettext("Changed since it was approved: %(parts)s. Ask for an approval again.") % {
            "parts": listed(parts)
        }
    return ""


def waiting_for(user: User) -> QuerySet[Approval]:
    """Those that others ask this user for, the oldest first."""
    asked = Approval.objects.filter(state=ApprovalState.ASKED, task__status__in=OPEN)
    mine = asked.filter(task__in=Task.objects.visible_to(user)).exclude(asked_by=user.pk)
    return mine.select_related("task", "asked_by").order_by("asked_at")


def answered_for(user: User) -> QuerySet[Approval]:
    """What this user asked for and has an answer to, of drafts: one that was sent back is to be
    changed, one that was approved to be launched. The last answers first.
    """
    answers = (ApprovalState.SENT_BACK, ApprovalState.APPROVED)
    found = Approval.objects.filter(asked_by=user.pk, state__in=answers)
    open_ones = found.filter(task__status=TaskStatus.DRAFT, task__in=Task.objects.visible_to(user))
    return open_ones.select_related("task__sender", "decided_by").order_by("-decided_at")


def _sent_back(approval: Approval) -> str:
    by = _name(approval.decided_by)
    if not approval.answer:
        return gettext("%(name)s sent it back. Ask for an approval again.") % {"name": by}
    return gettext("%(name)s sent it back: %(answer)s Ask for an approval again.") % {
        "name": by,
        "answer": approval.answer,
    }


def _name(user: AbstractBaseUser | None) -> str:
    return str(user) if user else gettext("a deleted user")
