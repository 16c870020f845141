"""What the command palette finds besides lists: messages, and parts of the help."""

from __future__ import annotations

from django.http import HttpRequest
from unfold.dataclasses import SearchResult

from dispatch.admin import finding
from guide import views


def found(request: HttpRequest, words: str) -> list[SearchResult]:
    return [*finding.in_the_palette(request, words), *views.in_the_palette(request, words)]
