"""A digest of all that a launch would freeze, part by part, so that any change of it is seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from campaigns.approvals import ingredients
from campaigns.approvals.ingredients import Ingredients
from campaigns.models import Task, TaskTemplate
from campaigns.models.ab_test import SETTINGS as TEST_SETTINGS

Fingerprint = dict[str, str]
PARTS = {
    "content": _("the content"),
    "attachments": _("the attachments"),
    "senders": _("the senders"),
    "audience": _("the audience"),
    "services": _("the email services"),
    "ab_test": _("the A/B test"),
}
"""What each part is called on pages."""

# Everything else that a row has counts, also what it will have one day.
OF_TASK = frozenset(
    {"id", "name", "sender", "priority", "scheduled_at", "status", "note", "created_at"}
    | {"launched_at", "started_at", "paused_at", "resumed_at", "completed_at", "cancelled_at"}
)
OF_CHOICE = frozenset({"id", "task", "template", "subject", "preview_text", "sender"})
OF_TEMPLATE = frozenset(
    {"id", "owner", "name", "folder", "format", "sender", "subject", "preview_text", "mjml"}
    | {"blocks", "updated_at"}
)
"""What is not frozen of each, or is read otherwise. HTML is what was made of MJML and blocks."""
OF_SENDER = frozenset({"owner"})
RELATIONS = frozenset(
    {"templates", "services", "contacts"}
    | {"include_tags", "exclude_tags", "include_segments", "exclude_segments"}
)
"""The relations of a task to many that are read below."""


def of(
    task: Task,
    choices: Sequence[TaskTemplate] | None = None,
    conditions: Mapping[int, object] | None = None,
) -> Fingerprint:
    """`choices` and `conditions` are what a launch has read of its templates and segments; without
    them they are read now.
    """
    now = ingredients.read([task])[task.pk]
    if choices is not None:
        now = replace(now, choices=choices)
    if conditions is not None:
        now = replace(now, conditions=conditions)
    return _of(task, now)


def of_each(tasks: Sequence[Task]) -> dict[int, Fingerprint]:
    """By the key of the task, in as many queries for one as for all. The senders of the tasks are
    read before, or one by one."""
    now = ingredients.read(tasks)
    return {task.pk: _of(task, now[task.pk]) for task in tasks}


def _of(task: Task, now: Ingredients) -> Fingerprint:
    audience = [now.tags, now.segments, now.contacts]
    parts: dict[str, object] = {
        "content": [_content(choice) for choice in now.choices],
        "attachments": now.attachments,
        "senders": [_sender(task, choice) for choice in now.choices],
        "audience": [_values(task, OF_TASK), audience, sorted(now.conditions.items())],
        "services": now.services,
        "ab_test": [getattr(now.test, name) for name in TEST_SETTINGS] if now.test else None,
    }
    return {name: _digest(value) for name, value in parts.items()}


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The parts that differ, as they are called on pages."""
    return [str(label) for name, label in PARTS.items() if before.get(name) != now.get(name)]


def _content(choice: TaskTemplate) -> list[object]:
    template = choice.template
    return [
        choice.template_id,
        choice.subject or template.subject,
        choice.preview_text or template.preview_text,
        _values(choice, OF_CHOICE),
        _values(template, OF_TEMPLATE),
    ]


def _sender(task: Task, choice: TaskTemplate) -> list[object]:
    sender = choice.sender or task.sender
    return [sender.pk, _values(sender, OF_SENDER)] if sender else []


def _values(row: Model, left_out: frozenset[str]) -> dict[str, object]:
    fields = row._meta.concrete_fields
    return {each.name: each.value_from_object(row) for each in fields if each.name not in left_out}


def _digest(value: object) -> str:
    told = json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
