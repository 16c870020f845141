"""Attempts: the proof of what was handed over, read-only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from access.ownership import SEE_EVERYTHING
from addressing.addresses import as_written
from admin_kit.base import LedgerAdmin, staff
from admin_kit.filters import TimeRangeFilter
from admin_kit.typed import label
from admin_kit.words.moments import to_the_millisecond, to_the_second
from admin_kit.words.stored_texts import shown_reply
from dispatch.admin.service_filter import ServiceFilter
from dispatch.admin.subtasks.search import own_task_ids, subtasks_to
from dispatch.models import Attempt, AttemptOutcome

NEWEST = 100_000
"""Among so many attempts of everybody an owner's own are listed; older ones are searched for."""

OUTCOME_LABELS = {
    AttemptOutcome.ACCEPTED.label: "success",
    AttemptOutcome.DEFERRED.label: "warning",
    AttemptOutcome.REJECTED.label: "danger",
    AttemptOutcome.SERVICE_ERROR.label: "danger",
    AttemptOutcome.UNKNOWN.label: "warning",
    AttemptOutcome.NOT_STARTED.label: "info",
    AttemptOutcome.RESTORED.label: "success",
}


@admin.register(Attempt)
class AttemptAdmin(LedgerAdmin):
    list_display = ("recipient", "service", "outcome_label", "started_to_the_second", "said")
    list_display_links = ("recipient",)
    list_select_related = ("subtask", "service")
    list_filter = (
        ("outcome", ChoicesDropdownFilter),
        ServiceFilter,
        ("started_at", TimeRangeFilter),
    )
    sortable_by = ()
    search_fields = ("subtask__recipient_email",)
    search_help_text = _("The whole address of a recipient")
    fieldsets = (
        (None, {"fields": ("of_subtask", "service", "outcome", "said", "started_to_the_second")}),
        (
            _("Technical details"),
            {
                "classes": ("collapse",),
                "fields": ("slot", "started", "finished", "dispatcher_id", "claim_token"),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        attempts = super().get_queryset(request).defer("subtask__variables", "subtask__error")
        if staff(request).has_perm(SEE_EVERYTHING):
            return attempts
        return attempts.filter(subtask__task__in=own_task_ids(request.user))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.shown_name = self.recipient(found)
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if "\x00" in search_term:
            return queryset.none(), False
        if search_term:
            return queryset.filter(subtask__in=subtasks_to(search_term, request.user)), False
        if staff(request).has_perm(SEE_EVERYTHING):
            return queryset, False
        newest = Attempt.objects.aggregate(newest=Max("pk"))["newest"] or 0
        return queryset.filter(pk__gt=newest - NEWEST), False

    @admin.display(description=_("recipient"))
    def recipient(self, attempt: Attempt) -> str:
        return as_written(attempt.subtask.recipient_email)

    @admin.display(description=_("message"))
    def of_subtask(self, attempt: Attempt) -> str:
        url = reverse("admin:campaigns_subtask_change", args=[attempt.subtask_id])
        return format_html('<a href="{}" class="edm-link">{}</a>', url, attempt.subtask)

    @label(_("outcome"), OUTCOME_LABELS)
    def outcome_label(self, attempt: Attempt) -> str:
        return str(attempt.get_outcome_display())

    @admin.display(description=_("reply"))
    def said(self, attempt: Attempt) -> str:
        """The code and the words of the server."""
        code = str(attempt.code or "")
        return f"{code} {shown_reply(attempt.reply)}".strip() or "–"

    @admin.display(description=_("started"))
    def started_to_the_second(self, attempt: Attempt) -> str:
        return to_the_second(attempt.started_at)

    @admin.display(description=_("slot"))
    def slot(self, attempt: Attempt) -> str:
        return to_the_millisecond(attempt.slot_at)

    @admin.display(description=_("start"))
    def started(self, attempt: Attempt) -> str:
        return to_the_millisecond(attempt.started_at)

    @admin.display(description=_("finished"))
    def finished(self, attempt: Attempt) -> str:
        return to_the_millisecond(attempt.finished_at)
