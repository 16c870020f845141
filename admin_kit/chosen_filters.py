"""What a list is filtered by, in words, each with the way to the list without it.

Who follows a number to its list sees there which rows these are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

from django import template
from django.contrib.admin import ListFilter
from django.contrib.admin.views.main import ChangeList
from django.forms import ChoiceField, ModelChoiceField
from django.utils.text import capfirst
from django.utils.translation import gettext

from admin_kit.filters import TimeRangeFilter
from admin_kit.words.listing import listed
from admin_kit.words.moments import to_the_minute

register = template.Library()


class Chosen(NamedTuple):
    """`url` leads to the list without this filter."""

    name: str
    text: str
    url: str


@register.simple_tag
def chosen_filters(changes: ChangeList) -> list[Chosen]:
    """In the order in which the filters are offered. Without those that are set to nothing."""
    return [
        Chosen(capfirst(str(each.title)), text, changes.get_query_string(remove=used))
        for each in changes.filter_specs
        if (used := _used(each, changes)) and (text := _text(each, used, changes))
    ]


def _used(spec: ListFilter, changes: ChangeList) -> list[str]:
    names = [str(name) for name in spec.expected_parameters() if name]
    return [name for name in names if any(changes.filter_params.get(name, ()))]


def _text(spec: ListFilter, used: Iterable[str], changes: ChangeList) -> str:
    if isinstance(spec, TimeRangeFilter):
        return _span(spec)
    form: Any = next(iter(spec.choices(changes)), {}).get("form")
    fields = form.fields if form else {}
    return listed(
        _value(fields.get(name), value)
        for name in used
        for value in changes.filter_params[name]
        if value
    )


def _value(field: object, value: str) -> str:
    """As it is offered; as it was asked for where it is not."""
    if isinstance(field, ModelChoiceField):
        rows = field.queryset
        found = rows.filter(pk=value).first() if rows is not None and value.isdecimal() else None
        return str(found or value)
    if isinstance(field, ChoiceField):
        choices: Any = field.choices
        return next((str(text) for key, text in choices if str(key) == value), value)
    return value


def _span(spec: TimeRangeFilter) -> str:
    start, end = spec.moment("from", dt.time.min), spec.moment("to", dt.time.max)
    if start and end:
        times = {"start": to_the_minute(start), "end": to_the_minute(end)}
        return gettext("from %(start)s to %(end)s") % times
    if start:
        return gettext("from %(start)s on") % {"start": to_the_minute(start)}
    return gettext("until %(end)s") % {"end": to_the_minute(end)} if end else ""
