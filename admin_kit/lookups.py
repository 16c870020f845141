"""Restrict the query string of a list to its declared filters.

Django allows filtering by every column of a list's own table, shown or not, so that
`?webhook_key__regex=^a` reveals a secret letter by letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.admin import FieldListFilter, ListFilter
from django.contrib.admin.utils import get_fields_from_path
from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object

DATE_PARTS = ("year", "month", "day")


class DeclaredLookups(Base):
    """For model admins. Undeclared lookups are refused with status 400."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known: dict[tuple[Any, ...], frozenset[str | None]] = {}

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup in self._declared(request)

    def _declared(self, request: HttpRequest) -> frozenset[str | None]:
        """The parameters of the list's filters, which depend on their classes alone."""
        filters = tuple(_hashable(each) for each in self.get_list_filter(request))
        if filters not in self._known:
            parts = {f"{self.date_hierarchy}__{part}" for part in DATE_PARTS}
            parameters = {p for each in filters for p in self._parameters(request, each)}
            self._known[filters] = frozenset(parameters | (parts if self.date_hierarchy else set()))
        return self._known[filters]

    def _parameters(self, request: HttpRequest, declared: Any) -> Sequence[str | None]:
        found = self._filter(request, declared)
        return found.expected_parameters() if found else ()

    def _filter(self, request: HttpRequest, declared: Any) -> ListFilter | None:
        """An instance of a filter, made as Django's change list makes it."""
        if callable(declared):
            instance: ListFilter = declared(request, {}, self.model, self)
            return instance
        path, make = declared if isinstance(declared, tuple) else (declared, FieldListFilter.create)
        field = get_fields_from_path(self.model, path)[-1]
        made: ListFilter | None = make(field, request, {}, self.model, self, field_path=path)
        return made


def _hashable(declared: Any) -> Any:
    return tuple(declared) if isinstance(declared, list) else declared
