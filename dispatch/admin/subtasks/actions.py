"""What staff do with SubTasks, many in the list or one on its page: retry, or decide what is in
doubt. Each is asked first and logged with every SubTask it changed.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from admin_kit.base import LedgerAdmin, staff
from admin_kit.confirmation import Question, ask, bulk_question, is_confirmed, say
from admin_kit.history import log_each
from admin_kit.lists import ChangeList
from admin_kit.typed import button
from campaigns.admin import retrying
from campaigns.models import SubTask, SubTaskStatus
from campaigns.state import bulk, retries
from dispatch.admin.subtasks import matching
from dispatch.admin.subtasks.deeds import GIVE_UP, RETRY_FAILED, SEND_AGAIN, WAS_SENT, Deed
from dispatch.admin.subtasks.matching import CountedChangeList
from dispatch.deciding import DECIDE


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
        return request.user.has_perm(bulk.RETRY)

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

    @button(_("Retry"), "retry", icon="replay", permissions=[bulk.RETRY])
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
        if request.POST.get("select_across") == "1":
            return self._all(request, subtasks, action, deed)
        if is_confirmed(request):
            self._do(request, subtasks, deed)
            return None
        return self._ask(request, action, deed.ask(subtasks))

    def _all(
        self, request: HttpRequest, subtasks: QuerySet[SubTask], action: str, deed: Deed
    ) -> HttpResponse | None:
        """All that match, as they were when the question was put."""
        if not matching.can_choose_all(request):
            _too_wide(request)
            return None
        at = retrying.asked_at(request)
        rows = matching.rows_of(deed, subtasks, at)
        if matching.is_too_many(rows):
            return self._in_the_cluster(request, rows, action, deed)
        if is_confirmed(request):
            self._do(request, rows, deed)
            return None
        return self._ask(request, action, deed.ask(rows), at)

    def _in_the_cluster(
        self, request: HttpRequest, rows: QuerySet[SubTask], action: str, deed: Deed
    ) -> HttpResponse | None:
        at = retrying.asked_at(request)
        chosen = matching.selection(request, at)
        if chosen is None:
            _too_wide(request)
            return None
        if is_confirmed(request):
            return retrying.begin(request, deed.name, chosen, matching.title_of(request, chosen))
        total = bulk.DEEDS[deed.name].total(staff(request), chosen)
        question = retrying.in_the_background(deed.ask_many(rows, total))
        return self._ask(request, action, question, at)

    def _ask(
        self, request: HttpRequest, action: str, question: Question, at: dt.datetime | None = None
    ) -> HttpResponse:
        question = bulk_question(request, action, question)
        question = question if at is None else retrying.put_at(question, at)
        return ask(request, self, question, back_url=request.get_full_path())

    def _one(self, request: HttpRequest, object_id: str, deed: Deed) -> HttpResponse:
        subtask = self.visible(request, object_id)
        only: QuerySet[SubTask] = SubTask.objects.filter(pk=subtask.pk)
        back = self.url("change", subtask.pk)
        if is_confirmed(request):
            self._do(request, only, deed)
            return HttpResponseRedirect(back)
        return ask(request, self, deed.ask(only), original=subtask, back_url=back)

    def _do(self, request: HttpRequest, subtasks: QuerySet[SubTask], deed: Deed) -> None:
        ids, text = deed.do(subtasks, staff(request))
        log_each(request, SubTask.objects.filter(pk__in=ids).only("recipient_email"), deed.entry)
        say(request, text, error=not ids)


def _too_wide(request: HttpRequest) -> None:
    say(request, str(matching.TOO_WIDE), error=True)
