"""What the command palette finds besides lists: rows by name, people, messages, and help."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from unfold.dataclasses import SearchResult

from dispatch.admin import finding
from guide import views

FEWEST_CHARACTERS = 2
MOST_OF_A_KIND = 4
NAMED = {
    "campaigns.task": "campaign",
    "campaigns.template": "draft",
    "campaigns.segment": "filter_alt",
    "campaigns.tag": "sell",
    "signup.signupform": "how_to_reg",
    "dispatch.emailservice": "dns",
}
"""What staff find by its name, as its list does, with the icon that its list has in the sidebar."""


def found(request: HttpRequest, words: str) -> list[SearchResult]:
    words = words.strip()
    return [
        *(named(request, words) if _is_a_name(words) else ()),
        *finding.in_the_palette(request, words),
        *views.in_the_palette(request, words),
    ]


def _is_a_name(words: str) -> bool:
    """No text in PostgreSQL contains NUL."""
    return len(words) >= FEWEST_CHARACTERS and "\x00" not in words


def named(request: HttpRequest, words: str) -> Iterator[SearchResult]:
    """The newest of each kind that the user may see."""
    for label, icon in NAMED.items():
        model = apps.get_model(label)
        rows = admin.site._registry[model]
        if not rows.has_view_permission(request):
            continue
        matching, _ = rows.get_search_results(request, rows.get_queryset(request), words)
        page = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        for row in matching.order_by("-pk")[:MOST_OF_A_KIND]:
            yield SearchResult(
                title=str(row),
                description=capfirst(str(model._meta.verbose_name)),
                link=reverse(page, args=[row.pk]),
                icon=icon,
            )
