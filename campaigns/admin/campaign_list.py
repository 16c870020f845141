"""The list of campaigns: what state each is in, how far it is, what came back, and why it waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from admin_kit.base import ChangeList, SafeAdmin
from admin_kit.filters import RelatedRowFilter, TimeRangeFilter
from admin_kit.moments import to_the_minute
from admin_kit.numbers import number
from admin_kit.typed import label
from campaigns.admin.progress import STATUS_COLOURS, Progress, bar
from campaigns.models import Tally, Task, TaskStatus
from campaigns.models.tally import TaskCounts


class Facts(NamedTuple):
    """What dependent apps know of a campaign: why it waits and when it will be done, in sentences;
    its rates, each with a name."""

    said: Sequence[str] = ()
    rates: Sequence[tuple[str, str]] = ()


FACTS: list[Callable[[Sequence[Task], Mapping[int, TaskCounts]], Mapping[int, Facts]]] = []
"""Functions of dependent apps (dispatch), in as many queries for a page as for one campaign."""


class CampaignChangeList(ChangeList):
    """Loads the counts of all campaigns on the page, and what else is known of them, at once."""

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
        "audience_size",
        "when",
        "results",
        "outlook",
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
        "Campaigns stand here, from the first draft to the last result. Begin with “Add”."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CampaignChangeList

    @label(gettext_lazy("state"), STATUS_COLOURS)
    def status_label(self, task: Any) -> str:
        return str(task.progress.status_text)

    @admin.display(description=gettext_lazy("progress"))
    def progress_bar(self, task: Any) -> str:
        if not task.progress.is_launched:
            return "–"
        return format_html("<div>{}<p>{}</p></div>", bar(task.progress), task.progress.summary)

    @admin.display(description=gettext_lazy("audience"))
    def audience_size(self, task: Any) -> str:
        total = task.progress.counts.total
        return number(total) if total else "–"

    @admin.display(description=gettext_lazy("when"))
    def when(self, task: Task) -> str:
        """Of its state: when it is to be launched, was launched, ended, or was made."""
        for at, text in _moments(task):
            if at is not None:
                return text % {"time": to_the_minute(at)}
        return "–"

    @admin.display(description=gettext_lazy("results"))
    def results(self, task: Any) -> str:
        rates = [rate for facts in task.facts for rate in facts.rates]
        return _lines(f"{name}: {rate}" for name, rate in rates)

    @admin.display(description=gettext_lazy("end, or why it waits"))
    def outlook(self, task: Any) -> str:
        said = [sentence for facts in task.facts for sentence in facts.said]
        return _lines(said)


def _lines(texts: Iterable[str]) -> str:
    lines = format_html_join("", "<p>{}</p>", ([text] for text in texts))
    return format_html("<div>{}</div>", lines) if lines else "–"


def _moments(task: Task) -> list[tuple[dt.datetime | None, str]]:
    if task.status == TaskStatus.SCHEDULED:
        return [(task.scheduled_at, _("To be launched %(time)s"))]
    return [
        (task.completed_at, _("Done %(time)s")),
        (task.cancelled_at, _("Cancelled %(time)s")),
        (task.launched_at, _("Launched %(time)s")),
        (task.created_at, _("Made %(time)s")),
    ]
