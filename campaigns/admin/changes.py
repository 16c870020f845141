"""Describe form changes, old and new value, for the history of a row."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop, override

from admin_kit.typed import ModelAdmin
from admin_kit.words.moments import recorded
from admin_kit.words.told_changes import FROM_TO, NOT_SHOWN, NOTHING
from campaigns.models import Contact
from campaigns.wording import contacts

LONGEST = 80
"""The most characters shown of a value; of a longer one, those around the first difference."""
BEFORE = 20
MOST = 10
"""The most rows named for a relation."""


class ExplainedChanges(ModelAdmin):
    """For models without personal data only: the history outlives an erased address."""

    hidden_changes: tuple[str, ...] = ()
    """Prefixes of the names of fields whose values are not shown."""

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """In English: who reads it later may have another language."""
        told = super().construct_change_message(request, form, formsets, add)
        with override(None):
            if not add and form.changed_data:
                told[0]["changed"]["fields"] = self._described(form)
            for formset in formsets or ():
                self._describe_rows(told, formset)
        return told

    def _describe_rows(self, told: Any, formset: Any) -> None:
        forms_by_row = {str(each.instance): each for each in formset.initial_forms}
        for entry in told:
            changed = entry.get("changed", {})
            if form := forms_by_row.get(changed.get("object", "")):
                changed["fields"] = self._described(form)

    def _described(self, form: Any) -> list[str]:
        """A field that a post left out, and that got its old value, has not changed."""
        return [
            self._change(form, name)
            for name in form.changed_data
            if form.get_initial_for_field(form.fields[name], name) != form.cleaned_data.get(name)
        ]

    def _change(self, form: Any, name: str) -> str:
        field = form.fields[name]
        label = str(field.label or name.replace("_", " "))
        is_secret = isinstance(field.widget, forms.PasswordInput)
        if is_secret or name.startswith(self.hidden_changes or ("\0",)):
            return NOT_SHOWN % {"label": label}
        old = _text(field, form.get_initial_for_field(field, name))
        old, new = _where_they_differ(old, _text(field, form.cleaned_data.get(name)))
        return FROM_TO % {
            "label": label,
            "old": old,
            "new": new,
        }


def _text(field: Any, value: Any) -> str:
    """As the form shows it, or close to that."""
    queryset = getattr(field, "queryset", None)
    if queryset is not None:
        return _named(queryset.model, value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return recorded(value if timezone.is_aware(value) else timezone.make_aware(value))
    choices = getattr(field, "choices", None)
    if choices and not isinstance(value, (list, tuple)):
        value = dict(choices).get(value, value)
    return "" if value is None else str(value)


def _named(model: type[Model], value: Any) -> str:
    """Rows by name; contacts only by number."""
    rows = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    keys = [getattr(row, "pk", row) for row in rows if row not in (None, "")]
    if model is Contact:
        return contacts(len(keys))
    found: Mapping[Any, Any] = model._default_manager.in_bulk(keys[:MOST])
    names = ", ".join(sorted(str(row) for row in found.values()))
    if len(keys) <= MOST:
        return names
    return gettext_noop("%(names)s and %(more)s more") % {
        "names": names,
        "more": f"{len(keys) - MOST:,}",
    }


def _where_they_differ(old: str, new: str) -> tuple[str, str]:
    start = 0
    if max(len(old), len(new)) > LONGEST:
        start = max(0, len(os.path.commonprefix([old, new])) - BEFORE)
    return _excerpt(old, start), _excerpt(new, start)


def _excerpt(text: str, start: int) -> str:
    if not text:
        return NOTHING
    before = "…" if start else ""
    after = "…" if len(text) > start + LONGEST else ""
    return f"“{before}{' '.join(text[start : start + LONGEST].split())}{after}”"
