"""The pages of the steps, on the admin of campaigns: each shows a part of the form of a campaign,
which is checked, saved and recorded as ever.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from csp.decorators import csp_replace
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext

from admin_kit.base import staff
from admin_kit.confirmation import page, say
from campaigns.admin.recipients import numbers
from campaigns.admin.seeing.preview import MESSAGE_POLICY
from campaigns.admin.steps import beside, check, where
from campaigns.admin.steps.forms import StepForms
from campaigns.admin.task_actions import TaskActions
from campaigns.models import Task, TaskStatus

CHECKED = "admin/campaigns/steps/check.html"
COUNTING = "admin/campaigns/task/counting.html"
TWICE = dt.timedelta(seconds=10)
"""A second campaign of the same name, by the same user within that, is a second click."""
MOST_TWINS = 10
View = Callable[[HttpRequest, str], HttpResponse]


class CampaignSteps(StepForms, TaskActions):
    """First among the bases: its addresses go before those of buttons."""

    def get_urls(self) -> list[URLPattern]:
        seen: Any = csp_replace(MESSAGE_POLICY)
        views: dict[str, View] = {
            where.AUDIENCE: self.form_view,
            where.CONTENT: seen(self.form_view),
            where.DELIVERY: self.form_view,
            where.CHECK: self.check_view,
            where.LAUNCH: lambda request, object_id: self._last(request, object_id, "launch"),
            where.SCHEDULE: lambda request, object_id: self._last(request, object_id, "schedule"),
        }
        return [
            path("steps/", self.admin_site.admin_view(self.begin_view), name=where.NEW),
            self._of_task("", self.resume_view, where.RESUMED),
            *(self._of_task(f"{key}/", view, where.name_of(key)) for key, view in views.items()),
            *super().get_urls(),
        ]

    def _of_task(self, ending: str, view: View, name: str) -> URLPattern:
        route = f"<int:object_id>/steps/{ending}"

        def of_draft(request: HttpRequest, object_id: int) -> HttpResponse:
            return self._of_draft(request, str(object_id), view)

        return path(route, self.admin_site.admin_view(of_draft), name=name)

    def _of_draft(self, request: HttpRequest, object_id: str, view: View) -> HttpResponse:
        """A campaign that is no draft any more has its page; who may not change it, too."""
        task: Task = self.visible(request, object_id)
        if self.has_change_permission(request, task):
            return view(request, object_id)
        if task.status == TaskStatus.DRAFT and request.method == "POST":
            raise PermissionDenied
        if request.method == "POST":
            told = gettext("“%(campaign)s” is no draft any more: nothing was changed.")
            say(request, told % {"campaign": task}, error=True)
        return HttpResponseRedirect(self.url("change", task.pk))

    # The pages

    def begin_view(self, request: HttpRequest) -> HttpResponse:
        """The first step, before there is a campaign."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST" or beside.SHOW in request.POST:
            return self._part(request)
        with transaction.atomic():
            if twin := _just_made(staff(request), request.POST.get("name", "")):
                return HttpResponseRedirect(where.url_of(where.CONTENT, twin))
            return self._part(request)

    def resume_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        task: Task = self.visible(request, object_id)
        return HttpResponseRedirect(where.url_of(where.next_of(task), task))

    def form_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._part(request, object_id)

    def _part(self, request: HttpRequest, object_id: str | None = None) -> HttpResponse:
        shown: HttpResponse = self.changeform_view(request, object_id)
        return shown

    def check_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        task: Task = self.visible(request, object_id)
        shown = {
            "title": gettext("Check “%(campaign)s”") % {"campaign": task},
            "original": task,
            **self.around(request, task),
        }
        if "counted" not in request.GET and numbers.is_big(task):
            return page(request, self, COUNTING, counted_url="?counted=1", **shown)
        return page(request, self, CHECKED, **shown, **check.checked(task, request.user))

    def _last(self, request: HttpRequest, object_id: str, action: str) -> HttpResponse:
        """The question before a launch, as it is asked on the page of the campaign."""
        asked: HttpResponse = getattr(self, action)(request, object_id)
        return asked

    def around(self, request: HttpRequest, task: Task) -> dict[str, Any]:
        key = where.key_of(request)
        if not key:
            return super().around(request, task)
        before = where.DELIVERY if key == where.CHECK else where.CHECK
        return {
            "steps": where.steps(key, task, self._may_launch(request)),
            "back_url": where.url_of(before, task),
            "expert_url": self.url("change", task.pk),
        }

    def steps_url(self, request: HttpRequest, task: Task) -> str:
        """Where the steps go on; "" for a campaign that has left them."""
        may = self.has_change_permission(request, task)
        return reverse(f"admin:{where.RESUMED}", args=[task.pk]) if may else ""

    def check_url(self, request: HttpRequest, task: Task) -> str:
        may = self.has_change_permission(request, task)
        return where.url_of(where.CHECK, task) if may else ""

    def _may_launch(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.launch_task")


def _just_made(user: User, name: str) -> Task | None:
    """What the first click of two has made. Call it in a transaction: the second click waits."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    drafts = Task.objects.visible_to(user).filter(status=TaskStatus.DRAFT, name=name.strip())
    twins = drafts.filter(created_at__gt=Now() - TWICE).order_by("-pk")[:MOST_TWINS]
    kind = ContentType.objects.get_for_model(Task)
    own = LogEntry.objects.filter(user=user, content_type=kind, action_flag=ADDITION)
    made = set(own.filter(object_id__in=[str(each.pk) for each in twins]).values_list("object_id"))
    return next((each for each in twins if (str(each.pk),) in made), None)
