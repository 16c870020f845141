"""Rendering form fields, in less time."""

from __future__ import annotations

from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest

CHECKBOX = "django/forms/widgets/checkbox.html"
MOST_KEPT = 500


class FormRenderer(DjangoTemplates):
    """Renders equal checkboxes once. Unfold makes the one of a list's heading anew for each row,
    which costs a sixth of the page's time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, str] = {}

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> str:
        if template_name != CHECKBOX:
            return super().render(template_name, context, request)
        key = repr(context)  # with texts in the language of now
        if key not in self._kept:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = super().render(template_name, context, request)
        return self._kept[key]
