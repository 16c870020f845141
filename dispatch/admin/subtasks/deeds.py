"""What staff do with SubTasks, one, several or all that match: the question before, what is said
after, and how the cluster's work on many is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from admin_kit.confirmation import Question
from admin_kit.words.listing import asked
from admin_kit.words.numbers import number
from campaigns.admin import retrying
from campaigns.admin.operations.results import Told, tells
from campaigns.models import Operation, OperationKind, SubTask, TaskStatus
from campaigns.state import bulk, retries
from dispatch.decisions import decide
from dispatch.models import DecisionChoice

EFFECTS = {
    DecisionChoice.WAS_SENT: _("Each counts as sent."),
    DecisionChoice.SEND_AGAIN: _("Each is sent again; who got the message already gets it twice."),
    DecisionChoice.GIVE_UP: _("Each counts as failed and is not sent again."),
}


@dataclass(frozen=True, slots=True)
class Deed:
    """`name` is that of `bulk.DEEDS`. `ask_many` asks about a number that a request may not look
    at, each of them. `do` returns the ids it changed and what to say."""

    name: str
    ask: Callable[[QuerySet[SubTask]], Question]
    ask_many: Callable[[QuerySet[SubTask], int], Question]
    do: Callable[[QuerySet[SubTask], Any], tuple[list[int], str]]

    @property
    def entry(self) -> str:
        return bulk.DEEDS[self.name].entry


def ask_retry(subtasks: QuerySet[SubTask]) -> Question:
    plan = retries.plan(subtasks)
    return Question(
        gettext("Retry failed messages?"),
        plan.explain(),
        _filled(
            ngettext("Retry %(count)s message", "Retry %(count)s messages", plan.retryable),
            plan.retryable,
        ),
        problems=()
        if plan.retryable
        else (gettext("None can be sent again. %(why)s") % {"why": plan.left_out()},),
    )


def _ask_retry_of_many(subtasks: QuerySet[SubTask], total: int) -> Question:
    """Of one campaign."""
    return retrying.ask(subtasks.select_related("task")[0].task, total)


def retry(subtasks: QuerySet[SubTask], user: Any) -> tuple[list[int], str]:
    done = retries.retry_failed(subtasks)
    return done.ids, done.explain()


def ask_decision(
    choice: DecisionChoice, subtasks: QuerySet[SubTask], total: int | None = None
) -> Question:
    unsettled = in_doubt(subtasks)
    count = unsettled.count() if total is None else total
    text = ngettext(
        "%(count)s message in doubt. %(effect)s Your choice is recorded with your name.",
        "%(count)s messages in doubt. %(effect)s Your choice is recorded with your name.",
        count,
    )
    return Question(
        asked(choice.label),
        _filled(text, count, effect=EFFECTS[choice]),
        str(choice.label),
        details=_not_sent_again(unsettled) if choice == DecisionChoice.SEND_AGAIN else (),
        problems=() if count else (gettext("Nothing that was selected is in doubt."),),
        danger=choice == DecisionChoice.SEND_AGAIN,
    )


def _not_sent_again(unsettled: QuerySet[SubTask]) -> list[tuple[str, str]]:
    cancelled = unsettled.filter(task__status=TaskStatus.CANCELLED).count()
    if not cancelled:
        return []
    left_out = gettext("%(count)s: their campaign is cancelled, they fail")
    return [(gettext("Not sent again"), _filled(left_out, cancelled))]


def settle(choice: DecisionChoice, subtasks: QuerySet[SubTask], user: Any) -> tuple[list[int], str]:
    ids = decide(list(in_doubt(subtasks).values_list("pk", flat=True)), choice, user)
    if not ids:
        return ids, gettext("Nothing was changed: what was selected is not in doubt any more.")
    text = ngettext(
        "%(count)s message in doubt: %(decision)s.",
        "%(count)s messages in doubt: %(decision)s.",
        len(ids),
    )
    return ids, _filled(text, len(ids), decision=choice.label.lower())


def _filled(text: str, count: int, **values: object) -> str:
    return text % {"count": number(count), **values}


def in_doubt(subtasks: QuerySet[SubTask]) -> QuerySet[SubTask]:
    return subtasks.filter(in_doubt_since__isnull=False)


def _decision(choice: DecisionChoice) -> Deed:
    question = partial(ask_decision, choice)
    return Deed(choice.value, question, question, partial(settle, choice))


RETRY_FAILED = Deed(bulk.RETRY_FAILED, ask_retry, _ask_retry_of_many, retry)
WAS_SENT, SEND_AGAIN, GIVE_UP = (
    _decision(choice)
    for choice in (DecisionChoice.WAS_SENT, DecisionChoice.SEND_AGAIN, DecisionChoice.GIVE_UP)
)


@tells(OperationKind.DECIDE_DOUBTS)
def tell_decision(operation: Operation) -> Told:
    changed = operation.result.get("changed", 0)
    said = ngettext(
        "%(number)s message decided: %(choice)s.",
        "%(number)s messages decided: %(choice)s.",
        changed,
    ) % {"number": number(changed), "choice": DecisionChoice(operation.params["deed"]).label}
    return Told(
        [said], [(gettext("What is still in doubt"), reverse("admin:campaigns_subtask_in_doubt"))]
    )
