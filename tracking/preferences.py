"""What recipients choose on the page of their subscription: topics, fewer messages, a pause.

The topics are the public tags of the sender's owner. Each change is one event of the message whose
link led to the page, with words for staff.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from campaigns.models import Contact, Tag
from tracking.event_kinds import EventKind
from tracking.events import inbox
from tracking.events.effects import OWN_PAGES
from tracking.events.incoming import Incoming
from tracking.subscriptions import Subscriber

MOST_TOPICS = 100
"""The first so many public tags, by name, are offered."""


class Often(models.IntegerChoices):
    """At most one message in so many days."""

    ALWAYS = 0, _("Every message")
    WEEKLY = 7, _("At most one a week")
    FORTNIGHTLY = 14, _("At most one in two weeks")
    MONTHLY = 30, _("At most one a month")
    QUARTERLY = 91, _("At most one in three months")


class Pause(models.IntegerChoices):
    """No message for so many days from today."""

    NONE = 0, _("No pause")
    MONTH = 30, _("For one month")
    QUARTER = 91, _("For three months")
    HALF = 182, _("For six months")


@dataclass(frozen=True, slots=True)
class Topic:
    id: int
    name: str
    is_wanted: bool


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a recipient has chosen so far. `paused_until` lies in the future, or is None."""

    topics: list[Topic]
    days_between: int
    paused_until: dt.datetime | None
    tracking_consent: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What a recipient chooses: for each topic by its id whether it is wanted. None changes
    nothing."""

    topics: Mapping[int, bool]
    days_between: int | None = None
    pause_days: int | None = None
    tracking_consent: bool | None = None


def of(subscriber: Subscriber) -> Preferences | None:
    """None when the sender has no contact with the address any more."""
    contact = _contacts(subscriber).first()
    return _of(contact) if contact else None


def choose(subscriber: Subscriber, choice: Choice) -> bool:
    """Store what was chosen, and record it if anything is different now. False when there is no
    contact any more. Locks the contact."""
    with transaction.atomic():
        contact = _contacts(subscriber).select_for_update(no_key=True, of=("self",)).first()
        if contact is None:
            return False
        if changes := [*_topics(contact, choice.topics), *_settings(contact, choice)]:
            contact.changed_at = Now()
            contact.save(
                update_fields=["days_between", "paused_until", "tracking_consent", "changed_at"]
            )
            _record(subscriber, changes)
    return True


def _contacts(subscriber: Subscriber) -> models.QuerySet[Contact]:
    """With the database's time as `now`."""
    contacts: models.QuerySet[Contact] = Contact.objects.annotate(now=Now())
    return contacts.filter(owner=subscriber.owner_id, email=subscriber.email)


def _of(contact: Contact) -> Preferences:
    has = set(contact.tags.filter(is_public=True).values_list("pk", flat=True))
    return Preferences(
        [Topic(pk, name, pk in has) for pk, name in _offered(contact).items()],
        contact.days_between or 0,
        _pause_of(contact),
        contact.tracking_consent,
    )


def _offered(contact: Contact) -> dict[int, str]:
    tags = Tag.objects.filter(owner=contact.owner_id, is_public=True).order_by("name", "pk")
    return dict(tags.values_list("pk", "name")[:MOST_TOPICS])


def _pause_of(contact: Contact) -> dt.datetime | None:
    until = contact.paused_until
    return until if until and until > contact.now else None  # type: ignore[attr-defined]


def _topics(contact: Contact, chosen: Mapping[int, bool]) -> Iterator[str]:
    """Change the contact's public tags; other tags cannot be named here."""
    offered = _offered(contact)
    has = set(contact.tags.filter(pk__in=offered).values_list("pk", flat=True))
    added = [pk for pk in offered if chosen.get(pk) is True and pk not in has]
    removed = [pk for pk in offered if chosen.get(pk) is False and pk in has]
    contact.tags.add(*added)
    contact.tags.remove(*removed)
    yield from _named(gettext_noop("Wants %(topics)s."), offered, added)
    yield from _named(gettext_noop("No longer wants %(topics)s."), offered, removed)


def _named(text: str, names: Mapping[int, str], ids: Collection[int]) -> Iterator[str]:
    if ids:
        yield text % {"topics": ", ".join(f"“{names[pk]}”" for pk in ids)}


def _settings(contact: Contact, choice: Choice) -> Iterator[str]:
    """Change fields of the contact; does not save it."""
    days = choice.days_between
    if days is not None and (days or None) != contact.days_between:
        contact.days_between = days or None
        often = gettext_noop("At most one message in %(days)s days.") % {"days": days}
        yield often if days else gettext_noop("Every message again.")
    if choice.pause_days is not None:
        yield from _pause(contact, choice.pause_days)
    agrees = choice.tracking_consent
    if agrees is not None and agrees != contact.tracking_consent:
        contact.tracking_consent = agrees
        yield (
            gettext_noop("Agrees that opens are recorded.")
            if agrees
            else gettext_noop("Opens are not to be recorded.")
        )


def _pause(contact: Contact, days: int) -> Iterator[str]:
    """Until the beginning of a day, so that the same choice on one day is the same pause."""
    today = timezone.localtime(contact.now)  # type: ignore[attr-defined]
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    until = midnight + dt.timedelta(days=days) if days else None
    if until != _pause_of(contact):
        contact.paused_until = until
        ended = gettext_noop("Ended the pause.")
        yield gettext_noop("Paused until %(day)s.") % {"day": until.date()} if until else ended


def _record(subscriber: Subscriber, changes: Collection[str]) -> None:
    event = Incoming(
        kind=EventKind.PREFERENCES,
        source=OWN_PAGES,
        dedupe_key=f"preferences:{subscriber.subtask_id}:{secrets.token_hex(8)}",
        subtask_id=subscriber.subtask_id,
        detail=" ".join(changes),
    )
    inbox.accept([event])
