"""Work of the cluster on many messages, as staff ask for it: the retry of all that failed in a
campaign, and what other such work shares with it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from admin_kit.base import staff
from admin_kit.confirmation import Question, say
from admin_kit.words.numbers import number
from campaigns.admin.operations.results import Told, tells
from campaigns.db.times import database_time
from campaigns.models import Operation, OperationKind, Tally, Task, TaskStatus
from campaigns.state import bulk, retries

AT = "at"
"""The hidden field with the time at which a question was put."""


def asked_at(request: HttpRequest) -> dt.datetime:
    """When the question was put, else now."""
    return moment(request.POST.get(AT, "")) or database_time()


def moment(text: str) -> dt.datetime | None:
    """As a page wrote it, in the past; None for what is no moment of any page."""
    try:
        at = dt.datetime.fromisoformat(text)
        return min(at.astimezone(dt.UTC), database_time()) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def put_at(question: Question, at: dt.datetime) -> Question:
    """The same, with when it was put: what failed or came into doubt later is left alone."""
    return replace(question, hidden={**question.hidden, AT: [at.isoformat()]})


def is_too_many(task: Task) -> bool:
    """Whether more failed than a request may send again."""
    return Tally.objects.counts(task.pk).failed > bulk.MOST_AT_ONCE


def ask(task: Task, total: int) -> Question:
    text = ngettext(
        "%(count)s message of “%(campaign)s” failed. It is sent again, unless its address is "
        "suppressed.",
        "%(count)s messages of “%(campaign)s” failed. They are sent again, but for those whose "
        "address is suppressed, such as after it bounced for good.",
        total,
    )
    cancelled = gettext("None can be sent again: their campaign is cancelled.")
    return Question(
        gettext("Retry failed messages?"),
        text % {"count": number(total), "campaign": task},
        gettext("Retry them"),
        problems=[cancelled] if task.status == TaskStatus.CANCELLED else [],
    )


def in_the_background(question: Question) -> Question:
    """The same, of more messages than a request may change."""
    said = gettext(
        "These are more than %(most)s: it is done in the background, and you see how far it is."
    ) % {"most": number(bulk.MOST_AT_ONCE)}
    return replace(question, warnings=[*question.warnings, said])


def begin(
    request: HttpRequest, deed: str, chosen: bulk.Selection, title: str
) -> HttpResponseRedirect:
    """Have the cluster do it; to the page that shows how far it is."""
    operation = bulk.begin(staff(request), deed, chosen, title)
    say(request, gettext("It is done in the background. You may leave this page."))
    return HttpResponseRedirect(reverse("admin:campaigns_operation_change", args=[operation.pk]))


@tells(OperationKind.RETRY_FAILED)
def tell(operation: Operation) -> Told:
    """With what was left out, and for which reason."""
    result, task = operation.result, operation.params["task"]
    left_out = {name: result.get(name, 0) for name in bulk.LEFT_OUT}
    done = retries.RetryPlan(retryable=result.get("changed", 0), **left_out)
    campaign = reverse("admin:campaigns_task_change", args=[task])
    return Told([done.explain()], [(gettext("The campaign"), campaign)])
