"""Admin pages for tasks: plan, launch, control and progress."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin, WithPanel
from campaigns.admin.ab_tests.form import ABTestFormSet, ABTestInline
from campaigns.admin.approvals.buttons import panel_of as approval_panel
from campaigns.admin.attachments.inline import AttachmentInline
from campaigns.admin.campaign_list import CampaignList
from campaigns.admin.changes import ExplainedChanges
from campaigns.admin.languages.results import LanguageResults
from campaigns.admin.planning.form import AUDIENCE, TaskForm, is_open, is_used
from campaigns.admin.planning.templates import (
    TemplateFormSet,
    TemplateInline,
    take_sender,
)
from campaigns.admin.progress import progress_of
from campaigns.admin.recipients.lists import TaskLists
from campaigns.admin.report import TaskReport, deeds_of, facts_of
from campaigns.admin.segments.people import TaskPeople
from campaigns.admin.steps import beside, kinds, where
from campaigns.admin.steps.forms import may_lack
from campaigns.admin.steps.pages import CampaignSteps
from campaigns.admin.task_actions import TaskActions
from campaigns.models import Task

TAGS_CHOSEN = "typeof audience==='undefined'||audience==='tags'"
CONTACTS_CHOSEN = "typeof audience==='undefined'||audience==='chosen'"


@admin.register(Task)
class TaskAdmin(
    CampaignSteps,
    ExplainedChanges,
    CampaignList,
    TaskActions,
    TaskLists,
    TaskPeople,
    TaskReport,
    LanguageResults,
    WithPanel,
    OwnedAdmin,
):
    form = TaskForm
    inlines = (TemplateInline, AttachmentInline, ABTestInline)
    actions = None
    autocomplete_fields = (
        "sender",
        "include_tags",
        "include_segments",
        "exclude_tags",
        "exclude_segments",
        "contacts",
        "services",
    )
    fieldsets = (
        (None, {"fields": ("owner", "name", "sender", "priority")}),
        (
            _("Audience"),
            {
                "fields": AUDIENCE,
                "description": _(
                    "Contacts, tags and segments are those of the campaign’s owner alone; sender, "
                    "templates and services may also be those of a team that the owner is in."
                ),
            },
        ),
        (_("Delivery"), {"fields": ("services",)}),
        (_("Tracking"), {"fields": ("track_opens", "track_clicks")}),
    )
    # In JavaScript. Where the task is only shown there is no field of this name to look at.
    conditional_fields = {
        "include_tags": TAGS_CHOSEN,
        "include_segments": TAGS_CHOSEN,
        "contacts": CONTACTS_CHOSEN,
    }
    change_form_outer_before_template = "admin/campaigns/task/before_form.html"

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        excluded = (*(super().get_exclude(request, obj) or ()), "templates")
        return excluded if where.key_of(request) == where.DELIVERY else (*excluded, "scheduled_at")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Read-only pages leave out the fields that the audience does not use."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**rest, "fields": [name for name in rest["fields"] if is_used(name, obj)]})
            for title, rest in fieldsets
        ]

    def _create_formsets(self, request: HttpRequest, obj: Any, change: bool) -> Any:
        """A test looks at the templates that are sent with it, unless it is still unfinished."""
        formsets, inlines = super()._create_formsets(request, obj, change)  # type: ignore[misc]  # private
        for each in formsets:
            if isinstance(each, TemplateFormSet):
                each.is_only = kinds.takes_one(request)
        if may_lack(request):
            return formsets, inlines
        templates = next((each for each in formsets if isinstance(each, TemplateFormSet)), None)
        for each in formsets:
            if isinstance(each, ABTestFormSet):
                each.templates = templates
        return formsets, inlines

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """The row is locked while a form is saved, so that a task is not launched while it is being
        changed."""
        task = super().get_object(request, object_id, from_field)
        if task is None or request.method != "POST" or not connection.in_atomic_block:
            return task
        locked: QuerySet[Task] = Task.objects.select_for_update(no_key=True)
        return locked.filter(pk=task.pk).first()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """There is no action that deletes many: it would look for all SubTasks of each."""
        return is_open(obj) and super().has_delete_permission(request, obj)

    def save_related(self, request: HttpRequest, form: Any, *args: Any) -> None:
        super().save_related(request, form, *args)
        if sender := take_sender(form.instance):
            said = gettext("The sender is that of the template: %(sender)s.")
            messages.info(request, said % {"sender": sender})

    def panel_of(self, request: HttpRequest, row: Task) -> dict[str, Any]:
        if where.key_of(request):
            return {}
        progress = progress_of(row, request.user)
        return {
            "progress": progress,
            "is_launched": progress.is_launched,
            "facts": facts_of(row) if progress.is_launched else [],
            "deeds": deeds_of(row),
            "follow_ups": self.follow_ups_of(request, row),
            "approval": approval_panel(row),
            "steps_url": self.steps_url(request, row),
            "count_url": where.url_of(where.AUDIENCE, row) if self.steps_url(request, row) else "",
            "show_name": beside.SHOW,
        }

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.progress_view)
        name = "campaigns_task_progress"
        return [path("<path:object_id>/progress/", view, name=name), *super().get_urls()]

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The self-refreshing part of the task's page."""
        task = self.visible(request, object_id)
        context = {"progress": progress_of(task, request.user)}
        response = render(request, "admin/campaigns/task/progress.html", context)
        if request.GET.get("status", task.status) != task.status:
            response["HX-Refresh"] = "true"  # the buttons have changed
        return response
