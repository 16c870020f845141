"""Feedback for the pages of tasks and contacts, which do not depend on this app."""

from __future__ import annotations

from typing import Any

from django import template

from campaigns.models import Contact, Tally, Task, TaskStatus
from campaigns.models import stage as stages
from tracking import consent
from tracking.breakdowns import averages, showing
from tracking.breakdowns.keeping import Found, breakdown_of
from tracking.feedback import feedback_of, has_clicks_of_no_link, links_of
from tracking.timeline import timeline_of

register = template.Library()
WHILE_COUNTING_SECONDS, WHILE_SENDING_SECONDS = 3, 60


@register.inclusion_tag("admin/tracking/feedback.html")
def task_feedback(task: Task) -> dict[str, Any]:
    reached = stages.reached(Tally.objects.counts(task.pk))
    lines, links = feedback_of(task.pk, reached), links_of(task.pk, reached)
    return {
        "task": task,
        "lines": lines,
        "links": links,
        "not_by_link": has_clicks_of_no_link(lines, links),
        "opens": consent.of_launched(task),
    }


@register.inclusion_tag("admin/tracking/breakdowns.html")
def task_breakdowns(task: Task, refreshes: bool) -> dict[str, Any]:
    """`refreshes` says whether the part of the page may ask for news."""
    found, compared = breakdown_of(task), averages.compared(task)
    shown: dict[str, Any] = {
        "task": task,
        "found": found,
        "every": _seconds(task, found) if refreshes else 0,
        "compared": compared,
    }
    if found.data is None:
        return shown
    return {
        **shown,
        "charts": showing.charts(found.data),
        "tables": showing.tables(task, found.data),
        "left": showing.left(found.data),
    }


def _seconds(task: Task, found: Found) -> int:
    """How often to look for news; 0 for never."""
    if found.is_being_counted:
        return WHILE_COUNTING_SECONDS
    return WHILE_SENDING_SECONDS if task.status == TaskStatus.SENDING else 0


@register.inclusion_tag("admin/tracking/timeline.html")
def contact_timeline(contact: Contact, page: str, may_see: bool) -> dict[str, Any]:
    """`page` is as in the query string; `may_see` says whether the user may open messages."""
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 5 else 1
    return {"timeline": timeline_of(contact, number), "may_see": may_see}
