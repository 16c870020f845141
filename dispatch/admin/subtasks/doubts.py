"""What is in doubt over all campaigns, grouped by service and cause; and the decision about a whole
group at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import formats, timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from admin_kit.base import LedgerAdmin, staff
from admin_kit.confirmation import ask, is_confirmed, page, say
from admin_kit.history import log_each
from admin_kit.words.listing import listed
from admin_kit.words.numbers import number
from campaigns.admin import retrying
from campaigns.models import SubTask, Task
from campaigns.state import bulk
from dispatch.admin.subtasks.deeds import EFFECTS, GIVE_UP, SEND_AGAIN, WAS_SENT
from dispatch.clock import database_time
from dispatch.deciding import DECIDE
from dispatch.doubts import Doubt, doubts, key_of
from dispatch.models import DecisionChoice, EmailService
from tracking.event_kinds import EventKind

DEEDS = {
    DecisionChoice.WAS_SENT: WAS_SENT,
    DecisionChoice.SEND_AGAIN: SEND_AGAIN,
    DecisionChoice.GIVE_UP: GIVE_UP,
}
MOST_NAMED = 3


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
    choices: Sequence[tuple[str, str, str]] = ()
    """The label of each decision, with the address that asks about it, and what it does."""

    @property
    def key(self) -> str:
        return key_of(self.service.pk, self.cause)

    @property
    def title(self) -> str:
        text = ngettext(
            "%(count)s message handed to “%(service)s”",
            "%(count)s messages handed to “%(service)s”",
            len(self.ids),
        )
        return text % {"count": number(len(self.ids)), "service": self.service}

    @property
    def shown_cause(self) -> str:
        return self.cause or _("Nothing is known of how the connection ended.")

    @property
    def finding_out(self) -> str:
        """Where the people of this provider look."""
        if self.service.provider in ("smtp", "maildir"):
            return _(
                "Look in the log of the mail server for the Message-ID, which stands on the page "
                "of each message, or for the recipient, at the time it was handed over."
            )
        return _(
            "Look in the log of messages at the provider for the recipient or the Message-ID, "
            "which stands on the page of each message, at the time it was handed over."
        )


def groups(user: Any, now: dt.datetime) -> list[Group]:
    """Those of the campaigns that this user sees, of what was in doubt at this time, the largest
    first; bulk.MOST_AT_ONCE messages are looked at.
    """
    found: dict[tuple[int, str], list[Doubt]] = {}
    for row in doubts(user, now, bulk.MOST_AT_ONCE):
        found.setdefault((row.service_id, row.cause), []).append(row)
    services = EmailService.objects.in_bulk({service_id for service_id, _cause in found})
    names = dict(Task.objects.filter(pk__in=_tasks_of(found.values())).values_list("pk", "name"))
    made = [
        Group(
            service=services[service_id],
            cause=cause,
            ids=[row.id for row in rows],
            since=_minute(min(row.since for row in rows)),
            campaigns=_named([names[pk] for pk in sorted({row.task_id for row in rows})]),
            events=_events(rows),
        )
        for (service_id, cause), rows in found.items()
    ]
    return sorted(made, key=lambda group: (-len(group.ids), group.service.name, group.cause))


def is_all(found: Sequence[Group]) -> bool:
    """Whether nothing else is in doubt."""
    return sum(len(group.ids) for group in found) < bulk.MOST_AT_ONCE


def _minute(at: dt.datetime) -> str:
    return formats.date_format(timezone.localtime(at), "DATETIME_FORMAT")


def _tasks_of(found: Any) -> set[int]:
    return {row.task_id for rows in found for row in rows}


def _named(names: Sequence[str]) -> str:
    first = listed(_("“%(campaign)s”") % {"campaign": name} for name in names[:MOST_NAMED])
    return _("%(campaigns)s and others") % {"campaigns": first} if names[MOST_NAMED:] else first


def _events(rows: Sequence[Doubt]) -> str:
    """What the provider has told since, of how many of them."""
    counts: dict[str, int] = {}
    for row in rows:
        for kind in row.kinds or ():
            counts[kind] = counts.get(kind, 0) + 1
    return listed(
        _("%(name)s: %(number)s") % {"name": EventKind(kind).label, "number": number(n)}
        for kind, n in sorted(counts.items())
    )


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
            title=_("In doubt"),
            groups=found,
            most=number(bulk.MOST_AT_ONCE),
            is_all=is_all(found),
            messages_url=self.url("changelist"),
        )

    def _choices(self, group: Group, now: dt.datetime) -> list[tuple[str, str, str]]:
        """What comes into doubt after the page was shown is not decided with it."""
        about = {"group": group.key, "at": now.isoformat()}
        address = self.url("in_doubt_decide")
        return [
            (
                str(choice.label),
                f"{address}?{urlencode({**about, 'choice': choice.value})}",
                str(EFFECTS[choice]),
            )
            for choice in DEEDS
        ]

    def decide_view(self, request: HttpRequest) -> HttpResponse:
        """Asks about all of a group, with the consequences, and does it on POST: of those that are
        still in doubt then."""
        if not staff(request).has_perm(DECIDE) or not self.has_view_permission(request):
            raise PermissionDenied
        back = self.url("in_doubt")
        choice, at = request.GET.get("choice", ""), retrying.moment(request.GET.get("at", ""))
        found = groups(request.user, at) if at else []
        group = next((each for each in found if each.key == request.GET.get("group")), None)
        if at is None or group is None or choice not in DecisionChoice.values:
            say(request, _("These are not in doubt any more. Nothing was changed."), error=True)
            return HttpResponseRedirect(back)
        deed = DEEDS[DecisionChoice(choice)]
        matching: QuerySet[SubTask] = SubTask.objects.filter(pk__in=group.ids)
        if not is_confirmed(request):
            question = deed.ask(matching)
            question = question if is_all(found) else replace(question, warnings=[_and_the_rest()])
            return ask(request, self, question, back_url=back)
        if not is_all(found):
            chosen = bulk.Selection(at, group=group.key)
            return retrying.begin(request, deed.name, chosen, group.service.name)
        ids, text = deed.do(matching, staff(request))
        log_each(request, SubTask.objects.filter(pk__in=ids).only("recipient_email"), deed.entry)
        say(request, text, error=not ids)
        return HttpResponseRedirect(back)


def _and_the_rest() -> str:
    return _(
        "More messages are in doubt than a page looks at. All others of this service that ended in "
        "the same way are decided with these, in the background, and you see how far it is."
    )
