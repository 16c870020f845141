"""SubTasks: looked up, retried when failed, and decided on when in doubt. Never edited.

Registered here and not beside the Task because a decision belongs to the dispatch side.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)

from campaigns import retries
from campaigns.admin.base import LedgerAdmin, visible_rows
from campaigns.admin.confirmation import Question, ask, bulk_question, is_confirmed, say
from campaigns.admin.typed import DropdownFilter, label
from campaigns.models import SubTask, SubTaskStatus
from dispatch.admin.attempts import subtasks_to
from dispatch.admin.service_filter import ServiceFilter
from dispatch.decisions import decide
from dispatch.models import Attempt, Decision, DecisionChoice
from tracking.feedback import events_of

IN_DOUBT = "In doubt"
STATUS_LABELS = {
    SubTaskStatus.PENDING.label: "",
    SubTaskStatus.ALLOCATED.label: "info",
    SubTaskStatus.SENDING.label: "info",
    SubTaskStatus.SENT.label: "success",
    SubTaskStatus.DELIVERED.label: "success",
    SubTaskStatus.BOUNCED.label: "danger",
    SubTaskStatus.OPENED.label: "success",
    SubTaskStatus.CLICKED.label: "success",
    SubTaskStatus.FAILED.label: "danger",
    IN_DOUBT: "warning",
}
CONSEQUENCES = {
    DecisionChoice.WAS_SENT: "count as sent",
    DecisionChoice.SEND_AGAIN: "are sent again; whoever got the message already gets it twice",
    DecisionChoice.GIVE_UP: "count as failed",
}


class InDoubtFilter(DropdownFilter):
    title = "in doubt"
    parameter_name = "in_doubt"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "In doubt"), ("no", "Not in doubt")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "yes":
            return queryset.filter(in_doubt_since__isnull=False)
        return queryset.filter(in_doubt_since=None) if self.value() == "no" else queryset


@admin.register(SubTask)
class SubTaskAdmin(LedgerAdmin):
    list_display = ("id", "recipient_email", "task", "status_label", "service", "why", "sent_at")
    list_display_links = ("id", "recipient_email")
    list_select_related = ("task", "service")
    list_filter = (
        ("task", AutocompleteSelectFilter),
        ("status", ChoicesDropdownFilter),
        InDoubtFilter,
        ("failure_reason", ChoicesDropdownFilter),
        ServiceFilter,
        ("sent_at", RangeDateTimeFilter),
    )
    sortable_by = ()
    search_fields = ("recipient_email",)
    search_help_text = "The whole address of a recipient"
    actions = ("retry_failed_subtasks", "was_sent", "send_again", "give_up")
    exclude = ("claim_token",)
    change_form_outer_after_template = "admin/campaigns/subtask/history.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        subtasks = super().get_queryset(request).defer("variables", "error")
        return visible_rows(subtasks, request.user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if "\x00" in search_term:
            return queryset.none(), False
        if not search_term:
            return queryset, False
        return queryset.filter(pk__in=subtasks_to(search_term, request.user)), False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        subtask = self.get_object(request, object_id) if object_id else None
        extra = dict(extra_context or {})
        if subtask:
            extra["attempts"] = Attempt.objects.filter(subtask=subtask).select_related("service")
            extra["events"] = events_of(subtask)
            extra["decisions"] = Decision.objects.filter(subtask=subtask).select_related("user")
        return super().changeform_view(request, object_id, form_url, extra)

    @label("status", STATUS_LABELS)
    def status_label(self, subtask: SubTask) -> str:
        return IN_DOUBT if subtask.in_doubt_since else str(subtask.get_status_display())

    @admin.display(description="failure reason")
    def why(self, subtask: SubTask) -> str:
        return str(subtask.get_failure_reason_display())

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.retry_subtask")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.decide_subtask")

    @admin.action(description="Retry failed SubTasks", permissions=["retry"])
    def retry_failed_subtasks(
        self, request: HttpRequest, queryset: QuerySet[SubTask]
    ) -> HttpResponse | None:
        if is_confirmed(request):
            failed = list(queryset.filter(status=SubTaskStatus.FAILED).values_list("pk", flat=True))
            say(request, retries.retry_failed(queryset).explain())
            retried = SubTask.objects.filter(pk__in=failed).exclude(status=SubTaskStatus.FAILED)
            log_each(request, retried, "Tried again.")
            return None
        plan = retries.plan(queryset)
        question = Question(
            "Retry failed SubTasks?",
            plan.explain(),
            f"Retry {plan.retryable:,} SubTasks",
            problems=() if plan.retryable else (f"None can be sent again. {plan.explain()}",),
        )
        return self._ask(request, "retry_failed_subtasks", question)

    @admin.action(description="In doubt: it was sent", permissions=["decide"])
    def was_sent(self, request: HttpRequest, queryset: QuerySet[SubTask]) -> HttpResponse | None:
        return self._decide(request, queryset, DecisionChoice.WAS_SENT)

    @admin.action(description="In doubt: send again, may duplicate", permissions=["decide"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[SubTask]) -> HttpResponse | None:
        return self._decide(request, queryset, DecisionChoice.SEND_AGAIN)

    @admin.action(description="In doubt: give up", permissions=["decide"])
    def give_up(self, request: HttpRequest, queryset: QuerySet[SubTask]) -> HttpResponse | None:
        return self._decide(request, queryset, DecisionChoice.GIVE_UP)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[SubTask], choice: DecisionChoice
    ) -> HttpResponse | None:
        doubtful = queryset.filter(in_doubt_since__isnull=False)
        ids = list(doubtful.order_by("pk").values_list("pk", flat=True))
        if is_confirmed(request):
            done = decide(ids, choice, request.user)  # type: ignore[arg-type]  # staff only
            settled = SubTask.objects.filter(pk__in=ids, in_doubt_since=None)
            log_each(request, settled, f"Decided: {choice.label}.")
            say(request, f"{done:,} SubTasks: {choice.label.lower()}.")
            return None
        question = Question(
            f"{choice.label}?",
            f"{len(ids):,} of the selected SubTasks are in doubt. They {CONSEQUENCES[choice]}. "
            "The choice is recorded with your name.",
            choice.label,
            problems=() if ids else ("None of the selected SubTasks is in doubt.",),
            danger=choice == DecisionChoice.SEND_AGAIN,
        )
        return self._ask(request, choice.value, question)

    def _ask(self, request: HttpRequest, action: str, question: Question) -> HttpResponse:
        question = bulk_question(request, action, question)
        return ask(request, self, question, back_url=request.get_full_path())


def log_each(request: HttpRequest, subtasks: QuerySet[SubTask], text: str) -> None:
    """One entry in each SubTask's history."""
    content_type = ContentType.objects.get_for_model(SubTask)
    LogEntry.objects.bulk_create(
        (
            LogEntry(
                user_id=request.user.pk,
                content_type=content_type,
                object_id=str(subtask.pk),
                object_repr=str(subtask)[:200],
                action_flag=CHANGE,
                change_message=text,
            )
            for subtask in subtasks.only("pk", "recipient_email")
        ),
        batch_size=1000,
    )
