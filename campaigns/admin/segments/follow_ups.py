"""Buttons of a task's page that make segments of its audience, and campaigns to them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import Question, ask, is_confirmed, say
from admin_kit.typed import button
from campaigns import audience
from campaigns.admin.segments import counting
from campaigns.admin.segments.actions import ADD, ask_for_parts
from campaigns.models import Audience, Task
from campaigns.segments import sentence
from campaigns.state import follow_ups
from campaigns.state.follow_ups import MISSING, Missing

BOTH = [ADD, "campaigns.add_task"]
PREFIX = "mail_"
CHECK = "admin:campaigns_task_step_check"
"""Of the steps of a campaign: it shows a draft's audience, content and what is wrong with them."""
FOLLOW_UPS = {
    "mail_not_opened": _("Mail those who did not open it"),
    "mail_not_clicked": _("Mail those who did not click"),
    "mail_not_sent": _("Mail those who did not get it"),
    "split_audience": _("Split the audience at random"),
}
"""The pages, and what the links to them say."""
QUESTIONS = {
    "opened": _("Mail those who did not open “%(task)s”?"),
    "clicked": _("Mail those who did not click “%(task)s”?"),
    "sent": _("Mail those who did not get “%(task)s”?"),
}
MADE = {
    "opened": gettext_noop("Made to mail those who did not open campaign %(number)s, “%(task)s”."),
    "clicked": gettext_noop(
        "Made to mail those who did not click campaign %(number)s, “%(task)s”."
    ),
    "sent": gettext_noop("Made to mail those who did not get campaign %(number)s, “%(task)s”."),
}


class TaskFollowUps(OwnedAdmin):
    @button(_("Mail those who did not open"), "mail-not-opened", icon="drafts", permissions=BOTH)
    def mail_not_opened(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._follow_up(request, object_id, MISSING["not_opened"])

    @button(
        _("Mail those who did not click"), "mail-not-clicked", icon="ads_click", permissions=BOTH
    )
    def mail_not_clicked(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._follow_up(request, object_id, MISSING["not_clicked"])

    @button(
        _("Mail those who did not get it"), "mail-not-sent", icon="unsubscribe", permissions=BOTH
    )
    def mail_not_sent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._follow_up(request, object_id, MISSING["not_sent"])

    @button(_("Split the audience"), "split-audience", icon="call_split", permissions=[ADD])
    def split_audience(self, request: HttpRequest, object_id: str) -> HttpResponse:
        task = self.visible(request, object_id)
        back_url = self.url("change", task.pk)
        try:
            whole = audience.condition_of(task)
        except ValueError as error:
            say(
                request,
                gettext("The audience cannot be split. %(error)s") % {"error": error},
                error=True,
            )
            return HttpResponseRedirect(back_url)
        return ask_for_parts(request, self, task, whole, back_url=back_url)

    def follow_ups_of(self, request: HttpRequest, task: Task) -> list[tuple[str, str]]:
        """Links that make sense for the task, and that this user may follow."""
        return [
            (str(text), self.url(name, task.pk))
            for name, text in FOLLOW_UPS.items()
            if request.user.has_perms(BOTH if name.startswith(PREFIX) else [ADD])
            and _makes_sense(task, name)
        ]

    def _follow_up(self, request: HttpRequest, object_id: str, missing: Missing) -> HttpResponse:
        task: Task = self.visible(request, object_id)
        back_url = self.url("change", task.pk)
        if refused := follow_ups.why_not(task, missing):
            say(request, refused, error=True)
            return HttpResponseRedirect(back_url)
        if not is_confirmed(request):
            context: dict[str, Any] = {"original": task, "back_url": back_url}
            return ask(request, self, _question(task, missing), **context)
        segment, draft = follow_ups.plan(task, missing)
        made = MADE[missing.field] % {"number": task.pk, "task": task}
        self.log_addition(request, segment, made)
        self.log_addition(request, draft, made)
        say(
            request,
            gettext("“%(draft)s” is a new draft. Look at its templates before you launch it.")
            % {"draft": draft},
        )
        if self.has_change_permission(request, draft):
            return HttpResponseRedirect(reverse(CHECK, args=[draft.pk]))
        return HttpResponseRedirect(self.url("change", draft.pk))


def _makes_sense(task: Task, name: str) -> bool:
    if not name.startswith(PREFIX):
        return task.audience != Audience.CHOSEN
    return not follow_ups.why_not(task, MISSING[name.removeprefix(PREFIX)])


def _question(task: Task, missing: Missing) -> Question:
    condition = follow_ups.segment_condition(task, missing)
    said = sentence.say(task.owner_id, condition)
    if missing.field == "sent":
        whom = gettext("The audience of “%(task)s”, never those who got it") % {"task": task}
        details = [(gettext("Audience"), whom)]
    else:
        whom = gettext("Those of whom holds: %(sentence)s") % {"sentence": said.sentence}
        size = counting.size_of_condition(task.owner_id, condition)
        details = [(gettext("Audience"), whom), (gettext("Contacts in it"), size)]
    return Question(
        QUESTIONS[missing.field] % {"task": task},
        gettext(
            "A segment and a draft are made, the draft with the same templates, sender and "
            "services. Nothing is sent before you launch it."
        ),
        gettext("Make the draft"),
        details=details,
        warnings=said.notes if missing.field == "opened" else (),
    )
