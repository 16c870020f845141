"""The page with the results of a campaign in each of its languages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import page
from campaigns.languages import results
from campaigns.languages.tags import named
from campaigns.models import Tally, Task

EVERYONE_ELSE = _("For everyone else")
COUNTED = "counted"
AT_ONCE = 100_000
"""The messages of more are counted after the page is shown."""


class LanguageResults(OwnedAdmin):
    """For the page of a task."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.languages_view)
        name = "campaigns_task_languages"
        return [path("<path:object_id>/languages/", view, name=name), *super().get_urls()]

    def languages_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        task: Task = self.visible(request, object_id)
        is_later = _is_big(task) and COUNTED not in request.GET
        rows = [
            (named(row.language) if row.language else EVERYONE_ELSE, row)
            for row in ([] if is_later else results.of(task))
        ]
        return page(
            request,
            self,
            "admin/campaigns/task/languages.html",
            title=gettext("Results by language"),
            original=task,
            rows=rows,
            counted_url=f"?{COUNTED}=1" if is_later else "",
            back_url=reverse("admin:campaigns_task_change", args=[task.pk]),
        )


def _is_big(task: Task) -> bool:
    return Tally.objects.counts(task.pk).total > AT_ONCE


def url_of(task: Task) -> str:
    """Of the page; "" for a campaign in one language, or before its launch."""
    if not results.are_there(task):
        return ""
    return reverse("admin:campaigns_task_languages", args=[task.pk])
