"""The first page of the admin: what needs its reader, what is being sent, and how it goes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext

from admin_kit.base import Visitor
from dispatch.admin.services import state
from dispatch.admin.start import activity, needs, underway
from dispatch.clock import database_time
from dispatch.models import EmailService

MOST_SERVICES = 200
MOST_SHOWN = 10
ORDER = (*state.TROUBLES, state.WAITING, state.READY, state.DISABLED)
"""What needs a look comes first."""


def start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by unfold (DASHBOARD_CALLBACK) with the page's context."""
    user = request.user
    own_services = services(user) if user.has_perm("dispatch.view_emailservice") else []
    context["title"] = gettext("Start")
    context["needs"] = needs.needs(user, own_services)
    if user.has_perm("campaigns.view_task"):
        context["moving"], context["more_moving"] = underway.under_way(user)
        context["results"] = underway.last_results(user)
        now = database_time()
        context["spans"], context["counted"] = activity.activity(user, now), activity.counted(now)
    if user.has_perm("dispatch.view_emailservice"):
        context["services"] = [_glance(each) for each in own_services[:MOST_SHOWN]]
        context["more_services"] = max(0, len(own_services) - MOST_SHOWN)
    return context


def services(user: Visitor) -> list[EmailService]:
    """Those that this user sees, with their state; what is in trouble comes first."""
    found = state.with_state(EmailService.objects.visible_to(user), user)[:MOST_SERVICES]
    return sorted(found, key=lambda each: (ORDER.index(state.state_of(each)[0]), each.name))


def _glance(service: EmailService) -> dict[str, Any]:
    word, why = state.state_of(service)
    return {
        "service": service,
        "word": word,
        "colour": state.STATE_LABELS[word],
        "why": why,
        "figures": state.figures_of(service),
    }
