"""How a service did: its hand-overs by hour and day, what went wrong, what came back, and when it
was frozen. Each query is bounded by an index and a limit, however much the service has sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import formats, timezone
from django.utils.translation import gettext

from admin_kit.charts.bars import Chart, chart, table
from admin_kit.words.numbers import number, percent
from admin_kit.words.stored_texts import shown, shown_reply
from dispatch.models import AttemptOutcome, EmailService, Freeze, ServiceHour
from dispatch.monitoring import services as monitoring
from dispatch.monitoring.words import duration
from dispatch.waiting.words import moment

HOURS, DAYS = 24, 30
SECONDS_AN_HOUR = 3600
FAILED = ("deferred", "rejected", "service_error", "unknown")
MOST_FREEZES = 10
MOST_ERRORS = 2_000
"""So many of the newest errors are looked at."""
MOST_MESSAGES = 1_000
"""Of so many of the newest messages it is told what came back."""

# By index attempt_errors.
ERRORS = """
SELECT outcome, code, count(*), max(started_at), (array_agg(reply ORDER BY started_at DESC))[1]
FROM (
    SELECT outcome, code, reply, started_at FROM dispatch_attempt
    WHERE service_id = %s AND started_at >= statement_timestamp() - interval '24 hours'
      AND NOT (outcome = 'accepted')
    ORDER BY started_at DESC LIMIT %s
) AS newest
GROUP BY outcome, code ORDER BY count(*) DESC, outcome, code LIMIT 20
"""
# By index attempt_pace; each message and its events by their keys.
CAME_BACK = """
WITH newest AS (
    SELECT DISTINCT subtask_id FROM (
        SELECT subtask_id, outcome FROM dispatch_attempt
        WHERE service_id = %s AND started_at >= statement_timestamp() - interval '30 days'
        ORDER BY started_at DESC LIMIT %s
    ) AS last WHERE outcome = 'accepted'
)
SELECT count(*), count(*) FILTER (WHERE s.status IN ('delivered', 'opened', 'clicked')),
       count(*) FILTER (WHERE s.status = 'bounced'),
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM tracking_event e WHERE e.subtask_id = s.id AND e.kind = 'complained'))
FROM newest CROSS JOIN LATERAL (
    SELECT id, status FROM campaigns_subtask WHERE id = newest.subtask_id LIMIT 1
) AS s
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Charts of a span of time, and the same as a table."""

    name: str
    charts: Sequence[Chart]
    table: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong in the same way. `said`: the newest reply; "" for who may not read it."""

    cause: str
    count: str
    last: str
    said: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """A freeze, in words."""

    since: str
    until: str
    reason: str


def history_of(service: Any) -> dict[str, Any]:
    """Of a service with its state: for a template."""
    return {
        "spans": [_hours(service), _days(service)],
        "errors": errors_of(service),
        "figures": [*came_back(service), *_late(service)],
        "freezes": freezes_of(service),
    }


def _rows(service: EmailService, since: dt.datetime) -> list[ServiceHour]:
    """Uses index service_hour_once."""
    return list(ServiceHour.objects.filter(service_id=service.pk, hour__gte=since))


def _hours(service: Any) -> Span:
    this = service.now.replace(minute=0, second=0, microsecond=0)
    hours = [this - dt.timedelta(hours=back) for back in reversed(range(HOURS))]
    rows = {row.hour: row for row in _rows(service, hours[0])}
    labels = [formats.time_format(timezone.localtime(at), "H:i") for at in hours]
    accepted = [rows[at].accepted if at in rows else 0 for at in hours]
    failed = [_failed(rows[at]) if at in rows else 0 for at in hours]
    interval = float(service.sending_interval)
    allowed = round(SECONDS_AN_HOUR / interval) if interval else None
    note = gettext("Its pace allows %(number)s an hour.") % {"number": number(allowed or 0)}
    names = gettext("Accepted"), gettext("Not accepted")
    charts = [
        chart(names[0], labels, accepted, allowed, note if allowed else ""),
        chart(names[1], labels, failed),
    ]
    series = dict(zip(names, (accepted, failed), strict=True))
    return Span(gettext("Last 24 hours"), charts, table(gettext("Hour"), labels, series))


def _failed(row: ServiceHour) -> int:
    return sum(getattr(row, name) for name in FAILED)


def _days(service: Any) -> Span:
    here = timezone.localtime(service.now)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [(midnight - dt.timedelta(days=back)).date() for back in reversed(range(DAYS))]
    done = dict.fromkeys(days, 0)
    for row in _rows(service, midnight - dt.timedelta(days=DAYS - 1)):
        day = timezone.localtime(row.hour).date()
        if day in done:
            done[day] += row.accepted + _failed(row)
    labels = [formats.date_format(day, "MONTH_DAY_FORMAT") for day in days]
    quota, values = service.daily_quota, list(done.values())
    note = gettext("Its quota is %(number)s a day.") % {"number": number(quota or 0)}
    name = gettext("Handed over")
    charts = [chart(name, labels, values, quota, note if quota else "")]
    return Span(gettext("Last 30 days"), charts, table(gettext("Day"), labels, {name: values}))


def errors_of(service: Any) -> list[Problem]:
    """Those of the last 24 hours by cause, the most frequent first. Of replies, which may be about
    a message of another owner, only who may read them is told.
    """
    return [
        Problem(
            _cause(outcome, code),
            number(count),
            moment(last, service.now),
            shown_reply(reply) if service.told else "",
        )
        for outcome, code, count, last, reply in _query(ERRORS, [service.pk, MOST_ERRORS])
    ]


def _cause(outcome: str, code: int | None) -> str:
    label = str(AttemptOutcome(outcome).label)
    return f"{label} ({code})" if code else label


def came_back(service: EmailService) -> list[tuple[str, str]]:
    """What became of the newest messages that its provider accepted."""
    ((sent, delivered, bounced, complained),) = _query(CAME_BACK, [service.pk, MOST_MESSAGES])
    if not sent:
        return []
    return [
        (gettext("Of the last messages accepted"), number(sent)),
        (gettext("Delivered"), percent(delivered, sent) if delivered else gettext("not reported")),
        (gettext("Bounced"), percent(bounced, sent)),
        (gettext("Reported as spam"), percent(complained, sent)),
    ]


def _late(service: EmailService) -> list[tuple[str, str]]:
    late = monitoring.lateness(service.pk).get(service.pk)
    if late is None:
        return []
    return [(gettext("99 of 100 start late by at most"), duration(late.p99))]


def freezes_of(service: Any) -> list[Frozen]:
    """The newest first. Uses index freeze_service."""
    rows = Freeze.objects.filter(service=service).order_by("-frozen_at")[:MOST_FREEZES]
    return [_frozen(row, service) for row in rows]


def _frozen(row: Freeze, service: Any) -> Frozen:
    is_over = row.until is not None and row.until <= service.now and not row.needs_person
    end = row.ended_at or (row.until if is_over else None)
    if end:
        until = moment(end, service.now)
    elif row.until and not row.needs_person:
        until = gettext("goes on until %(time)s") % {"time": moment(row.until, service.now)}
    else:
        until = gettext("until a person unfreezes it")
    is_by_staff = row.needs_person and row.until is None
    told = service.told or is_by_staff
    return Frozen(moment(row.frozen_at, service.now), until, shown(row.reason) if told else "")


def _query(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
