"""Autocomplete fields that validate posted keys before they look them up.

When a form is shown again with its errors, Django's own widgets look the posted keys up unchecked,
and crash on an invalid one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.http import HttpRequest
from django.utils.translation import gettext

if TYPE_CHECKING:
    from django.contrib.admin.options import BaseModelAdmin

    Base = BaseModelAdmin[Any]
    Widget = AutocompleteSelect
else:
    Base = Widget = object


class SaysWhatToDo(Widget):
    """An empty field would look like one that is broken."""

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        attrs: dict[str, Any] = super().build_attrs(base_attrs, extra_attrs)
        return {**attrs, "data-placeholder": gettext("Choose…")}


class ForgivingSelect(SaysWhatToDo, AutocompleteSelect):
    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, keys_among(value), attr)


class ForgivingSelectMultiple(SaysWhatToDo, AutocompleteSelectMultiple):
    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, keys_among(value), attr)


LONGEST = 18
"""Digits; Python refuses to read thousands of them as a number."""


def keys_among(values: Any) -> list[Any]:
    """The posted values that can be keys of a row; "" stands for nothing chosen."""
    return [value for value in values if is_key(str(value)) or value in ("", None)]


def is_key(text: str) -> bool:
    return text.isdecimal() and len(text) <= LONGEST


class Autocompletes(Base):
    """For model admins and inlines: uses these widgets for `autocomplete_fields`."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", ForgivingSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", ForgivingSelectMultiple(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)
