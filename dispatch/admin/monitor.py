"""The monitor: how sending goes, for operators. It refreshes itself."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from access.ownership import SEE_EVERYTHING
from admin_kit.words.listing import listed
from admin_kit.words.moments import to_the_second
from dispatch import counters
from dispatch.admin import monitor_tables as tables
from dispatch.models import AttemptOutcome
from dispatch.monitoring import activity, snapshot
from dispatch.monitoring.findings import Level, examine

MILLISECONDS = 1000


@require_safe
def monitor(request: HttpRequest) -> HttpResponse:
    """The page, for users who may see the rows of every owner. To be wrapped in `admin_view`."""
    if not request.user.has_perm(SEE_EVERYTHING):
        raise PermissionDenied
    now = snapshot.take()
    findings = examine(now)
    context = {
        **admin.site.each_context(request),
        "title": gettext("Monitor"),
        "at": f"{to_the_second(now.at)} {timezone.localtime(now.at):%Z}",
        "findings": [each for each in findings if each.level != Level.UNKNOWN],
        "later": listed(each.title for each in findings if each.level == Level.UNKNOWN),
        "troubles": sorted(
            (each for each in findings if each.needs_attention), key=lambda each: -each.level
        ),
        "history": history(),
        "services": tables.services(now),
        "remarks": tables.remarks(now),
        "dispatchers": tables.dispatchers(now),
        "tasks": tables.tasks(now),
        "more_tasks": max(0, len(now.tasks) - tables.MOST_TASKS),
        "launches": tables.launches(now),
        "database": tables.database(now),
    }
    return TemplateResponse(request, "admin/dispatch/monitor/page.html", context)


def history() -> dict[str, list[Any]]:
    """The curves of the last hour, a value a minute."""
    periods = list(activity.last_hour())
    accepted = [each.outcomes.get(AttemptOutcome.ACCEPTED.value, 0) for each in periods]
    others = [
        activity.handed_over(each.outcomes) - good
        for each, good in zip(periods, accepted, strict=True)
    ]
    return {
        "labels": [f"{timezone.localtime(each.until):%H:%M}" for each in periods],
        "accepted": _per_second(periods, accepted),
        "others": _per_second(periods, others),
        "lateness": [_p99(each, "lateness_seconds") for each in periods],
        "claims": [_p99(each, "claim_seconds") for each in periods],
    }


def _per_second(periods: list[activity.Period], counts: list[int]) -> list[float]:
    return [round(each.per_second(n), 2) for each, n in zip(periods, counts, strict=True)]


def _p99(period: activity.Period, name: str) -> float | None:
    seconds = counters.quantile(period.overall.get(name, {}), 0.99)
    return None if seconds is None else round(seconds * MILLISECONDS, 1)
