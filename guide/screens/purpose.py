"""The sentence and the link on top of each screen: {% purpose %}, after {% load purpose %}."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from guide.catalogue import DOCUMENTS, ENGLISH
from guide.reading import anchor_in
from guide.screens.audience import AUDIENCE
from guide.screens.campaigns import CAMPAIGNS
from guide.screens.content import CONTENT
from guide.screens.delivery import DELIVERY
from guide.screens.screen import Screen, Screens
from guide.screens.staff import STAFF
from guide.views import page_for, readers_language

SCREENS: Screens = {**CAMPAIGNS, **AUDIENCE, **CONTENT, **DELIVERY, **STAFF}

register = template.Library()


def screen_of(request: HttpRequest) -> Screen | None:
    match = request.resolver_match
    return SCREENS.get(match.view_name.removeprefix("admin:")) if match else None


@register.inclusion_tag("admin/help/purpose.html", takes_context=True)
def purpose(context: template.Context) -> dict[str, Any]:
    """Nothing in a window that was opened to choose something for another one."""
    request: HttpRequest | None = context.get("request")
    if request is None or context.get("is_popup"):
        return {}
    screen = screen_of(request)
    if screen is None:
        return {}
    page = page_for(request, screen.document)
    anchor = page and anchor_in(DOCUMENTS[screen.document], screen.anchor, ENGLISH, page.language)
    return {
        "sentence": screen.sentence,
        "page": page,
        "anchor": anchor,
        "is_untranslated": page and page.language != readers_language(),
    }
