"""Counts all messages of a campaign, and what came back within its first day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import connection

from campaigns.models import Task
from campaigns.models.ab_test import UNTIL_RELEASED
from tracking.breakdowns import mailboxes
from tracking.event_kinds import Actor, EventKind
from tracking.events.effects import OWN_PAGES

MOST_ROWS = 12
"""Of a table; what is left over is one row more."""
FIRST_HOURS = 24
STEPS_SECONDS = (60, 300, 900, 3_600, 21_600, 86_400, 604_800)
MOST_STEPS = 48
UNDECIDED = 0
"""In place of the key of a content: of messages whose variant is not decided yet."""
OUTCOMES = ("sent", "delivered", "bounced", "failed")
NUMBERS = ("messages", "sent", "delivered", "opened", "clicked", "bounced", "failed")
"""Of each row of a table, in this order, after its name."""
_COUNTED = """count(*),
       count(*) FILTER (WHERE s.status IN ('sent', 'delivered', 'opened', 'clicked', 'bounced')),
       count(*) FILTER (WHERE s.status IN ('delivered', 'opened', 'clicked')),
       count(*) FILTER (WHERE s.status IN ('opened', 'clicked')),
       count(*) FILTER (WHERE s.status = 'clicked'),
       count(*) FILTER (WHERE s.status = 'bounced'),
       count(*) FILTER (WHERE s.status = 'failed' AND s.failure_reason <> 'cancelled')"""

# All of these walk index subtask_recipient_once.
MAILBOXES_SQL = f"""
SELECT coalesce(known.name, split_part(s.recipient_email, '@', 2)), {_COUNTED}
FROM campaigns_subtask s
LEFT JOIN unnest(%(domains)s::text[], %(names)s::text[]) AS known(domain, name)
    ON known.domain = split_part(s.recipient_email, '@', 2)
WHERE s.task_id = %(task)s
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(most)s
"""
SERVICES_SQL = f"""
SELECT v.name, {_COUNTED}, v.id,
       (array_agg(s.id ORDER BY coalesce(s.failed_at, s.bounced_at, s.in_doubt_since) DESC)
           FILTER (WHERE s.error <> ''))[1]
FROM campaigns_subtask s JOIN dispatch_emailservice v ON v.id = s.service_id
WHERE s.task_id = %(task)s
GROUP BY v.id ORDER BY 2 DESC, 1 LIMIT %(most)s
"""
# What waits for the result of an A/B test has the content of its first variant until then.
VARIANTS_SQL = f"""
SELECT CASE WHEN s.status = 'pending' AND s.available_at >= %(until_released)s THEN {UNDECIDED}
       ELSE s.content_id END, {_COUNTED}
FROM campaigns_subtask s WHERE s.task_id = %(task)s
GROUP BY 1 ORDER BY 1 LIMIT %(most)s
"""
OUTCOMES_SQL = """
SELECT v.what, least(%(last)s, floor(extract(epoch FROM v.at - %(start)s) / %(step)s))::int,
       count(*)
FROM campaigns_subtask s, LATERAL (VALUES
    ('sent', s.sent_at), ('delivered', s.delivered_at), ('bounced', s.bounced_at),
    ('failed', CASE WHEN s.failure_reason <> 'cancelled' THEN s.failed_at END)
) AS v(what, at)
WHERE s.task_id = %(task)s AND v.at >= %(start)s
GROUP BY 1, 2
"""
# Each recipient once, when they did it first.
FIRST_DAY_SQL = """
SELECT kind, actor, floor(extract(epoch FROM at - %(start)s) / 3600)::int AS hour, count(*)
FROM (
    SELECT e.kind, e.actor, min(e.received_at) AS at
    FROM campaigns_subtask s
    JOIN tracking_event e ON e.subtask_id = s.id AND e.kind IN ('opened', 'clicked')
        AND e.state = 'applied'
    WHERE s.task_id = %(task)s
    GROUP BY s.id, e.kind, e.actor
) AS first
WHERE at >= %(start)s AND at < %(start)s + make_interval(hours => %(hours)s)
GROUP BY 1, 2, 3
"""
# Of people who left on our own pages the reason that they chose; of others how it was heard.
LEFT_SQL = """
SELECT e.kind, CASE WHEN e.source = %(own)s THEN e.detail ELSE e.source END,
       e.source = %(own)s, count(DISTINCT s.id)
FROM campaigns_subtask s
JOIN tracking_event e ON e.subtask_id = s.id AND e.kind IN ('unsubscribed', 'complained')
    AND e.state = 'applied'
WHERE s.task_id = %(task)s
GROUP BY 1, 2, 3 ORDER BY 1 DESC, 4 DESC LIMIT %(most)s
"""


def count(task: Task, now: dt.datetime) -> dict[str, Any]:
    """Plain data, to be kept as JSON: of people it has numbers, and keys of messages."""
    start = task.started_at or task.launched_at or task.created_at
    step, steps = _steps(start, _end(task, now))
    domains, names = mailboxes.by_domain()
    values = {
        "task": task.pk,
        "most": MOST_ROWS,
        "own": OWN_PAGES,
        "domains": domains,
        "names": names,
        "start": start,
        "step": step,
        "last": steps - 1,
        "hours": FIRST_HOURS,
        "until_released": UNTIL_RELEASED,
    }
    return {
        "mailboxes": _rows(MAILBOXES_SQL, values),
        "services": _rows(SERVICES_SQL, values),
        "variants": _rows(VARIANTS_SQL, values),
        "left": _rows(LEFT_SQL, values),
        "start": start.isoformat(),
        "step": step,
        "outcomes": _by_name(_rows(OUTCOMES_SQL, values), OUTCOMES, steps),
        "first_day": _first_day(_rows(FIRST_DAY_SQL, values)),
    }


def _rows(sql: str, values: dict[str, Any]) -> list[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [list(row) for row in cursor.fetchall()]


def _end(task: Task, now: dt.datetime) -> dt.datetime:
    """Two days after the last message little comes back."""
    over = task.completed_at or task.cancelled_at
    return min(now, over + dt.timedelta(days=2)) if over else now


def _steps(start: dt.datetime, end: dt.datetime) -> tuple[int, int]:
    """The seconds of a step, and how many there are; what comes after the last belongs to it."""
    seconds = max(1.0, (end - start).total_seconds())
    step = next((each for each in STEPS_SECONDS if seconds / each <= MOST_STEPS), None)
    step = step or STEPS_SECONDS[-1]
    return step, min(MOST_STEPS, int(seconds // step) + 1)


def _by_name(rows: Iterable[list[Any]], names: Iterable[str], steps: int) -> dict[str, list[int]]:
    found = {name: [0] * steps for name in names}
    for name, step, number in rows:
        found[name][step] += number
    return found


def _first_day(rows: Iterable[list[Any]]) -> dict[str, list[int]]:
    kinds, actors = (EventKind.OPENED, EventKind.CLICKED), Actor.values
    names = [f"{kind}:{actor}" for kind in kinds for actor in actors]
    by_name = ([f"{kind}:{actor}", hour, number] for kind, actor, hour, number in rows)
    return _by_name(by_name, names, FIRST_HOURS)
