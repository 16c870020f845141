"""The tables of the monitor, as unfold's table component takes them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext

from admin_kit.words.listing import listed
from admin_kit.words.moments import to_the_second
from admin_kit.words.numbers import number
from campaigns.models import SubTaskStatus, TaskStatus
from dispatch.admin.services.state import STATE_LABELS, quota_of, state_of
from dispatch.models import AttemptOutcome
from dispatch.monitoring.activity import handed_over
from dispatch.monitoring.services import Lateness, ServiceReading
from dispatch.monitoring.snapshot import Snapshot
from dispatch.monitoring.words import duration, percent

MOST_TASKS = 20
ENOUGH_SLOTS = 10
"""So many slots a minute must have had, before it is judged how many were used."""

FEW_USED = 0.5
Table = dict[str, Any]


def services(now: Snapshot) -> Table:
    headers = [
        gettext("Service"),
        gettext("State"),
        gettext("Last minute"),
        gettext("Of its pace"),
        gettext("Not accepted"),
        gettext("Slots not used"),
        gettext("In doubt"),
        gettext("Late (half, 99 of 100, most)"),
        gettext("Quota used"),
    ]
    return {"headers": headers, "rows": [_service(now, each) for each in now.services]}


def _service(now: Snapshot, reading: ServiceReading) -> list[Any]:
    service = reading.service
    state, _ = _state(now, reading)
    counts = now.minute.of_service(service.pk) if now.minute else {}
    done = handed_over(counts)
    failed = done - counts.get(AttemptOutcome.ACCEPTED.value, 0)
    return [
        _link(service.name, "dispatch_emailservice_change", service.pk),
        _label(state, STATE_LABELS[state]),
        _part(done, handed_over(now.minute.outcomes)) if now.minute else "–",
        _of_pace(now, reading, done),
        _warned(number(failed), failed > 0) if now.minute else "–",
        number(counts.get("unused", 0)) if now.minute else "–",
        _in_doubt(reading),
        _late(reading.lateness),
        quota_of(service),
    ]


def remarks(now: Snapshot) -> list[tuple[str, str]]:
    """Why services cannot send, and which of those that can send strikingly little: name and
    sentence.
    """
    said = [
        (each.service.name, _slow(now, each) if each.can_send else _state(now, each)[1])
        for each in now.services
    ]
    return [(name, sentence) for name, sentence in said if sentence]


def _state(now: Snapshot, reading: ServiceReading) -> tuple[str, str]:
    reading.service.told = True  # type: ignore[attr-defined]  # to those who see everything
    reading.service.now = now.at  # type: ignore[attr-defined]  # what `state_of` goes by
    return state_of(reading.service)


def _part(count: int, total: int) -> str:
    return f"{count:,} ({percent(count / total)})" if total else number(count)


def _of_pace(now: Snapshot, reading: ServiceReading, done: int) -> str:
    allowed = _allowed(now, reading)
    return percent(done / allowed) if allowed else "–"


def _allowed(now: Snapshot, reading: ServiceReading) -> float | None:
    """How many messages its pace let it send in the last minute; None when that says nothing."""
    if now.minute is None or reading.most_per_second is None:
        return None
    return reading.most_per_second * now.minute.seconds


def _slow(now: Snapshot, reading: ServiceReading) -> str:
    """What to say about a service that could send much more; else nothing."""
    allowed = _allowed(now, reading)
    if now.minute is None or not reading.has_work or not allowed or allowed < ENOUGH_SLOTS:
        return ""
    done = handed_over(now.minute.of_service(reading.service.pk))
    if done >= FEW_USED * allowed:
        return ""
    return gettext(
        "It has work and uses few of its slots. Has the work just begun? Are its connections too "
        "few for how long the provider takes?"
    )


def _in_doubt(reading: ServiceReading) -> str:
    if not reading.in_doubt:
        return "0"
    url = reverse("admin:campaigns_subtask_changelist")
    query = f"in_doubt=yes&service={reading.service.pk}"
    return format_html(
        '<a class="text-orange-700 underline dark:text-orange-400" href="{}?{}">{}</a>',
        url,
        query,
        number(reading.in_doubt),
    )


def _late(late: Lateness | None) -> str:
    if late is None:
        return "–"
    return listed(duration(each) for each in (late.p50, late.p99, late.max))


def dispatchers(now: Snapshot) -> Table:
    headers = [
        gettext("Dispatcher"),
        gettext("Host"),
        gettext("Process"),
        gettext("Runs for"),
        gettext("Heard of"),
        gettext("In the last minute"),
    ]
    alive = {each.id for each in now.alive}
    counts = now.minute.dispatchers if now.minute else {}
    total = sum(counts.values())
    rows = [
        [
            f"{each.id}",
            each.host,
            f"{each.pid}",
            duration(now.seconds_since(each.started_at)),
            _warned(f"{_ago(now, each.heartbeat_at)}", each.id not in alive),
            _part(counts[each.id], total) if now.minute else "–",
        ]
        for each in now.counts.dispatchers
    ]
    return {"headers": headers, "rows": rows}


def tasks(now: Snapshot) -> Table:
    headers = [
        gettext("Campaign"),
        gettext("State"),
        gettext("Waiting"),
        gettext("In flight"),
        gettext("In doubt"),
        gettext("The first has waited"),
    ]
    rows = [
        [
            _link(task.name, "campaigns_task_change", task.id),
            str(TaskStatus(task.status).label),
            number(task.counts[SubTaskStatus.PENDING]),
            number(task.counts[SubTaskStatus.ALLOCATED] + task.counts[SubTaskStatus.SENDING]),
            _warned(number(task.counts.in_doubt), task.counts.in_doubt > 0),
            duration(now.seconds_since(task.waiting_since)) if task.waiting_since else "–",
        ]
        for task in now.tasks[:MOST_TASKS]
    ]
    return {"headers": headers, "rows": rows}


def launches(now: Snapshot) -> Table:
    headers = [
        gettext("Campaign"),
        gettext("Contacts looked at"),
        gettext("Messages made"),
        gettext("Last progress"),
    ]
    rows = [
        [
            _link(str(launch.task), "campaigns_task_change", launch.pk),
            gettext("%(walked)s of %(audience_size)s")
            % {"walked": number(launch.walked), "audience_size": number(launch.audience_size)},
            number(launch.inserted),
            _ago(now, launch.progressed_at),
        ]
        for launch in now.launches
    ]
    return {"headers": headers, "rows": rows}


def database(now: Snapshot) -> Table:
    headers = [gettext("Table"), gettext("Rows"), gettext("Dead rows"), gettext("Last cleaned up")]
    rows = [
        [
            table.name,
            number(table.live_rows),
            number(table.dead_rows),
            to_the_second(table.vacuumed_at),
        ]
        for table in now.tables
    ]
    return {"headers": headers, "rows": rows}


def _ago(now: Snapshot, moment: dt.datetime) -> str:
    return gettext("%(duration)s ago") % {"duration": duration(now.seconds_since(moment))}


def _link(text: str, page: str, key: int) -> str:
    return format_html(
        '<a class="font-medium text-font-important-light hover:underline '
        'dark:text-font-important-dark" href="{}">{}</a>',
        reverse(f"admin:{page}", args=[key]),
        text,
    )


def _label(text: str, kind: str) -> str:
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": kind})


def _warned(text: str, warn: bool) -> str:
    if not warn:
        return text
    return format_html('<span class="text-orange-700 dark:text-orange-400">{}</span>', text)
