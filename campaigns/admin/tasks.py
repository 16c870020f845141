"""Admin pages for tasks: plan, launch, control and progress."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.text import capfirst

from access.ownership import owners_open_to
from admin_kit.autocompletes import Autocompletes
from admin_kit.base import OwnedAdmin, OwnedForm, WithPanel, choices_for
from admin_kit.typed import InlineFormSet, ModelForm, TabularInline
from campaigns.admin.ab_tests.form import ABTestFormSet, ABTestInline
from campaigns.admin.approvals.buttons import panel_of as approval_panel
from campaigns.admin.attachments.inline import AttachmentInline
from campaigns.admin.campaign_list import CampaignList
from campaigns.admin.changes import ExplainedChanges
from campaigns.admin.languages.results import LanguageResults
from campaigns.admin.progress import progress_of
from campaigns.admin.recipients.lists import TaskLists
from campaigns.admin.report import TaskReport, deeds_of
from campaigns.admin.segments.people import TaskPeople
from campaigns.admin.task_actions import TaskActions
from campaigns.languages.tags import canonical
from campaigns.models import Audience, Sender, Task, TaskStatus, TaskTemplate

MOST_TEMPLATES = 50
VARIANT = ("template", "language", "subject", "preview_text", "sender")
"""What two rows of templates may not have all in common."""


NEEDED = {
    Audience.TAGS: (
        ("include_tags", "include_segments"),
        "Choose a tag, or another audience. A segment will do, too.",
    ),
    Audience.CHOSEN: (("contacts",), "Choose a contact, or another audience."),
}
AUDIENCE = (
    "audience",
    "include_tags",
    "include_segments",
    "contacts",
    "exclude_tags",
    "exclude_segments",
    "needs_consent",
    "leaves_out_running",
)
UNUSED_UNLESS = {
    "include_tags": Audience.TAGS,
    "include_segments": Audience.TAGS,
    "contacts": Audience.CHOSEN,
}


class TaskForm(OwnedForm):
    of_teams = ("sender",)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        fields, what = NEEDED.get(cleaned.get("audience", ""), ((), ""))
        asked = [name for name in fields if name in self.fields]
        unnamed = not any(name in self.errors or cleaned.get(name) for name in asked)
        if asked and unnamed:
            self.add_error(asked[0], what)
        return cleaned


class TemplateRow(ModelForm):
    class Meta:
        help_texts: ClassVar[dict[str, str]] = {
            "language": "Such as de, en-GB or zh-Hans. Empty: for everyone else."
        }

    def clean_language(self) -> str:
        written: str = self.cleaned_data["language"]
        return canonical(written) if written else ""


class TemplateFormSet(InlineFormSet):
    def clean(self) -> None:
        super().clean()
        seen, already = set(), self._saved_meanwhile()
        usable = owners_open_to(self.instance.owner_id)
        for form in self.forms:
            if not form.is_valid() or form.cleaned_data.get("DELETE"):
                continue
            template = form.cleaned_data.get("template")
            if template and template.owner_id not in usable:
                raise ValidationError(
                    f"“{template}” has another owner than the task, not a team of this owner."
                )
            variant = tuple(form.cleaned_data.get(name) or None for name in VARIANT)
            if template and variant in seen:
                raise ValidationError(
                    f"“{template}” is here twice: raise its weight, or give it another subject, "
                    "preview text, sender or language."
                )
            sender = form.cleaned_data.get("sender")
            if sender and sender.owner_id not in usable:
                raise ValidationError(
                    f"“{sender}” has another owner than the task, not a team of this owner."
                )
            if template and variant in already:
                raise ValidationError(
                    f"“{template}” was added to the task since this page was opened. Nothing was "
                    "saved now; open the task again."
                )
            seen.add(variant)

    def _saved_meanwhile(self) -> set[tuple[Any, ...]]:
        """The task's variants that are not in the posted form: saved in another tab or by a double
        click."""
        shown = [form.instance.pk for form in self.forms if form.instance.pk]
        saved = TaskTemplate.objects.filter(task=self.instance.pk).exclude(pk__in=shown)
        saved = saved.select_related("template", "sender")
        return {tuple(getattr(row, name) or None for name in VARIANT) for row in saved}


class TemplateInline(Autocompletes, TabularInline):
    model = TaskTemplate
    form = TemplateRow
    formset = TemplateFormSet
    fields = ("template", "language", "weight", "subject", "preview_text", "sender")
    extra = 0
    min_num = 1
    max_num = MOST_TEMPLATES
    hide_title = True
    autocomplete_fields = ("template", "sender")
    verbose_name = "template"
    verbose_name_plural = "templates, one for each recipient by language and weight"

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
            if db_field.name in ("subject", "preview_text"):
                field.widget.attrs["placeholder"] = "the template's"
        return field

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_add_permission(request, obj)


def _is_used(field: str, task: Task) -> bool:
    return UNUSED_UNLESS.get(field, task.audience) == task.audience


def _is_open(task: Task | None) -> bool:
    """Only drafts can be changed: what is launched is frozen."""
    return task is None or task.status == TaskStatus.DRAFT


def _sender_of_templates(task: Task) -> Sender | None:
    usable = Sender.objects.filter(owner__in=owners_open_to(task.owner_id))
    choices = TaskTemplate.objects.filter(task=task, template__sender__in=usable)
    first = choices.order_by("pk").select_related("template__sender").first()
    return first.template.sender if first else None


@admin.register(Task)
class TaskAdmin(
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
            "Audience",
            {
                "fields": AUDIENCE,
                "description": "Contacts, tags and segments are those of the task's owner alone; "
                "sender, templates and services may also be those of a team that the owner is in.",
            },
        ),
        ("Delivery", {"fields": ("services",)}),
        ("Tracking", {"fields": ("track_opens", "track_clicks")}),
    )
    # In JavaScript. Where the task is only shown there is no field of this name to look at.
    conditional_fields = {
        "include_tags": "typeof audience === 'undefined' || audience === 'tags'",
        "include_segments": "typeof audience === 'undefined' || audience === 'tags'",
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
        return [
            (title, {**rest, "fields": [name for name in rest["fields"] if _is_used(name, obj)]})
            for title, rest in fieldsets
        ]

    def _create_formsets(self, request: HttpRequest, obj: Any, change: bool) -> Any:
        """A test looks at the templates that are sent with it."""
        formsets, inlines = super()._create_formsets(request, obj, change)  # type: ignore[misc]  # private
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
        return _is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """There is no action that deletes many: it would look for all SubTasks of each."""
        return _is_open(obj) and super().has_delete_permission(request, obj)

    def save_related(self, request: HttpRequest, form: Any, *args: Any) -> None:
        """A task that names no sender begins with that of its template, if it may use it."""
        super().save_related(request, form, *args)
        task: Task = form.instance
        if task.sender is None and (sender := _sender_of_templates(task)):
            task.sender = sender
            task.save(update_fields=["sender"])
            messages.info(request, f"The sender is that of the template: {sender}.")

    def panel_of(self, request: HttpRequest, row: Task) -> dict[str, Any]:
        progress = progress_of(row, request.user)
        return {
            "progress": progress,
            "is_launched": progress.is_launched,
            "deeds": deeds_of(row),
            "follow_ups": self.follow_ups_of(request, row),
            "approval": approval_panel(row),
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
