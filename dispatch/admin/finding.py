"""“Did Ada get it?”: messages by part of an address or name, over all campaigns.

An index that finds any part of an address among ten million messages would cost every launch more
than the rest of it. So people are looked for among the contacts, for whom there is one, and then
their messages by index (task, recipient). Who is no contact any more is found by the whole address.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_safe
from unfold.dataclasses import SearchResult

from addressing.addresses import as_written
from admin_kit.base import Visitor, staff
from admin_kit.typed import Colours
from campaigns import contact_search
from campaigns.models import Contact, SubTask, Task, TaskStatus
from dispatch.admin.subtasks.pages import STATUS_LABELS, outcome_of
from dispatch.admin.subtasks.search import subtasks_to

FEWEST_CHARACTERS = 3
MOST_CONTACTS = 20
MOST_TASKS = 1_000
"""The newest campaigns of the owners of these contacts."""
MOST_MESSAGES = 50
IN_THE_PALETTE = 8
PEOPLE_IN_THE_PALETTE = 4
VIEW = "campaigns.view_subtask"
NAMES = "campaigns.view_contact"


class Person(NamedTuple):
    key: int
    owner_id: int
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The newest contacts and messages first. `more` says whether there may be other messages."""

    messages: list[SubTask] = field(default_factory=list)
    more: bool = False
    people: list[Person] = field(default_factory=list)


def find(words: str, user: Visitor) -> Answer:
    """Of the campaigns that the user sees. Six queries, however many messages there are."""
    words = words.strip()
    if len(words) < FEWEST_CHARACTERS or "\x00" in words:
        return Answer()
    people = _people(words, user) if user.has_perm(NAMES) else []
    keys, more = _messages_to(people[:MOST_CONTACTS], user), len(people) > MOST_CONTACTS
    if "@" in words:
        keys |= set(subtasks_to(words, user))
    newest = sorted(keys, reverse=True)[:MOST_MESSAGES]
    found = SubTask.objects.filter(pk__in=newest).select_related("task", "service")
    messages = list(found.defer("variables", "error").order_by("-pk"))
    return Answer(messages, more or len(keys) > MOST_MESSAGES, people)


def _people(words: str, user: Visitor) -> list[Person]:
    """The contacts whom the words fit, MOST_CONTACTS and one at most."""
    contacts = contact_search.search(Contact.objects.visible_to(user), words, user)
    rows = contacts.order_by("-pk").values_list("pk", "owner_id", "email", "name")
    return [Person(*row) for row in rows[: MOST_CONTACTS + 1]]


def _messages_to(people: Collection[Person], user: Visitor) -> set[int]:
    """Their keys."""
    tasks = _tasks_of({each.owner_id for each in people}, user)
    addresses = {each.email for each in people}
    found = SubTask.objects.filter(task__in=tasks, recipient_email__in=addresses)
    return set(found.order_by().values_list("pk", flat=True))


def _tasks_of(owners: Collection[int], user: Visitor) -> list[int]:
    """As values: so the index on (task, recipient) finds each message."""
    tasks = Task.objects.visible_to(user).filter(owner__in=owners)
    launched = tasks.exclude(status__in=(TaskStatus.DRAFT, TaskStatus.SCHEDULED))
    return list(launched.order_by("-pk").values_list("pk", flat=True)[:MOST_TASKS])


class Row(NamedTuple):
    address: str
    campaign: str
    outcome: str
    colour: str
    sent_at: dt.datetime | None
    url: str


def _row(message: SubTask) -> Row:
    return Row(
        as_written(message.recipient_email),
        str(message.task),
        (outcome := outcome_of(message)),
        Colours(STATUS_LABELS)[outcome],
        message.sent_at,
        _url_of(message),
    )


def _url_of(message: SubTask) -> str:
    return reverse("admin:campaigns_subtask_change", args=[message.pk])


@require_safe
def found_messages(request: HttpRequest) -> HttpResponse:
    """The page. To be wrapped in `admin_view`."""
    user = staff(request)
    if not user.has_perm(VIEW):
        raise PermissionDenied
    words = request.GET.get("q", "")[:254].strip()
    answer = find(words, user)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": gettext("Who got what"),
        "words": words,
        "is_short": len(words) < FEWEST_CHARACTERS,
        "rows": [_row(message) for message in answer.messages],
        "more": answer.more,
    }
    return TemplateResponse(request, "admin/dispatch/found_messages.html", context)


def in_the_palette(request: HttpRequest, words: str) -> list[SearchResult]:
    """The newest contacts, their newest messages, and a way to all of these."""
    user = staff(request)
    answer = find(words, user)
    people = [_found(each) for each in answer.people[:PEOPLE_IN_THE_PALETTE]]
    return [*people, *_messages(answer, words)] if user.has_perm(VIEW) else people


def _found(person: Person) -> SearchResult:
    return SearchResult(
        title=as_written(person.email),
        description=person.name or gettext("Contact"),
        link=reverse("admin:campaigns_contact_change", args=[person.key]),
        icon="contacts",
    )


def _messages(answer: Answer, words: str) -> list[SearchResult]:
    results = [
        SearchResult(
            title=as_written(message.recipient_email),
            description=f"{message.task} – {outcome_of(message)}",
            link=_url_of(message),
            icon="mail",
        )
        for message in answer.messages[:IN_THE_PALETTE]
    ]
    if answer.more or len(answer.messages) > IN_THE_PALETTE:
        link = f"{reverse('found_messages')}?{urlencode({'q': words})}"
        title = gettext("All messages to “%(words)s”") % {"words": words}
        results.append(SearchResult(title=title, description="", link=link, icon="search"))
    return results
