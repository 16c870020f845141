"""Admin pages for tasks: plan, launch, control and progress."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.text import capfirst
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from admin_kit.autocompletes import Autocompletes
from admin_kit.base import ChangeList, OwnedAdmin, OwnedForm, WithPanel, choices_for
from admin_kit.typed import InlineFormSet, TabularInline, label
from campaigns.admin.changes import ExplainedChanges
from campaigns.admin.progress import STATUS_COLOURS, Progress, bar, progress_of
from campaigns.admin.task_actions import TaskActions
from campaigns.models import Audience, Tally, Task, TaskStatus, TaskTemplate

MOST_TEMPLATES = 50


class TaskChangeList(ChangeList):
    """Loads the counts of all tasks on the page with one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        tasks: list[Any] = list(self.result_list)
        counts = Tally.objects.counts_of(task.pk for task in tasks)
        for task in tasks:
            task.progress = Progress(task, counts[task.pk])


class TaskForm(OwnedForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        needed = {"tags": ("include_tags", "a tag"), "chosen": ("contacts", "a contact")}
        name, what = needed.get(cleaned.get("audience", ""), ("", ""))
        if name in self.fields and name not in self.errors and not cleaned.get(name):
            self.add_error(name, f"Choose {what}, or another audience.")
        return cleaned


class TemplateFormSet(InlineFormSet):
    def clean(self) -> None:
        super().clean()
        seen, already = set(), self._saved_meanwhile()
        for form in self.forms:
            if not form.is_valid() or form.cleaned_data.get("DELETE"):
                continue
            template = form.cleaned_data.get("template")
            if template and template.owner_id != self.instance.owner_id:
                raise ValidationError(f"“{template}” has another owner than the task.")
            if template and template in seen:
                raise ValidationError(f"“{template}” is here twice: raise its weight instead.")
            if template and template.pk in already:
                raise ValidationError(
                    f"“{template}” was added to the task since this page was opened. Nothing was "
                    "saved now; open the task again."
                )
            seen.add(template)

    def _saved_meanwhile(self) -> set[int]:
        """The task's templates that are not in the posted form: saved in another tab or by a double
        click."""
        shown = [form.instance.pk for form in self.forms if form.instance.pk]
        saved = TaskTemplate.objects.filter(task=self.instance.pk).exclude(pk__in=shown)
        return set(saved.values_list("template_id", flat=True))


class TemplateInline(Autocompletes, TabularInline):
    model = TaskTemplate
    formset = TemplateFormSet
    extra = 0
    min_num = 1
    max_num = MOST_TEMPLATES
    hide_title = True
    autocomplete_fields = ("template",)
    verbose_name = "template"
    verbose_name_plural = "templates, one for each recipient by weight"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Else a thousand rows more than allowed are taken, and shown again with their errors."""
        return super().get_formset(request, obj, absolute_max=MOST_TEMPLATES, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", choices_for(db_field, request.user))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Screen readers do not read the column's head as a field's label."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs["aria-label"] = capfirst(db_field.verbose_name)
        return field

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_add_permission(request, obj)


def _is_open(task: Task | None) -> bool:
    """Only drafts can be changed: what is launched is frozen."""
    return task is None or task.status == TaskStatus.DRAFT


@admin.register(Task)
class TaskAdmin(ExplainedChanges, TaskActions, WithPanel, OwnedAdmin):
    form = TaskForm
    inlines = (TemplateInline,)
    list_display = ("name", "status_label", "progress_bar", "counts", "created_at")
    list_filter = (("status", ChoicesDropdownFilter),)
    sortable_by = ("name", "created_at")
    search_fields = ("name",)
    search_help_text = "Part of a name"
    list_select_related = ("owner",)
    actions = None
    autocomplete_fields = ("sender", "include_tags", "exclude_tags", "contacts", "services")
    fieldsets = (
        (None, {"fields": ("owner", "name", "sender", "priority")}),
        ("Audience", {"fields": ("audience", "include_tags", "contacts", "exclude_tags")}),
        ("Delivery", {"fields": ("services",)}),
        ("Tracking", {"fields": ("track_opens", "track_clicks")}),
    )
    # In JavaScript. Where the task is only shown there is no field of this name to look at.
    conditional_fields = {
        "include_tags": "typeof audience === 'undefined' || audience === 'tags'",
        "contacts": "typeof audience === 'undefined' || audience === 'chosen'",
    }
    change_form_outer_before_template = "admin/campaigns/task/before_form.html"

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*(super().get_exclude(request, obj) or ()), "templates", "scheduled_at")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Read-only pages leave out the fields that the audience does not use."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        unused = {"include_tags": Audience.TAGS, "contacts": Audience.CHOSEN}
        return [
            (
                title,
                {
                    **rest,
                    "fields": [f for f in fields if unused.get(f, obj.audience) == obj.audience],
                },
            )
            for title, rest in fieldsets
            for fields in [rest["fields"]]
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TaskChangeList

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
        return _is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """There is no action that deletes many: it would look for all SubTasks of each."""
        return _is_open(obj) and super().has_delete_permission(request, obj)

    def panel_of(self, request: HttpRequest, row: Task) -> dict[str, Any]:
        return {"progress": progress_of(row, request.user)}

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

    @label("status", STATUS_COLOURS)
    def status_label(self, task: Any) -> str:
        return str(task.progress.status_text)

    @admin.display(description="progress")
    def progress_bar(self, task: Any) -> str:
        return bar(task.progress)

    @admin.display(description="recipients")
    def counts(self, task: Any) -> str:
        return str(task.progress.summary) or "–"
