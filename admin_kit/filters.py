"""Filters shared by several lists."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from admin_kit.base import visible_rows
from admin_kit.typed import AutocompleteFilter, AutocompleteForm, DateTimeRangeFilter


class VisibleChoiceForm(AutocompleteForm):
    """Unfold's own form would name the chosen row, of any owner, by its number."""

    def __init__(self, *, request: HttpRequest, name: str, **kwargs: Any) -> None:
        super().__init__(request=request, name=name, **kwargs)
        field: Any = self.fields[name]
        field.queryset = visible_rows(field.queryset.all(), request.user)


class RelatedRowFilter(AutocompleteFilter):
    """Filters by a row that the user may see; reveals nothing about others."""

    form_class = VisibleChoiceForm


class TimeRangeFilter(DateTimeRangeFilter):
    """A range of times. A day without a time means the whole day: unfold's own filter would ignore
    it."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        start, end = self.moment("from", dt.time.min), self.moment("to", dt.time.max)
        if start:
            queryset = queryset.filter(**{f"{self.field_path}__gte": start})
        return queryset.filter(**{f"{self.field_path}__lte": end}) if end else queryset

    def moment(self, which: str, otherwise: dt.time) -> dt.datetime | None:
        """Where the range begins (“from”) or ends (“to”)."""
        day, time = (
            self.used_parameters.get(f"{self.field_path}_{which}_{part}") or "" for part in (0, 1)
        )
        try:
            date = forms.DateField(required=False).clean(day)
            clock = forms.TimeField(required=False).clean(time) or otherwise
            return timezone.make_aware(dt.datetime.combine(date, clock)) if date else None
        except (ValidationError, OverflowError) as error:
            raise IncorrectLookupParameters from error
