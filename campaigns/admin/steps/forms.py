"""A part of the form of a campaign as a page of its own: checked, saved and recorded as ever."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.ownership import owners_open_to
from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import say
from campaigns.admin.planning.form import AUDIENCE
from campaigns.admin.planning.moment import LaunchTime
from campaigns.admin.planning.templates import TemplateFormSet
from campaigns.admin.planning.writing import ways_to_write
from campaigns.admin.steps import beside, content, kinds, leads, where
from campaigns.models import Sender, Task

LEAVE = "_leave"
"""The button that keeps the draft for later."""
FORM = "admin/campaigns/steps/form.html"
FIELDSETS: dict[str, Any] = {
    where.AUDIENCE: ((None, {"fields": ("name", "owner", *AUDIENCE)}),),
    where.CONTENT: ((None, {"fields": ("sender",)}),),
    where.DELIVERY: (
        (None, {"fields": ("scheduled_at", "services")}),
        (_("Tracking"), {"fields": ("track_opens", "track_clicks")}),
    ),
}
ABOUT = {
    where.AUDIENCE: _("Who gets it? Each contact gets one message at most."),
    where.CONTENT: _("What does it say, and from whom is it?"),
    where.DELIVERY: _("When does it go out, and by which services?"),
}


class StepForms(OwnedAdmin):
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = FIELDSETS.get(where.key_of(request))
        if fieldsets is None:
            return super().get_fieldsets(request, obj)
        excluded = self.get_exclude(request, obj)
        return [
            (title, {"fields": [name for name in rest["fields"] if name not in excluded]})
            for title, rest in fieldsets
        ]

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        found = super().get_inline_instances(request, obj)
        key = where.key_of(request)
        if not key:
            return found
        return content.inlines(request, obj, found) if key == where.CONTENT else []

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Any, inline: Any, prefix: str
    ) -> dict[str, Any]:
        found: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if where.key_of(request) == where.CONTENT and "data" in found:
            found["files"] = kinds.read(found["data"], found["files"])
        return found

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        form = super().get_form(request, obj, change=change, **kwargs)
        key = where.key_of(request)
        if not key:
            return form
        told: dict[str, Any] = {
            "is_to_save": change and request.method == "POST",
            "is_for_show": beside.SHOW in request.POST,
            "may_lack": may_lack(request),
        }
        if key == where.CONTENT and request.method != "POST":
            told["proposes"] = {"sender": _only_sender(obj)}
        return type(form.__name__, (form,), told)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The buttons are those of the whole page."""
        return [] if where.key_of(request) else super().get_actions_detail(request, object_id)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name != "scheduled_at":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return LaunchTime(
            required=False,
            label=gettext("Launch at"),
            help_text=gettext("Empty: as soon as you launch it."),
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        key, task = where.key_of(request), context["original"]
        if not key:
            whole: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
            return whole
        may_launch = request.user.has_perm("campaigns.launch_task")
        context |= {
            "title": str(task) if task else gettext("New campaign"),
            "about": ABOUT[key],
            "key": key,
            "steps": where.steps(key, task, may_launch),
            "expert_url": self.url("change", task.pk) if task else self.url("add"),
            "back_url": self._before(key, task),
            "show_name": beside.SHOW,
            "leave_name": LEAVE,
            "writing": ways_to_write(task) if task else [],
            "beside": self._beside(request, key, task, context),
        }
        if key == where.CONTENT:
            context["parts"] = content.shown(request, task, context["inline_admin_formsets"])
            context["no_sender"] = not _senders(task).exists()
        part: Any = super().render_change_form(request, context, *args, **kwargs)
        part.template_name = FORM
        made: HttpResponse = part
        return made

    def _before(self, key: str, task: Task | None) -> str:
        at = where.FORMS.index(key)
        if task is None or at == 0:
            return self.url("changelist")
        return where.url_of(where.FORMS[at - 1], task)

    def _beside(
        self, request: HttpRequest, key: str, task: Task | None, context: dict[str, Any]
    ) -> Any:
        form = context["adminform"].form
        if key == where.CONTENT:
            rows = next(
                each.formset
                for each in context["inline_admin_formsets"]
                if isinstance(each.formset, TemplateFormSet)
            )
            is_test = task is not None and kinds.chosen(request, task) == kinds.TEST
            return beside.message(request, form.instance, rows, is_test)
        return beside.figures(request, type(form), task) if beside.SHOW in request.POST else None

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        if not where.key_of(request):
            return super().response_add(request, obj, post_url_continue)
        return self._go_on(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return (
            self._go_on(request, obj)
            if where.key_of(request)
            else super().response_change(request, obj)
        )

    def _go_on(self, request: HttpRequest, task: Task) -> HttpResponse:
        if url := leads.url_after(request, task, kinds.TEMPLATES):
            return HttpResponseRedirect(url)
        if kinds.stays(request):
            return HttpResponseRedirect(kinds.url_after(request, task))
        if LEAVE in request.POST:
            told = gettext(
                "“%(campaign)s” is kept as a draft. Nothing is sent before you launch it."
            )
            say(request, told % {"campaign": task})
            return HttpResponseRedirect(self.url("changelist"))
        at = where.FORMS.index(where.key_of(request))
        following = (*where.FORMS, where.CHECK)[at + 1]
        return HttpResponseRedirect(where.url_of(following, task))


def may_lack(request: HttpRequest) -> bool:
    """A draft that is left, or is still being put together, is saved unfinished."""
    leaves = LEAVE in request.POST or leads.leads(request)
    return bool(where.key_of(request)) and (leaves or kinds.stays(request))


def _senders(task: Task) -> QuerySet[Sender]:
    found: QuerySet[Sender] = Sender.objects.filter(owner__in=owners_open_to(task.owner_id))
    return found


def _only_sender(task: Task) -> int | None:
    """Where there is one alone, there is nothing to choose."""
    keys = list(_senders(task).values_list("pk", flat=True)[:2])
    return keys[0] if len(keys) == 1 else None
