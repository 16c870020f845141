from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from campaigns.admin.base import LedgerAdmin
from campaigns.admin.typed import label
from campaigns.models import SubTask, Task
from campaigns.models.ownership import SEE_EVERYTHING
from dispatch.admin.service_filter import ServiceFilter
from dispatch.models import Attempt, AttemptOutcome

OUTCOME_LABELS = {
    AttemptOutcome.ACCEPTED.label: "success",
    AttemptOutcome.DEFERRED.label: "warning",
    AttemptOutcome.REJECTED.label: "danger",
    AttemptOutcome.SERVICE_ERROR.label: "danger",
    AttemptOutcome.UNKNOWN.label: "warning",
}


@admin.register(Attempt)
class AttemptAdmin(LedgerAdmin):
    """The proof of what was handed over; nobody edits it."""

    list_display = ("id", "recipient", "service", "outcome_label", "code", "started_at", "reply")
    list_display_links = ("id",)
    list_select_related = ("subtask", "service")
    list_filter = (
        ("outcome", ChoicesDropdownFilter),
        ServiceFilter,
        ("started_at", RangeDateTimeFilter),
    )
    sortable_by = ()
    search_fields = ("subtask__recipient_email",)
    search_help_text = "The whole address of a recipient"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        attempts = super().get_queryset(request).defer("subtask__variables", "subtask__error")
        if request.user.has_perm(SEE_EVERYTHING):
            return attempts
        return attempts.filter(subtask__task__owner=request.user.pk)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if "\x00" in search_term:
            return queryset.none(), False
        if not search_term:
            return queryset, False
        return queryset.filter(subtask__in=subtasks_to(search_term, request.user)), False

    @admin.display(description="recipient")
    def recipient(self, attempt: Attempt) -> str:
        return attempt.subtask.recipient_email

    @label("outcome", OUTCOME_LABELS)
    def outcome_label(self, attempt: Attempt) -> str:
        return str(attempt.get_outcome_display())


def subtasks_to(address: str, user: Any) -> list[int]:
    """The keys of a recipient's SubTasks, the newest 1,000.

    The unique index on (task, recipient) finds them once per task; together with the order and the
    limit of a list the planner would rather walk the whole table.
    """
    found = SubTask.objects.filter(
        task__in=Task.objects.visible_to(user), recipient_email=address.strip().lower()
    )
    return sorted(found.values_list("pk", flat=True), reverse=True)[:1000]
