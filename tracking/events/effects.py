"""The effects of each kind of event: on its SubTask, the suppression list, and the counts.

| event | SubTask becomes | address |
|---|---|---|
| accepted, delayed | sent, if it was in doubt | |
| delivered, reported as spam, (un)subscribed | delivered | spam, unsubscribed: suppressed |
| chose what to get | delivered | |
| opened, clicked by a person or proxy | opened, clicked | |
| opened, clicked by a machine | sent, if it was in doubt | |
| bounced for good | bounced | suppressed |
| bounced for now | bounced | suppressed after several in a row |
| refused (content, policy) | bounced | never |

Status changes only as `campaigns.state.states.NEXT` allows. An event from a dispatcher's hand-over
(HAND_OVER) is already recorded in its SubTask: it is counted only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_noop

from admin_kit.words.stored_texts import in_english
from campaigns import suppression_sources, suppressions
from campaigns.models import SubTaskStatus, Task
from campaigns.models.contacts import SuppressionReason
from campaigns.state.states import NEXT, StatusRise
from tracking.event_kinds import Actor, EventKind, source_in_words
from tracking.events.match import LockedSubTask
from tracking.models import Event

K, S = EventKind, SubTaskStatus

BECOMES: dict[EventKind, SubTaskStatus] = {
    K.ACCEPTED: S.SENT,
    K.DEFERRED: S.SENT,
    K.DELIVERED: S.DELIVERED,
    K.OPENED: S.OPENED,
    K.CLICKED: S.CLICKED,
    K.SOFT_BOUNCED: S.BOUNCED,
    K.HARD_BOUNCED: S.BOUNCED,
    K.REJECTED: S.BOUNCED,
    K.COMPLAINED: S.DELIVERED,
    K.UNSUBSCRIBED: S.DELIVERED,
    K.RESUBSCRIBED: S.DELIVERED,
    K.PREFERENCES: S.DELIVERED,
}
SUPPRESSES: dict[EventKind, SuppressionReason] = {
    K.HARD_BOUNCED: SuppressionReason.HARD_BOUNCE,
    K.COMPLAINED: SuppressionReason.COMPLAINT,
    K.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
}
BY_PEOPLE = frozenset({K.OPENED, K.CLICKED})
BOUNCES = frozenset({K.SOFT_BOUNCED, K.HARD_BOUNCED, K.REJECTED})
OWN_PAGES = gettext_noop("own pages")
"""The source of actions on our own pages, whose effects are applied at once."""
HAND_OVER = "hand-over"
"""The source of events that a dispatcher reports during a hand-over."""


@dataclass(frozen=True, slots=True)
class Matched:
    """An event and its SubTask, locked."""

    event: Event
    row: LockedSubTask


def becomes(event: Event) -> SubTaskStatus:
    """The status that an event leads to, where the state machine allows it."""
    kind = EventKind(event.kind)
    if kind in BY_PEOPLE and event.actor == Actor.MACHINE:
        return S.SENT
    return BECOMES[kind]


def status_rises(matched: Sequence[Matched]) -> list[StatusRise]:
    """The combined status changes of several events for each SubTask, in order of arrival."""
    by_row: dict[int, list[Matched]] = {}
    for each in sorted(matched, key=lambda each: each.event.pk):
        if each.event.source == HAND_OVER:
            continue
        by_row.setdefault(each.row.id, []).append(each)
    return [_together(pk, together) for pk, together in by_row.items()]


def _together(subtask_id: int, matched: list[Matched]) -> StatusRise:
    status = matched[0].row.status
    times: dict[str, object] = {}
    error = name = ""
    for event in (each.event for each in matched):
        target = becomes(event)
        if target in NEXT[status]:
            status = target
        if target in (S.DELIVERED, S.BOUNCED, S.OPENED, S.CLICKED):
            times.setdefault(f"{target}_at", event.received_at)
        if event.kind in BOUNCES:
            error = error or event.detail
        name = name or event.provider_message_id
    return StatusRise(
        subtask_id,
        status,
        error=error,
        provider_message_id=name,
        **times,  # type: ignore[arg-type]  # named after the four statuses
    )


def suppress(matched: Iterable[Matched]) -> None:
    """Suppress addresses because of events reported by others."""
    told = [
        each for each in matched if each.event.kind in SUPPRESSES and each.event.source != OWN_PAGES
    ]
    names = _names_of_tasks({each.row.task_id for each in told})
    with in_english():
        sources = {each.event.source: source_in_words(each.event.source) for each in told}
    suppressions.suppress(
        (
            each.row.recipient_email,
            SUPPRESSES[EventKind(each.event.kind)],
            suppression_sources.reported(names[each.row.task_id], sources[each.event.source]),
        )
        for each in told
    )


def _names_of_tasks(task_ids: set[int]) -> dict[int, str]:
    if not task_ids:
        return {}
    return dict(Task.objects.filter(pk__in=task_ids).values_list("pk", "name"))


# Soft bounces of different messages within so many days, since the last successful delivery. Uses
# index event_recipient.
IN_A_ROW_SQL = """
SELECT r.email FROM unnest(%s::text[]) AS r(email)
WHERE (
    SELECT count(DISTINCT e.subtask_id) FROM tracking_event e
    WHERE e.recipient = r.email AND e.state = 'applied' AND e.kind = 'soft_bounced'
      AND e.received_at > now() - make_interval(days => %s)
      AND e.id > coalesce((
          SELECT max(d.id) FROM tracking_event d
          WHERE d.recipient = r.email AND d.state = 'applied'
            AND (d.kind = 'delivered' OR d.kind IN ('opened', 'clicked') AND d.actor <> 'machine')
      ), 0)
) >= %s
"""


def suppress_soft_bounces(applied: Iterable[Event]) -> None:
    """Suppress addresses with too many soft bounces in a row. Run after the events are marked as
    applied."""
    bounced = {e.recipient for e in applied if e.kind == K.SOFT_BOUNCED and e.recipient}
    most = settings.SOFT_BOUNCES_SUPPRESS
    if not bounced or not most:
        return
    with connection.cursor() as cursor:
        cursor.execute(IN_A_ROW_SQL, [sorted(bounced), settings.SOFT_BOUNCE_DAYS, most])
        emails = [email for (email,) in cursor.fetchall()]
    why = gettext_noop("%(count)s messages in a row bounced for now, within %(days)s days") % {
        "count": most,
        "days": settings.SOFT_BOUNCE_DAYS,
    }
    suppressions.suppress((email, SuppressionReason.SOFT_BOUNCES, why) for email in emails)


class Counted(NamedTuple):
    """One line of a task's counts for one recipient."""

    task_id: int
    subtask_id: int
    kind: str
    actor: str


# The events being counted are not marked as applied yet, so applied ones were counted before. Uses
# index event_subtask. Sorted, so that concurrent transactions wait instead of deadlocking.
COUNT_SQL = """
INSERT INTO tracking_eventtally AS t (task_id, kind, actor, events, recipients)
SELECT v.task_id, v.kind, v.actor, sum(v.events), count(*) FILTER (WHERE NOT EXISTS (
    SELECT 1 FROM tracking_event e
    WHERE e.subtask_id = v.subtask_id AND e.kind = v.kind AND e.actor = v.actor
      AND e.state = 'applied'))
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[])
    AS v(task_id, subtask_id, kind, actor, events)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
ON CONFLICT (task_id, kind, actor) DO UPDATE SET
    events = t.events + excluded.events, recipients = t.recipients + excluded.recipients
"""


def count(matched: Iterable[Matched]) -> None:
    """Raise the counts of the tasks, before the events are marked as applied."""
    counted: Counter[Counted] = Counter()
    for each in matched:
        event, row = each.event, each.row
        counted[Counted(row.task_id, row.id, event.kind, str(event.actor))] += event.times
    if not counted:
        return
    columns = [list(column) for column in zip(*counted, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(COUNT_SQL, [*columns, list(counted.values())])
