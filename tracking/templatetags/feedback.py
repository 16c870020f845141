"""Feedback for the pages of tasks and contacts, which do not depend on this app."""

from __future__ import annotations

from typing import Any

from django import template

from campaigns.models import Contact, Task
from tracking import consent
from tracking.feedback import feedback_of, links_of
from tracking.timeline import timeline_of

register = template.Library()


@register.inclusion_tag("admin/tracking/feedback.html")
def task_feedback(task: Task) -> dict[str, Any]:
    return {
        "lines": feedback_of(task.pk),
        "links": links_of(task.pk),
        "opens": consent.of_launched(task),
    }


@register.inclusion_tag("admin/tracking/timeline.html")
def contact_timeline(contact: Contact, page: str, may_see: bool) -> dict[str, Any]:
    """`page` is as in the query string; `may_see` says whether the user may open messages."""
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 5 else 1
    return {"timeline": timeline_of(contact, number), "may_see": may_see}
