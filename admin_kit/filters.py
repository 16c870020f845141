"""Filters that several lists have."""

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
    """Unfold's own names the chosen row by its number, whoever owns it."""

    def __init__(self, *, request: HttpRequest, name: str, **kwargs: Any) -> None:
        super().__init__(request=request, name=name, **kwargs)
        field: Any = self.fields[name]
        field.queryset = visible_rows(field.queryset.all(), request.user)


class RelatedRowFilter(AutocompleteFilter):
    """By a row chosen from those that the user may see; says nothing about any other."""

    form_class = VisibleChoiceForm


class TimeRangeFilter(DateTimeRangeFilter):
    """From when to when. A day without a time is all of it: unfold's own would ignore it."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        start, end = self._moment("from", dt.time.min), self._moment("to", dt.time.max)
        if start:
            queryset = queryset.filter(**{f"{self.field_path}__gte": start})
        return queryset.filter(**{f"{self.field_path}__lte": end}) if end else queryset

    def _moment(self, which: str, otherwise: dt.time) -> dt.datetime | None:
        day, time = (
            self.used_parameters.get(f"{self.field_path}_{which}_{part}") or "" for part in (0, 1)
        )
        try:
            date = forms.DateField(required=False).clean(day)
            clock = forms.TimeField(required=False).clean(time) or otherwise
            return timezone.make_aware(dt.datetime.combine(date, clock)) if date else None
        except (ValidationError, OverflowError) as error:
            raise IncorrectLookupParameters from error
