"""The first page of the admin: what is being sent, and how the services are doing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from admin_kit.base import Visitor
from campaigns.admin.progress import MOVING, OVER, Progress
from campaigns.approvals import asking
from campaigns.models import SubTask, Tally, Task
from dispatch.admin.services import state
from dispatch.models import EmailService

MOST_SHOWN = 10


def start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by unfold (DASHBOARD_CALLBACK) with the page's context."""
    user = request.user
    if user.has_perm("campaigns.view_task"):
        context["moving"] = moving_tasks(user)
    if user.has_perm("campaigns.approve_task") and user.has_perm("campaigns.view_task"):
        context["approvals"] = asking.waiting_for(user)[:MOST_SHOWN]
    if user.has_perm("dispatch.view_emailservice"):
        context["services"] = services(user)
    return context


def moving_tasks(user: Visitor) -> list[Progress]:
    """The newest tasks that are launched and not over; first those that are over and have SubTasks
    in doubt, which only a person can settle. Those are few: index subtask_in_doubt.
    """
    visible = Task.objects.visible_to(user)
    in_doubt = SubTask.objects.in_doubt().order_by().values_list("task", flat=True)
    over = visible.filter(status__in=OVER, pk__in=in_doubt.distinct())
    tasks = [*over[:MOST_SHOWN], *visible.filter(status__in=MOVING)[:MOST_SHOWN]]
    counts = Tally.objects.counts_of(task.pk for task in tasks)
    return [Progress(task, counts[task.pk]) for task in tasks]


def services(user: Visitor) -> list[dict[str, Any]]:
    shown = state.with_state(EmailService.objects.visible_to(user), user)[:MOST_SHOWN]
    return [{"service": service, **_summary(service)} for service in shown]


def _summary(service: EmailService) -> dict[str, Any]:
    word, why = state.state_of(service)
    return {
        "word": word,
        "colour": state.STATE_LABELS[word],
        "why": why,
        "figures": state.figures_of(service),
    }
