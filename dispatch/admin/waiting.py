"""Whether the services of a task can send, in words: before its launch, and while it is sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from campaigns.admin.progress import Wait
from campaigns.models import SubTask, SubTaskStatus, Task
from dispatch.admin.services import state
from dispatch.claiming import leases
from dispatch.models import EmailService

LONG = dt.timedelta(days=1)
MOST_NAMED = 5
NO_DISPATCHER = (
    "No dispatcher is running: nothing is sent until an operator starts manage.py qcluster."
)
NO_SERVICE = "None of its email services is open to its owner any more."


def warnings(task: Task) -> list[str]:
    """What to know before a launch when nothing is sent for long. Tells nothing of what a provider
    said, because it is not known who reads it.
    """
    missing = [] if leases.alive().exists() else [NO_DISPATCHER]
    services = list(state.with_state(_of(task), AnonymousUser()))
    if not services or any(_sends_within(each, LONG) for each in services):
        return missing
    more = len(services) - MOST_NAMED
    return [
        *missing,
        "None of its email services can send today. Its messages wait until one can.",
        *(f"“{each}”: {' – '.join(state.state_of(each))}" for each in services[:MOST_NAMED]),
        *([f"And {more:,} more services."] if more > 0 else []),
    ]


def waits(task: Task, user: User | AnonymousUser) -> list[Wait]:
    """What holds up a task that is being sent, and what the first of its services are doing."""
    services = state.with_state(_of(task), user)[:MOST_NAMED]
    doing = [_wait(each, *state.state_of(each)) for each in services]
    return [Wait(state.WAITING, "warning", "", why) for why in _remarks(task, doing)] + doing


def _remarks(task: Task, services: list[Wait]) -> list[str]:
    said = [] if leases.alive().exists() else [NO_DISPATCHER]
    if not services:
        said.append(NO_SERVICE)
    if not SubTask.objects.claimable(task.pk).exists() and (at := _next_try(task)):
        said.append(f"What is left was refused for now and is tried again from {at} on.")
    return said


def _of(task: Task) -> QuerySet[EmailService]:
    """The services it may be sent by, also those that are switched off."""
    services = EmailService.objects.open_to(task.owner_id)
    chosen = list(task.services.values_list("pk", flat=True))
    return services.filter(pk__in=chosen) if chosen else services


def _sends_within(service: Any, span: dt.timedelta) -> bool:
    earliest = state.earliest_start(service)
    return earliest is not None and earliest <= service.now + span


def _wait(service: EmailService, word: str, why: str) -> Wait:
    return Wait(word, state.STATE_LABELS[word], str(service), why)


def _next_try(task: Task) -> str:
    """When the first of those that wait is tried again; "" when none waits. Index subtask_claim."""
    pending = SubTask.objects.filter(task=task, status=SubTaskStatus.PENDING)
    first = pending.order_by("available_at", "id").values_list("available_at", flat=True).first()
    return state.time_of(first) if first else ""
