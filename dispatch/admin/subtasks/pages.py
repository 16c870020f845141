"""SubTasks: looked up, retried when failed, and decided on when in doubt. Never edited.

Registered here and not beside the Task because a decision belongs to the dispatch side.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from access.ownership import SEE_EVERYTHING
from addressing.addresses import as_written
from admin_kit.base import WithPanel, staff
from admin_kit.filters import RelatedRowFilter, TimeRangeFilter
from admin_kit.lists import ChangeList
from admin_kit.typed import Colours, DropdownFilter, label
from admin_kit.words.moments import to_the_minute
from admin_kit.words.stored_texts import shown_reply
from campaigns.ab_tests.variants import letters_of
from campaigns.models import Content, FailureReason, SubTask, SubTaskStatus
from campaigns.models.ab_test import UNTIL_RELEASED
from campaigns.models.stage import Stage, condition
from campaigns.wording import subject_in_words
from dispatch.admin.service_filter import ServiceFilter
from dispatch.admin.subtasks.actions import SubTaskActions
from dispatch.admin.subtasks.as_sent import SeesMessages, message_id_of
from dispatch.admin.subtasks.doubt import doubt_of
from dispatch.admin.subtasks.doubts import DoubtQueue
from dispatch.admin.subtasks.matching import CountedChangeList
from dispatch.admin.subtasks.search import (
    own_task_ids,
    states_asked,
    subtasks_to,
    tasks_with,
    unfinished_task_ids,
)
from dispatch.admin.subtasks.story import story_of
from dispatch.waiting import words
from dispatch.waiting.why import why_message
from tracking.feedback import events_of

OF_FAILED = ("failure", "reply")
UNFINISHED = {SubTaskStatus.PENDING, SubTaskStatus.ALLOCATED, SubTaskStatus.SENDING}
IN_DOUBT, CANCELLED = _("In doubt"), _("Cancelled")
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
    CANCELLED: "",
    IN_DOUBT: "warning",
}


UNDONE = (Stage.FAILED, Stage.CANCELLED)
MOST_DIGITS = 9
"""Of the key of a campaign."""


class InDoubtFilter(DropdownFilter):
    title = _("in doubt")
    parameter_name = "in_doubt"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("In doubt")), ("no", gettext("Not in doubt"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "yes":
            return queryset.filter(in_doubt_since__isnull=False)
        return queryset.filter(in_doubt_since=None) if self.value() == "no" else queryset


class StageFilter(DropdownFilter):
    """As the page of a campaign counts them."""

    title = _("how far it got")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(stage.value, str(stage.label)) for stage in Stage]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        return (
            queryset.filter(condition(Stage(value))) if value in Stage.values else queryset.none()
        )


def has_variants(task: str) -> bool:
    """Whether the messages of this campaign, as it was asked for, are not all alike."""
    if not task.isdecimal() or len(task) > MOST_DIGITS:
        return False
    return Content.objects.filter(task=int(task)).order_by()[:2].count() > 1


class SubTaskList(CountedChangeList):
    """Loads which variant each message on the page is with two queries."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        subtasks: list[Any] = list(self.result_list)
        letters = letters_of(subtask.task_id for subtask in subtasks)
        contents = Content.objects.filter(pk__in={subtask.content_id for subtask in subtasks})
        languages = dict(contents.exclude(language="").values_list("pk", "language"))
        for subtask in subtasks:
            content = subtask.content_id
            subtask.told_variant = letters.get(content) or languages.get(content, "")


def _waits(subtask: SubTask) -> list[str]:
    """Why a message is not sent yet, and when it can be."""
    if subtask.status != SubTaskStatus.PENDING:
        return []
    found = why_message(subtask)
    return [*words.sentences(found), *filter(None, [words.next_start(found)])]


def outcome_of(subtask: SubTask) -> str:
    """What has become of it, in a word or two."""
    if subtask.failure_reason == FailureReason.CANCELLED:
        return str(CANCELLED)
    return str(IN_DOUBT) if subtask.in_doubt_since else str(subtask.get_status_display())


