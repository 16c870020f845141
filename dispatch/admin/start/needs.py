"""What needs the reader of the start page: each with a sentence, and the place where it is done.
Only what this user may see and do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext

from admin_kit.base import Visitor
from admin_kit.words.listing import listed
from admin_kit.words.numbers import number
from admin_kit.words.stored_texts import shown
from campaigns.approvals import asking
from campaigns.models import (
    ABTest,
    Approval,
    ApprovalState,
    Operation,
    OperationKind,
    OperationState,
    SubTask,
    Task,
    TaskStatus,
)
from campaigns.models.ab_test import TestState
from campaigns.models.operation import FILE_OF
from dispatch.admin.services import state
from dispatch.claiming import leases

MOST_IN_DOUBT = 1_000
"""So many are counted; more are told as “more than”."""
MOST_OF_A_KIND = 5
MOST_NAMED = 3
FAILED_SINCE = dt.timedelta(days=7)
LONGEST = 200
ANSWERS: dict[str, str] = {ApprovalState.APPROVED: "success", ApprovalState.SENT_BACK: "warning"}
"""The colours of what became of an approval that was asked for."""


@dataclass(frozen=True, slots=True)
class Need:
    """`word` names the kind of trouble, `colour` is of its label; `button` leads to `url`."""

    word: str
    colour: str
    text: str
    button: str
    url: str


def needs(user: Visitor, services: Sequence[Any]) -> list[Need]:
    """The most urgent kinds first. `services` are those that the user sees, with their state."""
    return [
        each
        for permissions, found in KINDS
        if all(user.has_perm(permission) for permission in permissions)
        for each in found(user, services)
    ]


def _nothing_runs(user: Visitor, services: Sequence[Any]) -> Iterable[Need]:
    if leases.alive().exists() or not Task.objects.filter(status=TaskStatus.SENDING).exists():
        return
    text = gettext(
        "No dispatcher is running: nothing is sent until an operator starts manage.py qcluster."
    )
    yield Need(
        gettext("Nothing is sent"), "danger", text, gettext("See the monitor"), reverse("monitor")
    )


def _in_doubt(user: Visitor, services: Sequence[Any]) -> Iterable[Need]:
    """Of every campaign, also of those that are over. Uses index subtask_in_doubt."""
    unsettled = SubTask.objects.in_doubt().filter(task__in=_visible(user))
    first = unsettled.order_by("task", "id").values_list("task", flat=True)[: MOST_IN_DOUBT + 1]
    task_ids = list(first)
    if not task_ids:
        return
    campaigns = set(task_ids)
    names = Task.objects.filter(pk__in=campaigns).order_by("-pk").values_list("name", flat=True)
    text = _in_doubt_text(len(task_ids), list(names[:MOST_NAMED]), len(campaigns))
    button = gettext("Decide") if user.has_perm("campaigns.decide_subtask") else gettext("See them")
    address = reverse("admin:campaigns_subtask_in_doubt")
    yield Need(gettext("In doubt"), "warning", text, button, address)


def _in_doubt_text(messages: int, names: Sequence[str], campaigns: int) -> str:
    named = listed(gettext("“%(campaign)s”") % {"campaign": name} for name in names)
    if campaigns > len(names):
        named = gettext("%(campaigns)s and others") % {"campaigns": named}
    values = {"messages": number(min(messages, MOST_IN_DOUBT)), "campaigns": named}
    if messages > MOST_IN_DOUBT:
        text = gettext(
            "More than %(messages)s messages of %(campaigns)s were handed over, and no reply came "
            "back. They are not sent again by themselves."
        )
        return text % values
    text = ngettext(
        "%(messages)s message of %(campaigns)s was handed over, and no reply came back. It is not "
        "sent again by itself.",
        "%(messages)s messages of %(campaigns)s were handed over, and no reply came back. They are "
        "not sent again by themselves.",
        messages,
    )
    return text % values


def _visible(user: Visitor) -> Any:
    return Task.objects.visible_to(user).order_by().values("pk")


def _services(user: Visitor, services: Sequence[Any]) -> Iterable[Need]:
    for service in services:
        word, why = state.state_of(service)
        if word not in map(str, state.TROUBLES):
            continue
        text = gettext("“%(service)s”: %(why)s") % {"service": service, "why": why}
        address = reverse("admin:dispatch_emailservice_change", args=[service.pk])
        yield Need(word, state.STATE_LABELS[word], text, gettext("See the service"), address)


def _launches(user: Visitor, services: Sequence[Any]) -> Iterable[Need]:
    """A launch that failed puts its task back to a draft, with the reason."""
    failed = Task.objects.visible_to(user).filter(status=TaskStatus.DRAFT).exclude(note="")
    for task in failed[:MOST_OF_A_KIND]:
        yield _of_task(gettext("Launch failed"), "danger", task, shown(task.note))


def _paused(user: Visitor, services: Sequence[Any]) -> Iterable[Need]:
    """With a note: by itself, or by a person who wrote down why."""
    paused = Task.objects.visible_to(user).filter(status=TaskStatus.PAUSED).exclude(note="")
    for task in paused[:MOST_OF_A_KIND]:
        yield _of_task(gettext("Paused"), "warning", task, shown(task.note))


def _tests(user: Visitor, services: Sequence[Any]) -> Iterable[Need]:
    asking_tests = ABTest.objects.filter(
        state=TestState.ASKING, task__in=_visible(user), task__status=TaskStatus.SENDING
    )
    for test in asking_tests.select_related("task").order_by("-pk")[:MOST_OF_A_KIND]:
        text = gettext("Its A/B test has no clear winner: choose a variant for the rest.")
        yield _of_task(gettext("A/B test"), "info", test.task, text)


def _approvals(user: Visitor, services: Sequence[Any]) -> Iterable[Need]:
    for approval in asking.waiting_for(user)[:MOST_OF_A_KIND]:
        asked_by = approval.asked_by or gettext("a deleted user")
        text = gettext("%(user)s asks for your approval.") % {"user": asked_by}
        said = f"{text} {approval.words}".strip()
        need = _of_task(gettext("Approval"), "info", approval.task, said)
        address = reverse("admin:campaigns_task_approve", args=[approval.task_id])
        yield replace(need, button=gettext("Look at it"), url=address)


def _answers(user: Visitor, services: Sequence[Any]) -> Iterable[Need]:
    """To what this user asked to be approved."""
    answered = asking.answered_for(user)[:MOST_OF_A_KIND]
    problems = asking.problems([each for each in answered if each.state == ApprovalState.APPROVED])
    for approval in answered:
        word, colour, text = _answered(approval, problems.get(approval.task_id, ""))
        yield _of_task(word, colour, approval.task, f"{text} {approval.answer}".strip())


def _answered(approval: Approval, problem: str) -> tuple[str, str, str]:
    """A word, its colour and a sentence. An approval is void when what it was given for changes."""
    values = {"user": approval.decided_by or gettext("a deleted user")}
    word, colour = str(approval.get_state_display()), ANSWERS[approval.state]
    if approval.state == ApprovalState.SENT_BACK:
        return word, colour, gettext("%(user)s sent it back.") % values
    if problem:
        return gettext("No longer approved"), "warning", problem
    return word, colour, gettext("%(user)s approved it. You may launch it.") % values


def _of_task(word: str, colour: str, task: Task, why: str) -> Need:
    text = gettext("“%(campaign)s”: %(why)s") % {
        "campaign": task,
        "why": Truncator(" ".join(why.split())).chars(LONGEST),
    }
    address = reverse("admin:campaigns_task_change", args=[task.pk])
    return Need(word, colour, text, gettext("See the campaign"), address)


def _work(user: Visitor, services: Sequence[Any]) -> Iterable[Need]:
    """Imports and other work that failed lately, of the user's own rows or asked for by the user.
    No dry runs: those who asked for one look at it.
    """
    mine = Q(pk__in=Operation.objects.visible_to(user).values("pk"))
    failed = Operation.objects.filter(
        mine | Q(requested_by=user.pk, owner__team=None),
        state=OperationState.FAILED,
        finished_at__gt=Now() - FAILED_SINCE,
    ).exclude(params__has_key=FILE_OF)
    for each in failed.defer("params", "position", "result").order_by("-pk")[:MOST_OF_A_KIND]:
        yield _of_work(each)


def _of_work(operation: Operation) -> Need:
    is_import = operation.kind == OperationKind.IMPORT
    text = gettext("“%(title)s”: %(why)s") % {
        "title": operation.title,
        "why": Truncator(shown(operation.problem)).chars(LONGEST),
    }
    word = gettext("Import failed") if is_import else gettext("Work failed")
    address = reverse("admin:campaigns_operation_change", args=[operation.pk])
    return Need(word, "danger", text, gettext("See what failed"), address)


KINDS: tuple[tuple[Sequence[str], Callable[[Visitor, Sequence[Any]], Iterable[Need]]], ...] = (
    (["campaigns.see_everything"], _nothing_runs),
    (["campaigns.view_task", "campaigns.view_subtask"], _in_doubt),
    (["dispatch.view_emailservice", state.CONTROL], _services),
    (["campaigns.view_task", "campaigns.launch_task"], _launches),
    (["campaigns.view_task", "campaigns.control_task"], _paused),
    (["campaigns.view_task", "campaigns.control_task"], _tests),
    (["campaigns.view_task", "campaigns.approve_task"], _approvals),
    (["campaigns.view_task", "campaigns.launch_task"], _answers),
    (["campaigns.view_operation"], _work),
)
"""In this order, each with the permissions that it takes."""
