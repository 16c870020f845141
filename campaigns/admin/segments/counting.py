"""How many contacts a condition holds and who some of them are, within a limit of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import Visitor
from campaigns import wording
from campaigns.admin.segments import checking
from campaigns.admin.segments.draft import Group
from campaigns.db.few_at_once import answer_within
from campaigns.models import Contact, Segment
from campaigns.segments import matching, sentence
from campaigns.segments.sql.plans import planned_for_sets

T = TypeVar("T")
SECONDS = 5.0
"""For one statement."""
SAMPLES = 10
TOO_LONG = _("Counting takes too long just now. The segment can be used all the same.")


@dataclass
class Figures:
    """What is shown of a condition."""

    sentence: str = ""
    left_out: int = 0
    wrong: list[str] = field(default_factory=list)
    """What is wrong with lines that are filled in."""
    size: str | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()
    samples_are: str = ""
    samples: list[dict[str, str]] = field(default_factory=list)


def of_draft(owner_id: int, draft: Group, segment: Segment | None, user: Visitor) -> Figures:
    """Of its complete lines."""
    part = checking.complete_part(owner_id, draft, segment)
    shown = of_condition(owner_id, part.condition, user) if part.condition else Figures()
    if part.left_out:
        shown.left_out = part.left_out
    shown.wrong = part.wrong
    return shown


def of_condition(owner_id: int, condition: object, user: Visitor) -> Figures:
    said = sentence.say(owner_id, condition)
    shown = Figures(said.sentence, notes=said.notes)
    contacts = matching.contacts_in(owner_id, condition)
    size = within_time(contacts.count)
    if size is None:
        shown.problem = str(TOO_LONG)
        return shown
    shown.size = wording.contacts(size)
    if size and user.has_perm("campaigns.view_contact"):
        found = within_time(lambda: list(contacts.order_by("pk")[:SAMPLES])) or []
        shown.samples = [_sample(contact) for contact in found]
        shown.samples_are = (
            gettext("All of them:")
            if size <= SAMPLES
            else gettext("%(number)s of them:") % {"number": len(found)}
        )
    return shown


def size_of(segment: Segment) -> str:
    """In a word, for a list."""
    if matching.problem_of(segment):
        return gettext("cannot be used")
    return _in_a_word(matching.contacts_of(segment))


def size_of_condition(owner_id: int, condition: object) -> str:
    """In a word, before there is a segment of it."""
    return _in_a_word(matching.contacts_in(owner_id, condition))


def _in_a_word(contacts: QuerySet[Contact]) -> str:
    size = within_time(contacts.count)
    return gettext("takes too long") if size is None else f"{size:,}"


def within_time(ask: Callable[[], T]) -> T | None:
    """What a statement answers; None when it takes too long, or too many are being asked."""

    def planned() -> T:
        with planned_for_sets():
            return ask()

    return answer_within(SECONDS, planned)


def _sample(contact: Any) -> dict[str, str]:
    text = f"{contact.name}, {contact}" if contact.name else str(contact)
    return {"text": text, "url": reverse("admin:campaigns_contact_change", args=[contact.pk])}
