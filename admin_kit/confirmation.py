"""Confirmation pages: they say what an action will do, with a button that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest
from django.template.response import TemplateResponse

from admin_kit.typed import STYLED_WIDGETS

CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Question:
    """A question to staff. `details` are names and values, `warnings` possible problems. With
    `problems` nothing can be confirmed: they say why."""

    title: str
    text: str
    button: str
    details: Sequence[tuple[str, str]] = ()
    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
    danger: bool = False
    hidden: Mapping[str, Sequence[str]] = field(default_factory=dict)
    findings: Sequence[Any] = ()
    """For a template of the caller's, which shows them."""


def is_confirmed(request: HttpRequest) -> bool:
    return request.method == "POST" and CONFIRMED in request.POST


def ask(
    request: HttpRequest,
    model_admin: admin.ModelAdmin[Any],
    question: Question,
    *,
    template: str = "admin/confirmation.html",
    **context: Any,
) -> TemplateResponse:
    """The confirmation page, or one that extends it. `form` and `back_url` are among the further
    context."""
    return page(
        request,
        model_admin,
        template,
        title=question.title,
        question=question,
        confirmed_name=CONFIRMED,
        **context,
    )


def page(
    request: HttpRequest, model_admin: admin.ModelAdmin[Any], template: str, **context: Any
) -> TemplateResponse:
    """A page of our own in the admin's layout."""
    return page_of_no_model(request, template, **{"opts": model_admin.opts, **context})


def page_of_no_model(request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
    """The same, beneath no list of rows."""
    request.current_app = admin.site.name  # as Django's own views do
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})


def bulk_question(request: HttpRequest, action: str, question: Question) -> Question:
    """`question`, with the rows selected in the change list as hidden fields."""
    selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
    hidden = {
        "action": [action],
        ACTION_CHECKBOX_NAME: selected,
        "select_across": [request.POST.get("select_across", "0")],
    }
    return replace(question, hidden=hidden)


def say(request: HttpRequest, text: str, *, error: bool = False) -> None:
    messages.add_message(request, messages.ERROR if error else messages.SUCCESS, text)


def restyled(field: forms.Field) -> forms.Field:
    """Give a plain form field the admin's look; its behaviour stays."""
    old = field.widget
    styled = STYLED_WIDGETS.get(type(old))
    if styled is None:
        return field
    field.widget = styled(dict(old.attrs))
    if isinstance(field, forms.ChoiceField) and isinstance(
        field.widget, forms.Select | forms.RadioSelect
    ):
        field.widget.choices = field.choices  # type: ignore[assignment]  # what the getter returns
    field.widget.is_required = old.is_required
    return field


class StyledForm(forms.Form):
    """A plain form that looks like the admin's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.restyle()

    def restyle(self) -> None:
        for declared in self.fields.values():
            restyled(declared)
