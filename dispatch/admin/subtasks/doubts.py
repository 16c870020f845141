"""What is in doubt over all campaigns, grouped by service and cause; and the decision about a whole
group at once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.http import urlencode
from django.utils.translation import gettext

from access.ownership import SEE_EVERYTHING
from admin_kit.base import LedgerAdmin, staff
from admin_kit.confirmation import ask, is_confirmed, page, say
from admin_kit.history import log_each
from admin_kit.numbers import number
from campaigns.models import SubTask, Task
from dispatch.admin.subtasks.actions import DECIDE, GIVE_UP, MOST_AT_ONCE, SEND_AGAIN, WAS_SENT
from dispatch.clock import database_time
from dispatch.models import DecisionChoice, EmailService
from dispatch.waiting.words import moment
from tracking.event_kinds import EventKind

DEEDS = {
    DecisionChoice.WAS_SENT: WAS_SENT,
    DecisionChoice.SEND_AGAIN: SEND_AGAIN,
    DecisionChoice.GIVE_UP: GIVE_UP,
}
MOST_NAMED = 3

# The first of index subtask_in_doubt; of each its last attempt, by attempt_once_per_claim, and its
# events, by event_subtask.
DOUBTS = """
SELECT s.id, s.task_id, s.service_id, s.in_doubt_since, coalesce(a.reply, ''), events.kinds
FROM (
    SELECT id, task_id, service_id, in_doubt_since FROM campaigns_subtask
    WHERE in_doubt_since IS NOT NULL AND in_doubt_since <= %(at)s
      AND (%(tasks)s::bigint[] IS NULL OR task_id = ANY (%(tasks)s))
    ORDER BY task_id, id LIMIT %(most)s
) AS s
LEFT JOIN LATERAL (
    SELECT reply FROM dispatch_attempt WHERE subtask_id = s.id ORDER BY id DESC LIMIT 1
) AS a ON true
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT kind) AS kinds FROM tracking_event WHERE subtask_id = s.id
) AS events
"""


@dataclass(slots=True)
class Group:
    """Messages of one service whose hand-over ended in the same way."""

    service: EmailService
    cause: str
    """What the log of the connection says; "" when it says nothing."""
    ids: list[int]
    since: str
    campaigns: str
    events: str
    choices: Sequence[tuple[str, str]] = ()
    """The label of each decision, with the address that asks about it."""

    @property
    def key(self) -> str:
        return key_of(self.service.pk, self.cause)

    @property
    def count(self) -> str:
        return number(len(self.ids))

    @property
    def shown_cause(self) -> str:
        return self.cause or gettext("Nothing is known of how the connection ended.")

    @property
    def finding_out(self) -> str:
        """Where the people of this provider look."""
        if self.service.provider in ("smtp", "maildir"):
            return gettext(
                "Look in the log of the mail server for the Message-ID, which stands on the page "
                "of each message, or for the recipient, at the time it was handed over."
            )
        return gettext(
            "Look in the log of messages at the provider for the recipient or the Message-ID, "
            "which stands on the page of each message, at the time it was handed over."
        )


def key_of(service_id: int, cause: str) -> str:
    return hashlib.sha256(f"{service_id} {cause}".encode()).hexdigest()[:16]


def groups(user: Any, now: dt.datetime) -> list[Group]:
    """Those of the campaigns that this user sees, of what was in doubt at this time, the largest
    first; MOST_AT_ONCE messages are looked at.
    """
    found: dict[tuple[int, str], list[tuple[Any, ...]]] = {}
    for row in _rows(user, now):
        found.setdefault((row[2], row[4]), []).append(row)
    services = EmailService.objects.in_bulk({service_id for service_id, _cause in found})
    names = dict(Task.objects.filter(pk__in=_tasks_of(found.values())).values_list("pk", "name"))
    made = [
        Group(
            service=services[service_id],
            cause=cause,
            ids=[row[0] for row in rows],
            since=moment(min(row[3] for row in rows), now),
            campaigns=_named([names[pk] for pk in sorted({row[1] for row in rows})]),
            events=_events(rows),
        )
        for (service_id, cause), rows in found.items()
    ]
    return sorted(made, key=lambda group: (-len(group.ids), group.service.name, group.cause))


def _rows(user: Any, now: dt.datetime) -> list[tuple[Any, ...]]:
    """Users who may not see everything have the tasks named of which anything is in doubt."""
    tasks = None
    if not user.has_perm(SEE_EVERYTHING):
        own = Task.objects.visible_to(user).order_by().values("pk")
        in_doubt = SubTask.objects.in_doubt().filter(task__in=own).order_by()
        tasks = list(in_doubt.values_list("task_id", flat=True).distinct())
    with connection.cursor() as cursor:
        cursor.execute(DOUBTS, {"tasks": tasks, "most": MOST_AT_ONCE, "at": now})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _tasks_of(found: Any) -> set[int]:
    return {row[1] for rows in found for row in rows}


def _named(names: Sequence[str]) -> str:
    listed = ", ".join(
        gettext("“%(campaign)s”") % {"campaign": name} for name in names[:MOST_NAMED]
    )
    return (
        gettext("%(campaigns)s and others") % {"campaigns": listed}
        if names[MOST_NAMED:]
        else listed
    )


def _events(rows: Sequence[tuple[Any, ...]]) -> str:
    """What the provider has told since, of how many of them."""
    counts: dict[str, int] = {}
    for row in rows:
        for kind in row[5] or ():
            counts[kind] = counts.get(kind, 0) + 1
    return ", ".join(f"{EventKind(kind).label}: {number(n)}" for kind, n in sorted(counts.items()))


class DoubtQueue(LedgerAdmin):
    """The page of all that is in doubt, and the question about a group."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "campaigns_subtask_in_doubt"
        return [
            path("in-doubt/", view(self.doubts_view), name=name),
            path("in-doubt/decide/", view(self.decide_view), name=f"{name}_decide"),
            *super().get_urls(),
        ]

    def doubts_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = database_time()
        found = groups(request.user, now)
        may = staff(request).has_perm(DECIDE)
        for group in found:
            group.choices = self._choices(group, now) if may else ()
        return page(
            request,
            self,
            "admin/campaigns/subtask/doubts.html",
            title=gettext("In doubt"),
            groups=found,
            most=number(MOST_AT_ONCE),
            is_all=sum(len(group.ids) for group in found) < MOST_AT_ONCE,
            messages_url=self.url("changelist"),
        )

    def _choices(self, group: Group, now: dt.datetime) -> list[tuple[str, str]]:
        """What comes into doubt after the page was shown is not decided with it."""
        about = {"group": group.key, "at": now.isoformat()}
        address = self.url("in_doubt_decide")
        return [
            (str(choice.label), f"{address}?{urlencode({**about, 'choice': choice.value})}")
            for choice in DEEDS
        ]

    def decide_view(self, request: HttpRequest) -> HttpResponse:
        """Asks about all of a group, with the consequences, and does it on POST: of those that are
        still in doubt then."""
        if not staff(request).has_perm(DECIDE) or not self.has_view_permission(request):
            raise PermissionDenied
        back = self.url("in_doubt")
        choice = request.GET.get("choice", "")
        matching = self._matching(request)
        if matching is None or choice not in DecisionChoice.values:
            say(
                request,
                gettext("These are not in doubt any more. Nothing was changed."),
                error=True,
            )
            return HttpResponseRedirect(back)
        deed = DEEDS[DecisionChoice(choice)]
        if not is_confirmed(request):
            return ask(request, self, deed.question(matching), back_url=back)
        ids, text = deed.do(matching, staff(request))
        log_each(request, SubTask.objects.filter(pk__in=ids).only("recipient_email"), deed.entry)
        say(request, text, error=not ids)
        return HttpResponseRedirect(back)

    def _matching(self, request: HttpRequest) -> QuerySet[SubTask] | None:
        try:
            at = dt.datetime.fromisoformat(request.GET.get("at", ""))
        except ValueError:
            return None
        if at.tzinfo is None:
            return None
        for group in groups(request.user, at):
            if group.key == request.GET.get("group"):
                found: QuerySet[SubTask] = SubTask.objects.filter(pk__in=group.ids)
                return found
        return None
