"""The list of campaigns: what state each is in, how far it is, what came back, and why it waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from admin_kit.base import SafeAdmin
from admin_kit.filters import RelatedRowFilter, TimeRangeFilter
from admin_kit.lists import ChangeList
from admin_kit.typed import label
from admin_kit.words.moments import to_the_minute
from campaigns.admin.progress import STATUS_COLOURS, Progress, bar
from campaigns.admin.steps.where import RESUMED
from campaigns.models import Tally, Task, TaskStatus
from campaigns.models.tally import TaskCounts


class Rate(NamedTuple):
    """A part of a campaign's messages, as it is written. One that is not known says why."""

    key: str
    name: str
    text: str
    is_known: bool


class Facts(NamedTuple):
    """What dependent apps know of a campaign: why it waits and when it will be done, in sentences;
    its rates."""

    said: Sequence[str] = ()
    rates: Sequence[Rate] = ()


FACTS: list[Callable[[Sequence[Task], Mapping[int, TaskCounts]], Mapping[int, Facts]]] = []
"""Functions of dependent apps (dispatch), in as many queries for a page as for one campaign."""


class CampaignChangeList(ChangeList):
    """Loads the counts of all campaigns on the page, and what else is known of them, at once. A
    draft opens where its steps go on."""

    def url_for_result(self, result: Any) -> str:
        if result.status == TaskStatus.DRAFT:
            return reverse(f"admin:{RESUMED}", args=[result.pk])
        return str(super().url_for_result(result))

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        tasks: list[Any] = list(self.result_list)
        counts = Tally.objects.counts_of(task.pk for task in tasks)
        found = [facts(tasks, counts) for facts in FACTS]
        for task in tasks:
            task.progress = Progress(task, counts[task.pk])
            task.facts = [each[task.pk] for each in found]


class CampaignList(SafeAdmin):
    """The columns and filters of the list."""

    list_display = (
        "name",
        "status_label",
        "progress_bar",
        "delivered",
        "opened",
        "clicked",
        "when",
    )
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("launched_at", TimeRangeFilter),
        ("services", RelatedRowFilter),
    )
    sortable_by = ("name",)
    search_fields = ("name",)
    search_help_text = gettext_lazy("Part of a name")
    list_select_related = ("owner",)
    nothing_yet = gettext_lazy(
        "Campaigns stand here, from the first draft to the last result. Begin with “New campaign”."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CampaignChangeList

    @label(gettext_lazy("state"), STATUS_COLOURS)
    def status_label(self, task: Any) -> str:
        return str(task.progress.status_text)

    @admin.display(description=gettext_lazy("progress"))
    def progress_bar(self, task: Any) -> str:
        """How far it is; of one under way, when it will be done or why it waits."""
        if not task.progress.is_launched:
            return "–"
        said = [sentence for facts in task.facts for sentence in facts.said]
        return format_html(
            '<div>{}<p class="mt-1">{}</p>{}</div>',
            bar(task.progress),
            task.progress.summary,
            format_html_join("", '<p class="text-xs">{}</p>', ([text] for text in said)),
        )

    @admin.display(description=gettext_lazy("delivered"))
    def delivered(self, task: Any) -> str:
        return _rate(task, "delivered")

    @admin.display(description=gettext_lazy("opened"))
    def opened(self, task: Any) -> str:
        return _rate(task, "opened")

    @admin.display(description=gettext_lazy("clicked"))
    def clicked(self, task: Any) -> str:
        return _rate(task, "clicked")

    @admin.display(description=gettext_lazy("when"))
    def when(self, task: Task) -> str:
        """Of its state: when it is to be launched, was launched, ended, or was made."""
        return when(task)


def _rate(task: Any, key: str) -> str:
    """A dash for what is not known: no service reports it, or it is not recorded."""
    found = (rate for facts in task.facts for rate in facts.rates if rate.key == key)
    return next((rate.text for rate in found if rate.is_known), "–")


def when(task: Task) -> str:
    for at, text in _moments(task):
        if at is not None:
            return text % {"time": to_the_minute(at)}
    return "–"


def _moments(task: Task) -> list[tuple[dt.datetime | None, str]]:
    if task.status == TaskStatus.SCHEDULED:
        return [(task.scheduled_at, _("To be launched %(time)s"))]
    return [
        (task.completed_at, _("Done %(time)s")),
        (task.cancelled_at, _("Cancelled %(time)s")),
        (task.launched_at, _("Launched %(time)s")),
        (task.created_at, _("Made %(time)s")),
    ]
