"""States in colour, where a cell of a table shows one."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.safestring import SafeString


def label(text: str, colour: str) -> SafeString:
    """`colour` is one of unfold's, such as "success"; "" for none."""
    made = render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})
    return SafeString(made)
