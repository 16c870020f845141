"""Apply events to their SubTask, the suppression list, and the counts of the task.

Run by maintenance, one transaction per chunk. An event counts in the transaction that marks it as
applied, so it counts once. Locks the events, then their SubTasks by id, and skips locked rows: they
are applied later.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import ExpressionWrapper, F, fields
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from campaigns.state import states
from tracking.event_kinds import EventKind
from tracking.events import effects, engagement, erasure, link_counts, repeats, scanners
from tracking.events import match as matching
from tracking.events.effects import Matched
from tracking.models import Event, EventState

logger = logging.getLogger(__name__)

CHUNK = 1_000
SLICE_SECONDS = 1.0
"""Maintenance has other work, too."""
SHORT_WAIT = dt.timedelta(seconds=1)
LONGEST_WAIT = dt.timedelta(minutes=10)
IN_HAND = gettext_noop("Its message is just being sent or changed.")
REFUSED = gettext_noop("The database refuses it: %(reason)s")


@dataclass(slots=True)
class Settled:
    """The result of processing one event, as it is written to its row."""

    event: Event
    state: EventState
    note: str = ""
    wait: dt.timedelta = dt.timedelta()


def apply_waiting() -> int:
    """Apply due events, for about a second. Returns how many were processed."""
    until = time.monotonic() + SLICE_SECONDS
    repeats.fold()
    seen = 0
    while (count := _apply_safely()) == CHUNK and time.monotonic() < until:
        seen += count
    return seen + count


def _apply_safely() -> int:
    """An event that the database refuses must not block the others."""
    try:
        return apply_chunk(CHUNK)
    except (DataError, IntegrityError) as error:
        logger.exception("a chunk of events cannot be applied, trying one by one: %s", error)
    for _ in range(CHUNK):
        try:
            if not apply_chunk(1):
                break
        except (DataError, IntegrityError) as error:
            _give_up_first(str(error))
    return 0


def apply_chunk(limit: int) -> int:
    """Look at up to `limit` events that are due. Returns how many."""
    with transaction.atomic():
        events = _due(limit)
        if not events:
            return 0
        late = erasure.blank_erased(events)
        matches = matching.match(events)
        rows = matching.lock({pk for pk in matches.values() if isinstance(pk, int)})
        settled = [_place(event, matches[event.pk], rows) for event in events]
        late |= erasure.empty_late(events)
        applied = [each.event for each in settled if each.state == EventState.APPLIED]
        _take_effect(applied, rows)
        _write(settled)
        erasure.forget_late(late)
        effects.suppress_soft_bounces(applied)
    _log(settled)
    return len(events)


def _due(limit: int) -> list[Event]:
    """Uses index event_waiting. `age` is by the database clock. An event of a kind that this
    version does not know waits for a version that does."""
    age = ExpressionWrapper(Now() - F("received_at"), output_field=fields.DurationField())
    due = Event.objects.filter(
        state=EventState.WAITING, due_at__lte=Now(), kind__in=EventKind.values
    )
    due = due.select_for_update(skip_locked=True, no_key=True).annotate(age=age)
    return list(due.order_by("due_at", "id").defer("raw")[:limit])


def _place(event: Event, match: int | str, rows: dict[int, matching.LockedSubTask]) -> Settled:
    """Whether an event can be applied now; sets its SubTask if so."""
    if isinstance(match, str):
        return _park(event, match)
    row = rows.get(match)
    if row is None:
        return Settled(event, EventState.WAITING, IN_HAND, SHORT_WAIT)
    event.subtask_id, event.recipient = row.id, row.recipient_email
    return Settled(event, EventState.APPLIED)


def _park(event: Event, why: str) -> Settled:
    """Retry later, with growing delays: the provider may report an event before the SubTask is
    written."""
    age: dt.timedelta = event.age  # type: ignore[attr-defined]  # annotated
    if age > dt.timedelta(hours=settings.EVENT_WAIT_HOURS):
        return Settled(event, EventState.GIVEN_UP, why)
    return Settled(event, EventState.WAITING, why, min(max(age / 2, SHORT_WAIT), LONGEST_WAIT))


def _take_effect(applied: Sequence[Event], rows: dict[int, matching.LockedSubTask]) -> None:
    company = scanners.companies(applied)
    matched = []
    for event in applied:
        row = rows[event.subtask_id]  # type: ignore[index]  # set where it was placed
        event.actor = scanners.actor_of(event, company, row.sent_at)
        matched.append(Matched(event, row))
    states.rise(effects.status_rises(matched))
    effects.suppress(matched)
    effects.count(matched)
    link_counts.count(matched)
    engagement.record(matched)


# The ids are locked by this transaction.
WRITE_SQL = """
UPDATE tracking_event e SET
    state = v.state, note = v.note, actor = v.actor, subtask_id = v.subtask_id,
    recipient = v.recipient,
    due_at = clock_timestamp() + make_interval(secs => v.wait),
    settled_at = CASE WHEN v.state <> 'waiting' THEN clock_timestamp() END
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[],
            %s::float8[]) AS v(id, state, note, actor, subtask_id, recipient, wait)
WHERE e.id = v.id
"""


def _write(settled: Sequence[Settled]) -> None:
    rows = [
        (
            each.event.pk,
            str(each.state),
            each.note[:200],
            str(each.event.actor),
            # An event from a source that does not own the SubTask is not shown on the SubTask's
            # page.
            each.event.subtask_id if each.state != EventState.GIVEN_UP else None,
            each.event.recipient,
            each.wait.total_seconds(),
        )
        for each in settled
    ]
    with connection.cursor() as cursor:
        cursor.execute(WRITE_SQL, [list(column) for column in zip(*rows, strict=True)])


def _give_up_first(why: str) -> None:
    with transaction.atomic():
        for event in _due(1):
            _write(
                [Settled(event, EventState.GIVEN_UP, REFUSED % {"reason": why.replace("\x00", "")})]
            )
            logger.error("event %s was given up: %s", event.pk, why)


def _log(settled: Sequence[Settled]) -> None:
    """Once per reason and source, not once per event."""
    given_up = Counter(
        (each.event.source, each.note) for each in settled if each.state == EventState.GIVEN_UP
    )
    parked = Counter(
        (each.event.source, each.note)
        for each in settled
        if each.state == EventState.WAITING and not each.event.note
    )
    for (source, why), count in given_up.items():
        logger.warning("%d events of %s were given up: %s", count, source, why)
    for (source, why), count in parked.items():
        logger.info("%d events of %s wait: %s", count, source, why)