@admin.register(SubTask)
class SubTaskAdmin(DoubtQueue, SubTaskActions, SeesMessages, WithPanel):
    has_history = True
    list_display = ("recipient", "task", "variant", "status_label", "why", "service", "sent")
    list_display_links = ("recipient",)
    list_select_related = ("task", "service")
    list_filter = (
        ("task", RelatedRowFilter),
        ("status", ChoicesDropdownFilter),
        InDoubtFilter,
        StageFilter,
        ("failure_reason", ChoicesDropdownFilter),
        ServiceFilter,
        ("sent_at", TimeRangeFilter),
    )
    sortable_by = ()
    search_fields = ("recipient_email",)
    search_help_text = _("The whole address of a recipient")
    fieldsets = (
        (None, {"fields": ("task", "service", "sent", *OF_FAILED)}),
        (
            _("Technical details"),
            {
                "classes": ("collapse",),
                "fields": (
                    "message_id",
                    "id_of_provider",
                    "content",
                    "values",
                    "not_before",
                    "attempts",
                ),
            },
        ),
    )
    change_form_outer_before_template = "admin/campaigns/subtask/before_form.html"
    change_form_outer_after_template = "admin/campaigns/subtask/story.html"

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without what the filters say of each row already, and without what no row has."""
        without = {"why"} if request.GET.get("stage", Stage.FAILED) not in UNDONE else set[str]()
        task = request.GET.get("task__id__exact", "")
        without.add("task" if task else "variant")
        if task and not has_variants(task):
            without.add("variant")
        return [name for name in super().get_list_display(request) if name not in without]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without what only a message has that was refused."""
        (title, first), *rest = super().get_fieldsets(request, obj)
        if obj is not None and not obj.failure_reason and not obj.error:
            first = {**first, "fields": [each for each in first["fields"] if each not in OF_FAILED]}
        return [(title, first), *rest]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        subtasks = super().get_queryset(request).defer("variables", "error")
        sees_all = staff(request).has_perm(SEE_EVERYTHING)
        own = None if sees_all else own_task_ids(request.user)
        if (states := states_asked(request.GET)) and self._is_by_task(request):
            own = tasks_with(states, unfinished_task_ids() if own is None else own)
        return subtasks if own is None else subtasks.filter(task__in=own)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SubTaskList

    def history_for(self, request: HttpRequest, entries: QuerySet[Any]) -> QuerySet[Any]:
        """Who decided about a message is also in its story."""
        return entries

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """By an index that fits what is asked for: in any other order the rows of one task, or of
        one owner, would be looked for among all there are.
        """
        if "task__id__exact" in request.GET:
            return ("recipient_email",)
        return ("-task_id", "-recipient_email") if self._is_by_task(request) else ("-id",)

    def _is_by_task(self, request: HttpRequest) -> bool:
        """Who sees all messages has indexes by key, but not of those that wait or are under way."""
        if "task__id__exact" in request.GET:
            return False
        states = set(request.GET.getlist("status__exact"))
        sees_all = staff(request).has_perm(SEE_EVERYTHING)
        return not sees_all or bool(states) and states <= UNFINISHED

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if "\x00" in search_term:
            return queryset.none(), False
        if not search_term:
            return queryset, False
        return queryset.filter(pk__in=subtasks_to(search_term, request.user)), False

    def panel_of(self, request: HttpRequest, row: SubTask) -> dict[str, Any]:
        events = events_of(row)
        return {
            "outcome": (outcome := outcome_of(row)),
            "outcome_colour": Colours(STATUS_LABELS)[outcome],
            "recipient": self.recipient(row),
            "subject": subject_in_words(row.content.subject),
            "waits": _waits(row),
            "doubt": doubt_of(row),
            "message_url": self.url("message", row.pk),
            "story": story_of(row, {event.kind for event in events}),
            "events": events,
        }

    @admin.display(description=_("recipient"))
    def recipient(self, subtask: SubTask) -> str:
        return as_written(subtask.recipient_email)

    @admin.display(description=_("variant or language"))
    def variant(self, subtask: Any) -> str:
        return subtask.told_variant or "–"

    @label(_("status"), STATUS_LABELS)
    def status_label(self, subtask: SubTask) -> str:
        return outcome_of(subtask)

    @admin.display(description=_("values, frozen at the launch"))
    def values(self, subtask: SubTask) -> str:
        text = json.dumps(subtask.variables, ensure_ascii=False, indent=2)
        return format_html('<pre class="edm-plain">{}</pre>', text)

    @admin.display(description=_("not sent before"))
    def not_before(self, subtask: SubTask) -> str:
        if subtask.available_at == UNTIL_RELEASED:
            return gettext("the result of the A/B test")
        return to_the_minute(subtask.available_at)

    @admin.display(description=_("last reply"))
    def reply(self, subtask: SubTask) -> str:
        return (
            format_html('<div class="edm-plain">{}</div>', shown_reply(subtask.error))
            if subtask.error
            else "–"
        )

    @admin.display(description=_("why it failed"))
    def failure(self, subtask: SubTask) -> str:
        return self.why(subtask)

    @admin.display(description=_("Message-ID"))
    def message_id(self, subtask: SubTask) -> str:
        return message_id_of(subtask) or "–"

    @admin.display(description=_("provider message id"))
    def id_of_provider(self, subtask: SubTask) -> str:
        return subtask.provider_message_id or "–"

    @admin.display(description=_("failure reason"))
    def why(self, subtask: SubTask) -> str:
        return str(subtask.get_failure_reason_display()) or "–"

    @admin.display(description=_("sent at"))
    def sent(self, subtask: SubTask) -> str:
        return to_the_minute(subtask.sent_at)
