"""Erase an address from the event inbox. The events stay: they have been counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from campaigns import erased_keys, suppressions
from tracking.models import Event

# A key that contains the address is replaced by one that does not. The source may then report the
# event a second time; sources retry only for a short while.
ERASE_SQL = """
UPDATE tracking_event SET
    recipient = CASE WHEN subtask_id IS NULL THEN '' ELSE 'erased-' || subtask_id || %(domain)s END,
    dedupe_key = CASE WHEN %(address)s <> '' AND position(%(address)s IN lower(dedupe_key)) > 0
                 THEN 'erased-' || id ELSE dedupe_key END,
    raw = NULL, url = '', detail = '', ip_address = '', user_agent = '', note = ''
WHERE id = ANY(%(ids)s)
"""


def events_of(address: str, subtask_ids: Collection[int]) -> QuerySet[Event]:
    """The events of these SubTasks, and those that name the address. Uses the indexes event_subtask
    and event_recipient."""
    return Event.objects.filter(Q(subtask__in=subtask_ids) | Q(recipient=address))


def forget_events(address: str, subtask_ids: Collection[int]) -> int:
    """Remove all personal data from existing events, applied or waiting. Returns how many."""
    ids = list(events_of(address, subtask_ids).order_by("pk").values_list("pk", flat=True))
    _erase(ids, address)
    return len(ids)


def blank_erased(events: Iterable[Event]) -> set[int]:
    """Remove erased recipients from events before they are matched. Returns the events' ids."""
    by_recipient: dict[str, list[Event]] = {}
    for event in events:
        if event.recipient:
            by_recipient.setdefault(event.recipient, []).append(event)
    gone = suppressions.erased_among(by_recipient) if by_recipient else set()
    late = [event for recipient in gone for event in by_recipient[recipient]]
    for event in late:
        event.recipient = ""
    return {event.pk for event in late}


def empty_late(events: Iterable[Event]) -> set[int]:
    """Remove personal texts from matched events whose SubTask was anonymised, before they are
    applied. Returns their ids."""
    late = [event for event in events if erased_keys.is_placeholder(event.recipient)]
    for event in late:
        event.detail = ""
    return {event.pk for event in late}


def forget_late(ids: Iterable[int]) -> None:
    """Remove personal data from events that arrived after an erasure, once their result is
    written."""
    _erase(sorted(ids), "")


def _erase(ids: list[int], address: str) -> None:
    if ids:
        params: dict[str, Any] = {
            "ids": ids,
            "address": address,
            "domain": erased_keys.PLACEHOLDERS,
        }
        with connection.cursor() as cursor:
            cursor.execute(ERASE_SQL, params)
