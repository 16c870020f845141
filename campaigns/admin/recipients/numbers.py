"""The numbers of a task for its pages, each with the address of its list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext

from admin_kit.words.moments import to_the_minute
from campaigns import audience
from campaigns.models import Change, Difference, Launch, LeftOutReason, Promise, Task
from campaigns.recipients import counting, promises
from campaigns.recipients.counting import Counts
from campaigns.recipients.decision import SENT

AT_ONCE = 100_000
"""The candidates of more are counted after the page is shown."""
NOT_THERE = Difference.NOT_THERE


class Number(NamedTuple):
    label: str
    number: int
    url: str


def is_big(task: Task) -> bool:
    """Whether counting what would become of the candidates takes longer than a page may."""
    candidates = audience.included(task).order_by().values("pk")
    return candidates[: AT_ONCE + 1].count() > AT_ONCE


def may_list(user: User | AnonymousUser) -> bool:
    return user.has_perm("campaigns.view_contact")


def promised_url(promise: Promise, reason: str) -> str:
    return _url(promise.task_id, {"promise": str(promise.pk), "reason": reason or "sent"})


def of_draft(task: Task, counts: Counts) -> list[Number]:
    """Those that a launch now would leave out, by reason."""
    return [
        Number(str(reason.label), number, draft_url(task, reason))
        for reason, number in counts.by_reason.items()
    ]


def draft_url(task: Task, reason: str) -> str:
    """Of those who would be left out, or would get a message, if it were launched now."""
    return _url(task.pk, {"now": reason or "sent"})


def _url(task_id: int, query: Mapping[str, str]) -> str:
    return f"{reverse('admin:campaigns_task_recipients', args=[task_id])}?{urlencode(query)}"


def details(promise: Promise, user: User | AnonymousUser) -> list[tuple[str, str]]:
    """What the question before a launch says: audience = will be sent + left out."""
    counts = promises.numbers(promise)
    reasons = [
        Number(str(reason.label), number, promised_url(promise, reason))
        for reason, number in counts.by_reason.items()
    ]
    links = may_list(user)
    sent = Number(gettext("Will be sent"), counts.sent, promised_url(promise, SENT))
    return [
        (gettext("Contacts in it"), f"{counts.candidates:,}"),
        (sent.label, _number(sent, links)),
        (gettext("Left out"), f"{counts.left_out:,}"),
        *((f"– {each.label}", _number(each, links)) for each in reasons),
    ]


def _number(each: Number, links: bool) -> str:
    if not (links and each.number):
        return f"{each.number:,}"
    return format_html(
        '<a class="edm-link" href="{}" data-figure="{}">{}</a>',
        each.url,
        each.label,
        f"{each.number:,}",
    )


def left_out(launch: Launch) -> list[Number]:
    """Those left out by a launch that recorded them, by reason."""
    counts: Counts = counting.counts_of(launch.left_out or {})
    return [
        Number(str(reason.label), number, _url(launch.task_id, {"left_out": reason}))
        for reason, number in counts.by_reason.items()
    ]


class Comparison(NamedTuple):
    """A promise and what a launch has made of it. `parts` explain the difference between the two
    numbers, `others` change neither."""

    shown: str
    promised: int
    made: int
    parts: list[Number]
    others: list[Number]


def comparison(launch: Launch | None) -> Comparison | None:
    """None before the end of a launch, and where nothing was promised."""
    if launch is None or launch.finished_at is None or launch.differences is None:
        return None
    promise = promises.confirmed(launch.task)
    if promise is None:
        return None
    parts: list[Number] = []
    others: list[Number] = []
    for change, promised, made, number in launch.differences:
        query = {"change": change, "promised": promised, "made": made}
        told = Number(_said(Change(change), promised, made), number, _url(launch.task_id, query))
        (parts if (promised == SENT) != (made == SENT) else others).append(told)
    return Comparison(
        _shown(promise), promises.numbers(promise).sent, launch.inserted, parts, others
    )


def _shown(promise: Promise) -> str:
    when = to_the_minute(promise.shown_at)
    return (
        gettext("shown to %(shown_to)s at %(when)s") % {"shown_to": promise.shown_to, "when": when}
        if promise.shown_to
        else gettext("shown at %(when)s") % {"when": when}
    )


def _said(change: Change, promised: str, made: str) -> str:
    """Such as “unsubscribed since”, after a number of contacts."""
    before, after = _reason(promised), _reason(made)
    if change == Change.LEFT_OUT:
        return gettext("left out since: %(after)s") % {"after": after}
    if change == Change.SENT:
        return gettext("no longer left out: %(before)s") % {"before": before}
    if change == Change.REASON:
        return gettext("left out for another reason: %(after)s (before: %(before)s)") % {
            "after": after,
            "before": before,
        }
    if promised == NOT_THERE and made != SENT:
        return gettext("%(label)s, and left out: %(after)s") % {
            "label": change.label,
            "after": after,
        }
    return str(change.label)


def _reason(value: str) -> str:
    if value in LeftOutReason.values:
        label = str(LeftOutReason(value).label)
        return label[0].lower() + label[1:]
    return ""
