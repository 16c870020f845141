"""Whether the services of a task can send, in words: before its launch, and while it is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.words.listing import headed
from admin_kit.words.numbers import number
from campaigns.ab_tests import plan, sampling
from campaigns.admin.progress import Wait
from campaigns.models import Task, TaskStatus
from campaigns.wording import sentences
from dispatch.admin import rate
from dispatch.admin.services import state
from dispatch.claiming import agenda as agendas
from dispatch.claiming import leases
from dispatch.clock import database_time
from dispatch.models import EmailService
from dispatch.waiting import looking_back, words
from dispatch.waiting.estimate import Estimate, estimate_of_launch, estimates
from dispatch.waiting.why import Cause, Why, why

LONG = dt.timedelta(days=1)
MOST_NAMED = 5
NO_DISPATCHER = _(
    "No dispatcher is running: nothing is sent until an operator starts manage.py qcluster."
)
OF_SERVICES = (Cause.SERVICE, Cause.SERVICE_OFF)
"""What the states of the services say already."""


def warnings(task: Task) -> list[str]:
    """What to know before a launch when nothing is sent for long. Tells nothing of what a provider
    said, because it is not known who reads it.
    """
    missing = [] if leases.alive().exists() else [str(NO_DISPATCHER)]
    services = list(state.with_state(_of(task), AnonymousUser()))
    if not services or any(_sends_within(each, LONG) for each in services):
        return missing
    more = len(services) - MOST_NAMED
    return [
        *missing,
        gettext("None of its email services can send today. Its messages wait until one can."),
        *(headed(f"“{each}”", " – ".join(state.state_of(each))) for each in services[:MOST_NAMED]),
        *([gettext("And %(more)s more services.") % {"more": number(more)}] if more > 0 else []),
    ]


def foretold(task: Task, messages: int) -> list[tuple[str, str]]:
    """When the last of so many messages would be sent, if a task were launched now; with an A/B
    test the last of its sample.
    """
    test = plan.test_of(task)
    at_once = sampling.size_of(test, messages) if test else messages
    if not at_once:
        return []
    end = words.end_if_launched(estimate_of_launch(task, at_once), database_time())
    if not end:
        return []
    if not test:
        return [(gettext("If launched now"), end)]
    rest = gettext("The rest waits for the result of the A/B test.")
    return [(gettext("The sample, if launched now"), f"{end} {rest}")]


def waits(task: Task, user: User | AnonymousUser) -> list[Wait]:
    """What holds up a task that is being sent, when it goes on and will be done, and what the first
    of its services do in place of sending. Of a completed one, how good the estimate was."""
    if task.status != TaskStatus.SENDING:
        said = looking_back.compared(task)
        return [Wait("", "", "", said)] if said else []
    services = state.with_state(_of(task), user)[:MOST_NAMED]
    doing = [_wait(each, *state.state_of(each)) for each in services]
    holding = [each for each in doing if each.word != str(state.READY)]
    agenda = agendas.read()
    found = why(task, agenda)
    end = estimates(agenda).get(task.pk)
    return [*_remarks(found), *_outlook(found, end), *_rate(task, found), *holding]


def _rate(task: Task, found: Why) -> Iterable[Wait]:
    """What paces allow says nothing while something else keeps the services for longer."""
    if found.next_at is None or found.next_at > found.now + words.USUAL:
        return
    services = list(_of(task).only("pk", "enabled", "sending_interval"))
    yield Wait("", "", "", rate.sentence(task.pk, services))


def _remarks(found: Why) -> Iterable[Wait]:
    own = [each for each in found.reasons if each.cause not in OF_SERVICES]
    for said in words.sentences(replace(found, reasons=tuple(own))):
        yield Wait(str(state.WAITING), "warning", "", said)


def _outlook(found: Why, estimate: Estimate | None) -> Iterable[Wait]:
    end = words.end(estimate, found.now) if estimate and found.next_at else ""
    goes_on = found.next_at and found.next_at > found.now + words.USUAL
    if said := sentences(*filter(None, [words.next_start(found) if goes_on else "", end])):
        yield Wait("", "", "", said)


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
