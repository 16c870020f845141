"""What staff do with SubTasks, many in the list or one on its page: retry, or decide what is in
doubt. Each is asked first and logged with every SubTask it changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from admin_kit import numbers, stored_texts
from admin_kit.base import ChangeList, LedgerAdmin, staff
from admin_kit.confirmation import Question, ask, bulk_question, is_confirmed, say
from admin_kit.history import log_each
from admin_kit.typed import button
from campaigns.models import SubTask, SubTaskStatus, TaskStatus
from campaigns.models.stage import Stage
from campaigns.state import retries
from dispatch.decisions import decide
from dispatch.models import DecisionChoice

EFFECTS = {
    DecisionChoice.WAS_SENT: _("Each counts as sent."),
    DecisionChoice.SEND_AGAIN: _("Each is sent again; who got the message already gets it twice."),
    DecisionChoice.GIVE_UP: _("Each counts as failed and is not sent again."),
}
RETRY, DECIDE = "campaigns.retry_subtask", "campaigns.decide_subtask"


@dataclass(frozen=True, slots=True)
class Deed:
    """`do` returns the ids it changed and what to say."""

    question: Callable[[QuerySet[SubTask]], Question]
    do: Callable[[QuerySet[SubTask], Any], tuple[list[int], str]]
    entry: str


def ask_retry(subtasks: QuerySet[SubTask]) -> Question:
    plan = retries.plan(subtasks)
    return Question(
        gettext("Retry failed messages?"),
        plan.explain(),
        _filled(
            ngettext("Retry %(count)s message", "Retry %(count)s messages", plan.retryable),
            plan.retryable,
        ),
        problems=()
        if plan.retryable
        else (gettext("None can be sent again. %(why)s") % {"why": plan.left_out()},),
    )


def retry(subtasks: QuerySet[SubTask], user: Any) -> tuple[list[int], str]:
    done = retries.retry_failed(subtasks)
    return done.ids, done.explain()


def decision(choice: DecisionChoice) -> Deed:
    """What it takes to settle doubts in this way."""

    def ask_decision(subtasks: QuerySet[SubTask]) -> Question:
        unsettled = in_doubt(subtasks)
        number, cancelled = unsettled.count(), 0
        if choice == DecisionChoice.SEND_AGAIN:
            cancelled = unsettled.filter(task__status=TaskStatus.CANCELLED).count()
        left_out = (
            gettext("%(count)s: their campaign is cancelled, they fail")
            % {"count": numbers.number(cancelled)}
            if cancelled
            else ""
        )
        return Question(
            f"{choice.label}?",
            _filled(
                ngettext(
                    "%(count)s message in doubt. %(effect)s Your choice is recorded with your "
                    "name.",
                    "%(count)s messages in doubt. %(effect)s Your choice is recorded with your "
                    "name.",
                    number,
                ),
                number,
                effect=EFFECTS[choice],
            ),
            str(choice.label),
            details=[(gettext("Not sent again"), left_out)] if left_out else (),
            problems=() if number else (gettext("Nothing that was selected is in doubt."),),
            danger=choice == DecisionChoice.SEND_AGAIN,
        )

    def settle(subtasks: QuerySet[SubTask], user: Any) -> tuple[list[int], str]:
        ids = decide(list(in_doubt(subtasks).values_list("pk", flat=True)), choice, user)
        if not ids:
            return ids, gettext("Nothing was changed: what was selected is not in doubt any more.")
        text = ngettext(
            "%(count)s message in doubt: %(decision)s.",
            "%(count)s messages in doubt: %(decision)s.",
            len(ids),
        )
        return ids, _filled(text, len(ids), decision=choice.label.lower())

    with stored_texts.in_english():
        entry = gettext_noop("Decided: %(reason)s.") % {"reason": choice.label}
    return Deed(ask_decision, settle, entry)


def _filled(text: str, number: int, **values: object) -> str:
    return text % {"count": numbers.number(number), **values}


def in_doubt(subtasks: QuerySet[SubTask]) -> QuerySet[SubTask]:
    return subtasks.filter(in_doubt_since__isnull=False)


RETRY_FAILED = Deed(ask_retry, retry, gettext_noop("Tried again."))
WAS_SENT, SEND_AGAIN, GIVE_UP = (
    decision(choice)
    for choice in (DecisionChoice.WAS_SENT, DecisionChoice.SEND_AGAIN, DecisionChoice.GIVE_UP)
)


MOST_AT_ONCE = 5_000
"""SubTasks that one action is about, when all that match are selected."""
TOO_WIDE = _(
    "Choose a campaign, with “failed” or without another filter, or “in doubt”, before you select "
    "all messages. Nothing was changed."
)
COUNTED = frozenset({"task__id__exact", "status__exact", "in_doubt", "stage", "q", "p", "o", "all"})


def indexed_order(request: HttpRequest) -> str:
    """The column after which an index has all that match; "" where none has: it has those in doubt,
    and all or the failed ones of one task.
    """
    asked = request.GET
    if asked.get("in_doubt") == "yes" or asked.get("stage") == Stage.IN_DOUBT:
        return "id"
    if not asked.get("task__id__exact") or asked.keys() - COUNTED:
        return ""
    if stage := asked.get("stage"):
        return "id" if stage == Stage.FAILED else ""
    status = asked.get("status__exact", "")
    return {"": "recipient_email", str(SubTaskStatus.FAILED): "id"}.get(status, "")


class CountedChangeList(ChangeList):
    """Knows how many match where that costs little, so that all of them can be selected."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_count = len(self.result_list)
        if order := indexed_order(request):
            first = self.queryset.order_by(order).values("pk")[:MOST_AT_ONCE]
            self.result_count = max(first.count(), self.result_count)
        self.full_result_count = self.result_count


