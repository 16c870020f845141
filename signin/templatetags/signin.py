"""The admin's look for forms outside of the admin."""

from __future__ import annotations

from django import forms, template
from django.forms import BoundField
from django.forms.widgets import CheckboxInput, HiddenInput
from unfold.widgets import CHECKBOX_CLASSES, INPUT_CLASSES

from signin import browsers

register = template.Library()
register.filter("browser", browsers.in_words)


@register.filter
def in_the_look_of_the_admin(form: forms.BaseForm) -> forms.BaseForm:
    for field in form.fields.values():
        widget = field.widget
        if not isinstance(widget, HiddenInput):
            is_box = isinstance(widget, CheckboxInput)
            widget.attrs["class"] = " ".join(CHECKBOX_CLASSES if is_box else INPUT_CLASSES)
            widget.attrs.pop("placeholder", None)  # the label says it
    return form


@register.filter
def is_hidden(field: BoundField) -> bool:
    return field.is_hidden
