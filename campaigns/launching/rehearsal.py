"""Measure a template's cost per message on some of its real recipients, before it is sent."""

from __future__ import annotations

import random
from collections.abc import Iterator
from statistics import fmean

from django.db.models import F, Func, IntegerField, QuerySet
from django.utils.translation import gettext

from campaigns import audience
from campaigns.models import Contact, Content, Task
from campaigns.rendering import content
from campaigns.rendering.renderer import SIMPLIFY
from campaigns.state import lifecycle

MOST_SECONDS = 0.1
MOST_SECONDS_ON_AVERAGE = 0.02
FIRST_AND_LAST = 3
AT_RANDOM = 7
WITH_LONGEST_VALUES = 7
LOOKED_THROUGH = 50_000
"""Among how many contacts those with the longest values are found: looking takes time, too."""


def check_cost(task: Task, frozen: Content) -> None:
    """Raise TemplateError if messages of this content, not saved yet, take too much processor time,
    and NotPossible if none that is tried can be rendered. Content that workers do not render has
    none to take, and nothing in it that fails.
    """
    if content.is_plain(frozen):
        return
    costs = []
    failures = []
    for contact in list(_sample(task)):
        seconds, failure = _cost(frozen, contact)
        costs.append(seconds)
        failures += [failure] if failure else []
        if costs[-1] > MOST_SECONDS:
            _refuse(
                gettext(
                    "takes %(seconds)s s of processor time for %(contact)s; the limit is %(most)s s"
                )
                % {"seconds": f"{costs[-1]:.2f}", "contact": contact, "most": f"{MOST_SECONDS:g}"}
            )
    average = fmean(costs or [0.0])
    if average > MOST_SECONDS_ON_AVERAGE:
        _refuse_average(average, len(costs))
    if failures and len(failures) == len(costs):
        why = gettext("%(failure)s It fails so for every recipient that was tried.") % {
            "failure": failures[0]
        }
        raise lifecycle.NotPossible(why)


def _refuse_average(average: float, measured: int) -> None:
    _refuse(
        gettext(
            "takes %(seconds)s s of processor time a message, measured on %(messages)s; the limit "
            "is %(most)s s on average"
        )
        % {
            "seconds": f"{average:.3f}",
            "messages": measured,
            "most": f"{MOST_SECONDS_ON_AVERAGE:g}",
        }
    )


def _refuse(message: str) -> None:
    raise content.TemplateError("html", f"{message}. {SIMPLIFY}")


def _cost(frozen: Content, contact: Contact) -> tuple[float, str]:
    """Of what is too much, the lesser of two runs: the first may pay for what is then kept. And why
    it cannot be rendered, "" when it can.
    """
    seconds, failure = _run(frozen, contact)
    if seconds > MOST_SECONDS_ON_AVERAGE:
        seconds = min(seconds, _run(frozen, contact)[0])
    return seconds, failure


def _run(frozen: Content, contact: Contact) -> tuple[float, str]:
    content.renew_budget(frozen)
    try:
        return content.render(frozen, contact.merge_variables()).cpu_seconds, ""
    except content.RenderError as error:
        return error.cpu_seconds, str(error)


def _sample(task: Task) -> Iterator[Contact]:
    contacts = audience.mailable(audience.contacts_of(task))
    first = list(contacts.order_by("pk")[:FIRST_AND_LAST])
    last = list(contacts.order_by("-pk")[:FIRST_AND_LAST])
    yield from first
    yield from last
    if len(first) < FIRST_AND_LAST or first[-1].pk >= last[-1].pk:  # these are all
        return
    for _ in range(AT_RANDOM):
        somewhere = random.randint(first[-1].pk, last[-1].pk)
        yield from contacts.filter(pk__gte=somewhere).order_by("pk")[:1]
    yield from _with_longest_values(contacts)


def _with_longest_values(contacts: QuerySet[Contact]) -> QuerySet[Contact]:
    some = contacts.order_by("pk").values("pk")[:LOOKED_THROUGH]
    size = Func(F("attributes"), function="pg_column_size", output_field=IntegerField())
    return Contact.objects.filter(pk__in=some).order_by(size.desc())[:WITH_LONGEST_VALUES]
