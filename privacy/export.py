"""Export everything stored about an address, for the person it belongs to."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.utils import timezone

from campaigns import engagement, erasure, suppressions
from campaigns.models import Contact, EngagementKind, SubTask, Suppression
from campaigns.models.ab_test import UNTIL_RELEASED
from campaigns.rendering.content import filled_subject
from dispatch.models import Attempt, Decision
from privacy.entries import naming
from tracking.events.erasure import events_of
from tracking.models import Event

CONTACT = (
    "email", "name", "attributes", "tracking_consent", "mail_consent", "mail_consent_at",
    "mail_consent_source", "paused_until", "days_between", "created_at", "changed_at",
)  # fmt: skip
MESSAGE = (
    "id", "status", "failure_reason", "error", "variables", "provider_message_id", "attempts",
    "created_at", "available_at", "sending_at", "sent_at", "delivered_at", "bounced_at",
    "opened_at", "clicked_at", "failed_at",
)  # fmt: skip
ATTEMPT = ("slot_at", "started_at", "finished_at", "outcome", "code", "reply")
EVENT = (
    "kind", "actor", "source", "recipient", "url", "detail", "ip_address", "user_agent", "raw",
    "message_id", "provider_message_id", "occurred_at", "received_at", "times", "last_at",
    "state",
)  # fmt: skip


def collect(address: str) -> dict[str, Any]:
    """All data about an address, given in its stored spelling: of every owner."""
    messages = list(
        erasure.subtasks_of(address).select_related("task", "content", "service").order_by("pk")
    )
    entries = suppressions.entries_of(address).order_by("pk")
    ids = {message.pk for message in messages}
    events = events_of(address, ids).order_by("pk")
    return {
        "address": address,
        "exported_at": timezone.now(),
        "contacts": [_contact(contact) for contact in erasure.contacts_of(address).order_by("pk")],
        "suppressions": [_suppression(row) for row in entries],
        "messages": _messages(messages, events),
        "left_out": [
            {"task": row.task.name, "reason": row.reason}
            for row in erasure.left_out_of(address).select_related("task").order_by("pk")
        ],
        "changed_before_launch": [
            {"task": row.task.name, "change": row.change}
            for row in erasure.differences_of(address).select_related("task").order_by("pk")
        ],
        **{holder.plural: holder.export(address) for holder in erasure.HOLDERS},
        "other_events": [_values(each, EVENT) for each in events if each.subtask_id not in ids],
        "engagement": list(_engagement(address)),
        "history": list(_history(address)),
    }


def as_json(collected: dict[str, Any]) -> str:
    return json.dumps(collected, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2) + "\n"


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        **_values(contact, CONTACT),
        "owner": str(contact.owner),
        "tags": [tag.name for tag in contact.tags.order_by("name")],
    }


def _engagement(address: str) -> Iterable[dict[str, Any]]:
    """What segments know; the link itself is with the events."""
    for fact in engagement.of_address(address).select_related("task"):
        yield {
            "task": fact.task.name,
            "what": EngagementKind(fact.kind).name.lower(),
            "by_machine": fact.is_machine,
            "is_of_a_link": fact.link != 0,
            "last_at": fact.at,
        }


def _suppression(row: Suppression) -> dict[str, Any]:
    return {"of": row.email, **_values(row, ("reason", "source", "created_at"))}


def _messages(messages: Iterable[SubTask], events: Iterable[Event]) -> list[dict[str, Any]]:
    messages = list(messages)
    ids = [message.pk for message in messages]
    attempts = _by_subtask(Attempt.objects.filter(subtask__in=ids).order_by("pk"), ATTEMPT)
    told = _by_subtask(events, EVENT)
    decisions = _by_subtask(
        Decision.objects.filter(subtask__in=ids).order_by("pk"), ("choice", "decided_at")
    )
    return [
        {
            **_values(message, MESSAGE),
            "waits_for_test": message.available_at == UNTIL_RELEASED,
            "task": message.task.name,
            "subject": filled_subject(message.content.subject, message.variables),
            "sender": message.content.sender_name or message.content.sender_local_part,
            "service": str(message.service) if message.service else None,
            "handed_over": attempts[message.pk],
            "decisions": decisions[message.pk],
            "events": told[message.pk],
        }
        for message in messages
    ]


def _by_subtask(rows: Iterable[Any], names: Collection[str]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row.subtask_id].append(_values(row, names))
    return found


def _history(address: str) -> Iterable[dict[str, Any]]:
    """What staff did with the address; their names are left out, as they are not the person's
    data."""
    for entry in naming(address).select_related("content_type").order_by("pk"):
        yield {
            "at": entry.action_time,
            "kind": entry.content_type.name if entry.content_type else "",
            "what": entry.object_repr,
            "done": entry.get_change_message(),
        }


def _values(row: Model, names: Collection[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
