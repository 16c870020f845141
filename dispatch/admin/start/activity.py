"""What was sent and came back in the last 24 hours and 30 days, as charts and tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.utils import formats, timezone
from django.utils.translation import gettext

from access.ownership import sees_everything
from admin_kit.base import Visitor
from admin_kit.charts.bars import Chart, chart, table
from campaigns.models import Task
from dispatch.models import TaskHour
from dispatch.models.hours import LastCount

HOURS, DAYS = 24, 30
FIELDS = ("sent", "delivered", "bounced", "opened", "clicked")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time with its charts."""

    name: str
    charts: list[Chart]
    table: dict[str, Any]
    is_empty: bool


def names() -> dict[str, str]:
    return {
        "sent": gettext("Sent"),
        "delivered": gettext("Delivered"),
        "bounced": gettext("Bounced"),
        "opened": gettext("Opened"),
        "clicked": gettext("Clicked"),
    }


def activity(user: Visitor, now: dt.datetime) -> list[Span]:
    """Of the campaigns that this user sees; one query over what grew in each hour."""
    here = timezone.localtime(now)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    first_day = midnight - dt.timedelta(days=DAYS - 1)
    rows = _rows(user, first_day)
    hour = now.replace(minute=0, second=0, microsecond=0)
    hours = [hour - dt.timedelta(hours=back) for back in reversed(range(HOURS))]
    days = [(here - dt.timedelta(days=back)).date() for back in reversed(range(DAYS))]
    return [
        _span(gettext("Last 24 hours"), gettext("Hour"), hours, _hour, rows, lambda at: at),
        _span(
            gettext("Last 30 days"),
            gettext("Day"),
            days,
            _day,
            rows,
            lambda at: timezone.localtime(at).date(),
        ),
    ]


def counted(now: dt.datetime) -> str:
    """When the counts were written down last, with its day unless that is today; "" for never."""
    at = LastCount.objects.values_list("at", flat=True).first()
    if at is None:
        return ""
    at, today = timezone.localtime(at), timezone.localtime(now).date()
    return formats.date_format(at, "TIME_FORMAT" if at.date() == today else "DATETIME_FORMAT")


def _rows(user: Visitor, since: dt.datetime) -> list[Row]:
    """The sums of each hour. Uses index task_hour_once."""
    grown = TaskHour.objects.filter(hour__gte=since)
    if not sees_everything(user):
        own = Task.objects.visible_to(user).order_by().values("pk")
        grown = grown.filter(task_id__in=own)
    sums = {name: Sum(name) for name in FIELDS}
    return [dict(row) for row in grown.order_by().values("hour").annotate(**sums)]


def _span(
    name: str,
    unit: str,
    keys: list[Any],
    label: Callable[[Any], str],
    rows: Iterable[Row],
    key_of: Callable[[dt.datetime], Any],
) -> Span:
    sums = {key: dict.fromkeys(FIELDS, 0) for key in keys}
    for row in rows:
        if (of_key := sums.get(key_of(row["hour"]))) is not None:
            for field in FIELDS:
                of_key[field] += row[field]
    labels = [label(key) for key in keys]
    series = {title: [sums[key][field] for key in keys] for field, title in names().items()}
    charts = [chart(title, labels, values) for title, values in series.items()]
    is_empty = not any(any(values) for values in series.values())
    return Span(name, charts, table(unit, labels, series), is_empty)


def _hour(at: dt.datetime) -> str:
    return formats.time_format(timezone.localtime(at), "H:i")


def _day(day: dt.date) -> str:
    return formats.date_format(day, "MONTH_DAY_FORMAT")
