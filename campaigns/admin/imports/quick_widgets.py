"""Form widgets that look like the admin's and are made without templates: Django renders each
option of a list by one, which takes seconds for the hundreds of columns that a file may have.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from admin_kit.typed import STYLED_WIDGETS

ARROW = (
    "material-symbols-outlined absolute pointer-events-none mr-[12px] right-0 text-base-400 "
    "top-1/2 dark:text-base-500 -translate-y-1/2"
)
SELECT = (
    '<div class="grow relative"><select name="{}"{}>{}</select><span class="{}">{}</span></div>'
)


def _class_of(plain: type[forms.Widget]) -> str:
    return str(STYLED_WIDGETS[plain]({}).attrs["class"])


class QuickSelect(forms.Select):
    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (choice, SafeString(" selected" if str(choice) == str(value) else ""), label)
                for choice, label in self.choices
            ),
        )
        own = {**self.build_attrs(self.attrs, attrs), "class": _class_of(forms.Select)}
        return format_html(SELECT, name, flatatt(own), options, ARROW, "expand_more")


class QuickInput(forms.TextInput):
    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        own = {**self.build_attrs(self.attrs, attrs), "class": _class_of(forms.TextInput)}
        value = "" if value is None else value
        return format_html('<input type="text" name="{}" value="{}"{}>', name, value, flatatt(own))
