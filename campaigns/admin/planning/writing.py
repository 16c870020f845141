"""A template that is written for a campaign: whose page leads there and back, and which the
campaign uses once it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from access.ownership import owners_open_to
from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import say
from campaigns.admin.planning.templates import take_sender
from campaigns.db.keys import is_key
from campaigns.models import ABTest, Task, TaskTemplate, Template

CAMPAIGN = "campaign"
"""In the address of a page of a template: the campaign that it is written for."""
BACK = "admin:campaigns_task_step_content"
WORDS = ("subject", "preview_text")
"""What a message says otherwise than its template."""
NO_WORDS: Mapping[str, str] = {}


class WayToWrite(NamedTuple):
    """A link to an editor. `key` names it in a form."""

    key: str
    label: str
    url: str


def ways_to_write(task: Task, words: Mapping[str, str] = NO_WORDS) -> list[WayToWrite]:
    """`words` are those of a message that has no template yet: the editor begins with them."""
    asked = {CAMPAIGN: str(task.pk), "owner": str(task.owner_id), "name": task.name, **words}
    add = reverse("admin:campaigns_template_add")
    starters = reverse("admin:campaigns_template_starters")
    blocks = urlencode({**asked, "format": "blocks"})
    return [
        WayToWrite("blocks", gettext("Put it together from blocks"), f"{add}?{blocks}"),
        WayToWrite("sample", gettext("Start from a sample"), f"{starters}?{urlencode(asked)}"),
        WayToWrite("code", gettext("Write HTML or MJML"), f"{add}?{urlencode(asked)}"),
    ]


def url_to_edit(template_id: int, task: Task) -> str:
    """The page of a template that leads back to the campaign."""
    page = reverse("admin:campaigns_template_change", args=[template_id])
    return f"{page}?{urlencode({CAMPAIGN: task.pk})}"


def carried(request: HttpRequest) -> dict[str, str]:
    """What an address passes on that says for which campaign it is."""
    names = (CAMPAIGN, "owner", "name", *WORDS)
    return {
        name: request.GET[name] for name in names if CAMPAIGN in request.GET and name in request.GET
    }


class WritesForCampaigns(OwnedAdmin):
    change_form_outer_before_template = "admin/campaigns/steps/writing.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if task := self._campaign(request):
            context |= {"campaign": task, "campaign_url": reverse(BACK, args=[task.pk])}
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: Template, post_url_continue: str | None = None
    ) -> HttpResponse:
        response = super().response_add(request, obj, post_url_continue)
        task = self._campaign(request)
        if task is None or not self._use(request, task, obj):
            return response
        return self._back(request, task, obj, response)

    def response_change(self, request: HttpRequest, obj: Template) -> HttpResponse:
        response = super().response_change(request, obj)
        task = self._campaign(request)
        return self._back(request, task, obj, response) if task else response

    def _campaign(self, request: HttpRequest) -> Task | None:
        """The draft that is asked for, if this user may change it."""
        key = request.GET.get(CAMPAIGN, "")
        tasks: Any = self.admin_site.get_model_admin(Task)
        task: Task | None = tasks.get_object(request, key) if is_key(key) else None
        return task if task and tasks.has_change_permission(request, task) else None

    def _back(
        self, request: HttpRequest, task: Task, template: Template, response: HttpResponse
    ) -> HttpResponse:
        if "_save" in request.POST:
            return HttpResponseRedirect(reverse(BACK, args=[task.pk]))
        if "_continue" in request.POST:
            return HttpResponseRedirect(f"{self.url('change', template.pk)}?{CAMPAIGN}={task.pk}")
        return response

    def _use(self, request: HttpRequest, task: Task, template: Template) -> bool:
        if template.owner_id not in owners_open_to(task.owner_id):
            told = gettext("“%(campaign)s” cannot use it: it has another owner.")
            say(request, told % {"campaign": task}, error=True)
            return False
        use(task, template)
        told = gettext("The campaign uses the template “%(template)s” from now on.")
        tasks: Any = self.admin_site.get_model_admin(Task)
        tasks.log_change(request, task, told % {"template": template})
        return True


def use(task: Task, template: Template) -> None:
    """In place of the only one, or beside several, or as another variant of a test."""
    with transaction.atomic():
        Task.objects.select_for_update(no_key=True).get(pk=task.pk)
        is_tested = ABTest.objects.filter(task=task).exists()
        rows = list(TaskTemplate.objects.filter(task=task).order_by("pk")[:2])
        if len(rows) == 1 and not is_tested:
            kept = {"subject": "", "preview_text": "", "template": template}
            TaskTemplate.objects.filter(pk=rows[0].pk).update(**kept)
        else:
            TaskTemplate.objects.create(task=task, template=template)
        take_sender(task)
