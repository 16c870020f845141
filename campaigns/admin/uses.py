"""Explain with links why a row in use cannot be deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from admin_kit.base import Visitor, visible_rows
from campaigns.models import Segment, Tag, Task, TaskStatus
from campaigns.segments.uses import segments_using
from campaigns.wording import filled, listed

NOT_LAUNCHED = (TaskStatus.DRAFT, TaskStatus.SCHEDULED, TaskStatus.QUEUED)
"""In all other states content and audience are frozen."""
UNDER_WAY = (*NOT_LAUNCHED, TaskStatus.SENDING, TaskStatus.PAUSED)
MOST = 10


def by_tasks(
    objects: Iterable[Any],
    user: Visitor,
    *fields: str,
    statuses: Collection[str] = TaskStatus.values,
) -> list[str]:
    """The tasks that refer to some of these rows by these fields, with links where the user may see
    them."""
    ids = [each.pk for each in objects]
    named = reduce(or_, (Q(**{f"{field}__in": ids}) for field in fields))
    using = Task.objects.filter(named, status__in=statuses).distinct().order_by("-pk")
    shown = list(visible_rows(using, user)[:MOST])
    lines: list[str] = [
        format_html(gettext("The campaign {} uses {}."), link_to(task), _listed(task, fields, ids))
        for task in shown
    ]
    if more := using.count() - len(shown):
        told = ngettext(
            "%(count)s more campaign that you may not see or that comes before.",
            "%(count)s more campaigns that you may not see or that come before.",
            more,
        )
        lines.append(filled(told, more))
    return lines


def by_segments(rows: Sequence[Tag | Segment], user: Visitor) -> list[str]:
    """The segments that name some of these rows, and are not among them."""
    using = {each.pk for row in rows for each in segments_using(row)}
    among = {row.pk for row in rows if isinstance(row, Segment)}
    return by_rows(Segment.objects.filter(pk__in=using - among), user)


def by_rows(rows: QuerySet[Any], user: Visitor) -> list[str]:
    """The first of some rows, with links where the user may see them."""
    first = list(rows.order_by("pk")[: MOST + 1])
    visible = set(visible_rows(rows, user).filter(pk__in=[row.pk for row in first]))
    kind = str(rows.model._meta.verbose_name)
    lines: list[str] = [
        format_html(gettext("The {} {}."), kind, link_to(row) if row in visible else row)
        for row in first[:MOST]
    ]
    return [
        *lines,
        gettext("More of its %(rows)s.") % {"rows": rows.model._meta.verbose_name_plural},
    ][: len(first)]


def link_to(row: Any) -> SafeString:
    """Its name alone where it has no page."""
    if not admin.site.is_registered(type(row)):
        return conditional_escape(row)
    meta = row._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    link = format_html('<a class="underline" href="{}">{}</a>', url, row)
    if not isinstance(row, Task):
        return link
    return format_html(gettext("{} ({})"), link, row.get_status_display().lower())


def _listed(task: Task, fields: Iterable[str], ids: Collection[int]) -> str:
    found = {}
    for field in fields:
        value = getattr(task, field)
        rows = [value] if hasattr(value, "pk") else value.filter(pk__in=ids)[:MOST]
        found.update({row.pk: f"“{row}”" for row in rows if row.pk in ids})
    return listed(found.values())
