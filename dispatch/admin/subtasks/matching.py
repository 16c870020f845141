"""All messages that match the filters of the list: which can be counted and chosen, and how the
cluster is told of more of them than a request may change.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import staff
from admin_kit.lists import ChangeList
from admin_kit.words.listing import listed
from campaigns.models import SubTask, SubTaskStatus, Tally, Task
from campaigns.models import stage as stages
from campaigns.models.stage import Stage
from campaigns.state import bulk
from dispatch.admin.subtasks.deeds import Deed
from dispatch.models import EmailService

TOO_WIDE = _(
    "Choose a campaign, with “failed” or without another filter, or “in doubt”, before you select "
    "all messages. Nothing was changed."
)
TASK, SERVICE, SEARCH = "task__id__exact", "service", "q"
PAGING = frozenset({"p", "o", "all"})
COUNTED = frozenset({TASK, "status__exact", "in_doubt", "stage", SEARCH, *PAGING})


def is_of_doubts(request: HttpRequest) -> bool:
    asked = request.GET
    return asked.get("in_doubt") == "yes" or asked.get("stage") == Stage.IN_DOUBT


def is_ambiguous(request: HttpRequest) -> bool:
    """Whether a filter is given several times, as no control of the list does: the list shows what
    any of its values matches."""
    return any(len(values) > 1 for _name, values in request.GET.lists())


def can_choose_all(request: HttpRequest) -> bool:
    """Whether an index has all that match: it has those in doubt, and all or the failed ones of one
    task.
    """
    asked = request.GET
    if is_of_doubts(request):
        return True
    if not asked.get(TASK) or asked.keys() - COUNTED or is_ambiguous(request):
        return False
    if stage := asked.get("stage"):
        return stage == Stage.FAILED
    return asked.get("status__exact", "") in ("", str(SubTaskStatus.FAILED))


class CountedChangeList(ChangeList):
    """Knows how many match where that costs little, so that all of them can be selected."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_count = len(self.result_list)
        if self.result_list and can_choose_all(request):
            self.result_count = max(self._all(request), self.result_count)
        self.full_result_count = self.result_count

    def _all(self, request: HttpRequest) -> int:
        asked = request.GET
        if is_of_doubts(request) or asked.get(SEARCH):
            return int(self.queryset.order_by().count())
        counts = Tally.objects.counts(int(asked[TASK]))
        if asked.get("stage"):
            return stages.number(Stage.FAILED, counts)
        return counts[SubTaskStatus.FAILED] if asked.get("status__exact") else counts.total


def rows_of(deed: Deed, subtasks: QuerySet[SubTask], at: dt.datetime) -> QuerySet[SubTask]:
    """Those that a deed changes at most, of all that match: none that failed or came into doubt
    after a time. In the order of the index that has them."""
    return subtasks.filter(bulk.DEEDS[deed.name].until(at)).order_by("task", "id")


def is_too_many(rows: QuerySet[SubTask]) -> bool:
    return rows.values("pk")[: bulk.MOST_AT_ONCE + 1].count() > bulk.MOST_AT_ONCE


def selection(request: HttpRequest, at: dt.datetime) -> bulk.Selection | None:
    """The filters of the list, for the cluster; None when it would choose others by them. Each
    message that a deed is about has the state that a filter by state names."""
    asked = request.GET
    if asked.get(SEARCH) or asked.keys() - COUNTED - {SERVICE} or is_ambiguous(request):
        return None
    return bulk.Selection(at, _key(asked.get(TASK)), _key(asked.get(SERVICE)))


def _key(value: str | None) -> int | None:
    return int(value) if value else None


def title_of(request: HttpRequest, chosen: bulk.Selection) -> str:
    """What the work is about, as the list of work names it."""
    user = staff(request)
    about: list[Any] = []
    if chosen.task_id is not None:
        about += Task.objects.visible_to(user).filter(pk=chosen.task_id)
    if chosen.service_id is not None:
        about += EmailService.objects.visible_to(user).filter(pk=chosen.service_id)
    return listed(about) or gettext("All campaigns")
