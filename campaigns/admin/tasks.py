"""Tasks: planned here, launched and steered by their actions, watched by their progress."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from campaigns.admin.base import ChangeList, OwnedAdmin, OwnedForm, choices_for
from campaigns.admin.progress import Progress, bar, progress_of
from campaigns.admin.task_actions import TaskActions
from campaigns.admin.typed import TabularInline, label
from campaigns.models import Tally, Task, TaskStatus, TaskTemplate

STATUS_LABELS = {
    TaskStatus.DRAFT.label: "",
    TaskStatus.SCHEDULED.label: "info",
    TaskStatus.QUEUED.label: "info",
    TaskStatus.SENDING.label: "primary",
    TaskStatus.PAUSED.label: "warning",
    TaskStatus.COMPLETED.label: "success",
    TaskStatus.FAILED.label: "danger",
    TaskStatus.CANCELLED.label: "danger",
    "Needs attention": "warning",
}


class TaskChangeList(ChangeList):
    """Knows the counts of the tasks on the page, from one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        tasks: list[Any] = list(self.result_list)
        counts = Tally.objects.counts_of(task.pk for task in tasks)
        for task in tasks:
            task.progress = Progress(task, counts[task.pk])


class TaskForm(OwnedForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        needed = {"tags": ("include_tags", "a tag"), "chosen": ("contacts", "a contact")}
        name, what = needed.get(cleaned.get("audience", ""), ("", ""))
        if name in self.fields and name not in self.errors and not cleaned.get(name):
            self.add_error(name, f"Choose {what}, or another audience.")
        return cleaned


class TemplateInline(TabularInline):
    model = TaskTemplate
    extra = 1
    autocomplete_fields = ("template",)
    verbose_name = "template"
    verbose_name_plural = "templates: each recipient gets one, picked by weight"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", choices_for(db_field, request.user))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Task)
class TaskAdmin(TaskActions, OwnedAdmin):
    form = TaskForm
    inlines = (TemplateInline,)
    list_display = ("name", "status_label", "progress_bar", "counts", "created_at")
    list_filter = (("status", ChoicesDropdownFilter),)
    sortable_by = ("name", "created_at")
    search_fields = ("name",)
    list_select_related = ("owner",)
    autocomplete_fields = (
        "owner",
        "sender",
        "include_tags",
        "exclude_tags",
        "contacts",
        "services",
    )
    fieldsets = (
        (None, {"fields": ("owner", "name", "sender", "priority")}),
        ("Audience", {"fields": ("audience", "include_tags", "exclude_tags", "contacts")}),
        ("Delivery", {"fields": ("services",)}),
        ("Tracking", {"fields": ("track_opens", "track_clicks")}),
    )
    change_form_outer_before_template = "admin/campaigns/task/before_form.html"

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*(super().get_exclude(request, obj) or ()), "templates", "scheduled_at")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TaskChangeList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """While a form is being saved the row is locked: nobody launches what is just changed."""
        task = super().get_object(request, object_id, from_field)
        if task is None or request.method != "POST" or not connection.in_atomic_block:
            return task
        locked: QuerySet[Task] = Task.objects.select_for_update(no_key=True)
        return locked.filter(pk=task.pk).first()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only drafts can be changed: what is launched is frozen."""
        editable = obj is None or obj.status == TaskStatus.DRAFT
        return editable and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        deletable = obj is None or obj.status == TaskStatus.DRAFT
        return deletable and super().has_delete_permission(request, obj)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        task = self.get_object(request, object_id) if object_id else None
        extra = {**(extra_context or {}), "progress": progress_of(task) if task else None}
        return super().changeform_view(request, object_id, form_url, extra)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.progress_view)
        name = "campaigns_task_progress"
        return [path("<path:object_id>/progress/", view, name=name), *super().get_urls()]

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The part of the task's page that refreshes itself."""
        progress = progress_of(self.visible(request, object_id))
        return render(request, "admin/campaigns/task/progress.html", {"progress": progress})

    @label("status", STATUS_LABELS, ordering="status")
    def status_label(self, task: Any) -> str:
        if task.progress.needs_attention:
            return "Needs attention"
        return str(task.get_status_display())

    @admin.display(description="progress")
    def progress_bar(self, task: Any) -> str:
        return bar(task.progress)

    @admin.display(description="recipients")
    def counts(self, task: Any) -> str:
        return str(task.progress.summary)