class SubTaskActions(LedgerAdmin):
    """The actions of the list, and the buttons of a SubTask's page."""

    list_disable_select_all = False
    actions = ("retry_failed_subtasks", "was_sent", "send_again", "give_up")
    actions_detail = ("retry_this", "was_sent_this", "send_again_this", "give_up_this")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Those that the SubTask's state allows."""
        subtask = self.get_object(request, str(object_id))
        actions = super().get_actions_detail(request, object_id)
        if subtask and subtask.in_doubt_since:
            return [each for each in actions if not each.action_name.endswith("retry_this")]
        if subtask and subtask.status == SubTaskStatus.FAILED:
            may = retries.may_help(SubTask.objects.filter(pk=subtask.pk))
            return [each for each in actions if may and each.action_name.endswith("retry_this")]
        return []

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(RETRY)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(DECIDE)

    @admin.action(description=_("Retry failed SubTasks"), permissions=["retry"])
    def retry_failed_subtasks(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._many(request, queryset, "retry_failed_subtasks", RETRY_FAILED)

    @admin.action(description=_("In doubt: it was sent"), permissions=["decide"])
    def was_sent(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._many(request, queryset, "was_sent", WAS_SENT)

    @admin.action(description=_("In doubt: send again, may duplicate"), permissions=["decide"])
    def send_again(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._many(request, queryset, "send_again", SEND_AGAIN)

    @admin.action(description=_("In doubt: give up"), permissions=["decide"])
    def give_up(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._many(request, queryset, "give_up", GIVE_UP)

    @button(_("Retry"), "retry", icon="replay", permissions=[RETRY])
    def retry_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._one(request, object_id, RETRY_FAILED)

    @button(_("It was sent"), "was-sent", icon="check", permissions=[DECIDE])
    def was_sent_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._one(request, object_id, WAS_SENT)

    @button(
        _("Send again"),
        "send-again",
        icon="replay",
        variant=ActionVariant.WARNING,
        permissions=[DECIDE],
    )
    def send_again_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._one(request, object_id, SEND_AGAIN)

    @button(_("Give up"), "give-up", icon="close", permissions=[DECIDE])
    def give_up_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._one(request, object_id, GIVE_UP)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CountedChangeList

    def _many(
        self, request: HttpRequest, subtasks: QuerySet[SubTask], action: str, deed: Deed
    ) -> HttpResponse | None:
        is_all = request.POST.get("select_across") == "1"
        if is_all and not indexed_order(request):
            say(request, str(TOO_WIDE), error=True)
            return None
        if is_all:
            subtasks = _first(subtasks)
        if is_confirmed(request):
            self._do(request, subtasks, deed)
            return None
        question = bulk_question(request, action, deed.question(subtasks))
        return ask(request, self, question, back_url=request.get_full_path())

    def _one(self, request: HttpRequest, object_id: str, deed: Deed) -> HttpResponse:
        subtask = self.visible(request, object_id)
        only: QuerySet[SubTask] = SubTask.objects.filter(pk=subtask.pk)
        back = self.url("change", subtask.pk)
        if is_confirmed(request):
            self._do(request, only, deed)
            return HttpResponseRedirect(back)
        return ask(request, self, deed.question(only), original=subtask, back_url=back)

    def _do(self, request: HttpRequest, subtasks: QuerySet[SubTask], deed: Deed) -> None:
        ids, text = deed.do(subtasks, staff(request))
        log_each(request, SubTask.objects.filter(pk__in=ids).only("recipient_email"), deed.entry)
        say(request, text, error=not ids)


def _first(subtasks: QuerySet[SubTask]) -> QuerySet[SubTask]:
    """As many as one action may be about, in a fixed order."""
    ids = list(subtasks.order_by("task", "id").values_list("pk", flat=True)[:MOST_AT_ONCE])
    chosen: QuerySet[SubTask] = SubTask.objects.filter(pk__in=ids)
    return chosen
