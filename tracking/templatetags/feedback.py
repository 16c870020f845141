"""Feedback for the task pages, which do not depend on this app."""

from __future__ import annotations

from typing import Any

from django import template

from campaigns.models import Task
from tracking import consent
from tracking.feedback import feedback_of, links_of

register = template.Library()


@register.inclusion_tag("admin/tracking/feedback.html")
def task_feedback(task: Task) -> dict[str, Any]:
    return {
        "lines": feedback_of(task.pk),
        "links": links_of(task.pk),
        "opens": consent.of_launched(task),
    }
