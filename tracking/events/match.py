"""Match events to SubTasks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from addressing.message_ids import subtask_id_in
from campaigns.models import SubTask, SubTaskStatus
from tracking.models import Event

UNKNOWN = gettext_noop("No message matches the event.")
FOREIGN = gettext_noop("The message was not sent through the service that reports it.")
AMBIGUOUS = gettext_noop("Several messages match the event.")


class KnownSubTask(NamedTuple):
    """The columns of a SubTask that matching compares."""

    id: int
    service_id: int | None
    recipient_email: str
    provider_message_id: str


@dataclass(frozen=True, slots=True)
class LockedSubTask:
    """A SubTask, locked for the transaction."""

    id: int
    task_id: int
    recipient_email: str
    status: SubTaskStatus
    sent_at: dt.datetime | None


def match(events: Collection[Event]) -> dict[int, int | str]:
    """For each event, by its id, the id of its SubTask, or the reason why there is none.

    Matches by SubTask id, else by our Message-ID, else by the provider's message id together with
    the recipient.
    """
    told = {event.pk: _told_id(event) for event in events}
    by_id = _by_id({pk for pk in told.values() if pk})
    by_name = _by_provider_name(
        {e.provider_message_id for e in events if told[e.pk] is None and e.provider_message_id}
    )
    return {event.pk: _match(event, told[event.pk], by_id, by_name) for event in events}


def _told_id(event: Event) -> int | None:
    """None when the event names no SubTask of ours, 0 when it names an impossible one."""
    if event.subtask_id:
        return event.subtask_id
    if event.message_id:
        return subtask_id_in(event.message_id) or (None if event.provider_message_id else 0)
    return None


def _match(
    event: Event,
    told: int | None,
    by_id: dict[int, KnownSubTask],
    by_name: dict[str, list[KnownSubTask]],
) -> int | str:
    if told is not None:
        found = [by_id[told]] if told in by_id else []
    else:
        found = [
            known
            for known in by_name.get(event.provider_message_id, ())
            if event.recipient in ("", known.recipient_email)
        ]
    if not found:
        return UNKNOWN
    if event.service_id is not None:
        found = [known for known in found if known.service_id == event.service_id]
    if len(found) == 1:
        return found[0].id
    return AMBIGUOUS if found else FOREIGN


def _by_id(ids: Collection[int]) -> dict[int, KnownSubTask]:
    return {known.id: known for known in _known(SubTask.objects.filter(pk__in=ids))}


def _by_provider_name(names: Collection[str]) -> dict[str, list[KnownSubTask]]:
    """Uses index subtask_provider_message."""
    found: dict[str, list[KnownSubTask]] = {}
    if names:
        rows = SubTask.objects.filter(provider_message_id__in=names).exclude(provider_message_id="")
        for known in _known(rows):
            found.setdefault(known.provider_message_id, []).append(known)
    return found


def _known(subtasks: QuerySet[SubTask]) -> Iterable[KnownSubTask]:
    return (KnownSubTask(*row) for row in subtasks.values_list(*KnownSubTask._fields))


def lock(ids: Collection[int]) -> dict[int, LockedSubTask]:
    """Lock these SubTasks by id. Skips rows that a dispatcher holds or another transaction has
    locked, so that neither side ever waits for the other."""
    rows = (
        SubTask.objects.filter(pk__in=ids, dispatcher_id=None)
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .order_by("id")
        .values_list("id", "task_id", "recipient_email", "status", "sent_at")
    )
    return {
        pk: LockedSubTask(pk, task_id, email, SubTaskStatus(status), sent_at)
        for pk, task_id, email, status, sent_at in rows
    }
