"""Contacts as rows: a file that can be imported again into the same contacts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext

from addressing.addresses import as_written
from campaigns import suppressions
from campaigns.attributes.values import as_date, show
from campaigns.exports.tables import SUBJECTS, Cell, Chosen, Gone, Row, Subject
from campaigns.imports.reading.columns import EXPORTED_HEADINGS as OWN
from campaigns.imports.reading.columns import READ_ONLY_HEADINGS as MORE
from campaigns.models import Attribute, AttributeKind, Contact, MailConsent, Operation, Segment
from campaigns.segments import matching

NAME = "contacts"
DETAILS = "details"
"""In what is chosen: also columns that an import does not take back."""
_CONSENT = {MailConsent.GIVEN: True, MailConsent.REFUSED: False}
_SEPARATORS = ",;|，；、\n"

Resolve = Callable[[User, Any], QuerySet[Contact]]

KEYS_SQL = """
SELECT DISTINCT key FROM campaigns_contact, jsonb_object_keys(
    CASE WHEN jsonb_typeof(attributes) = 'object' THEN attributes ELSE '{}' END) AS key
WHERE id = ANY(%s)
"""
KEYS_AT_ONCE = 20_000


def of_segment(user: User, segment_id: int) -> QuerySet[Contact]:
    segment = Segment.objects.visible_to(user).filter(pk=segment_id).first()
    if segment is None:
        raise Gone(gettext("The segment was deleted."))
    if problem := matching.problem_of(segment):
        raise Gone(
            gettext("The segment “%(segment)s” cannot be used. %(problem)s")
            % {"segment": segment, "problem": problem}
        )
    return matching.contacts_of(segment)


def of_import(user: User, operation_id: int) -> QuerySet[Contact]:
    operation = Operation.objects.visible_to(user).filter(pk=operation_id).first()
    if operation is None:
        raise Gone(gettext("The import was deleted."))
    return Contact.objects.filter(imported_by=operation)


CHOOSERS: dict[str, Resolve] = {
    "segment": of_segment,
    "import": of_import,
    "ids": lambda user, ids: Contact.objects.filter(pk__in=ids),
}
"""How contacts are chosen: each function gets the user and what is kept of the choice as JSON. What
it returns is cut to what the user may see. Raises Gone."""


def chosen_contacts(user: User, chosen: Chosen) -> QuerySet[Contact]:
    contacts: QuerySet[Contact] = Contact.objects.visible_to(user)
    for name, value in chosen.items():
        if name != DETAILS:
            contacts = contacts.filter(pk__in=CHOOSERS[name](user, value).order_by().values("pk"))
    return contacts


def headings(keys: Sequence[int], chosen: Chosen) -> list[str]:
    """The attributes that these contacts have, after the columns of every contact."""
    names: set[str] = set()
    with connection.cursor() as cursor:
        for start in range(0, len(keys), KEYS_AT_ONCE):
            cursor.execute(KEYS_SQL, [list(keys[start : start + KEYS_AT_ONCE])])
            names.update(name for (name,) in cursor.fetchall())
    own = [*OWN, *(MORE if chosen.get(DETAILS) else ())]
    return [*own, *sorted(names - set(own))]


def rows(keys: Sequence[int], names: Sequence[str], chosen: Chosen) -> Iterator[Row]:
    contacts = Contact.objects.filter(pk__in=keys).order_by("pk").prefetch_related("tags")
    found = list(contacts)
    blocked = suppressions.suppressed([each.email for each in found]) if _details(names) else set()
    kinds = _kinds({each.owner_id for each in found})
    for contact in found:
        yield _row(contact, names, kinds.get(contact.owner_id, {}), contact.email in blocked)


def _details(names: Sequence[str]) -> bool:
    return tuple(names[len(OWN) : len(OWN) + len(MORE)]) == MORE


def _row(
    contact: Contact, names: Sequence[str], kinds: Mapping[str, str], is_blocked: bool
) -> list[Cell]:
    own: list[Cell] = [
        as_written(contact.email),
        contact.name,
        _tags(contact),
        contact.tracking_consent,
        _CONSENT.get(MailConsent(contact.mail_consent)),
        contact.mail_consent_at,
    ]
    if _details(names):
        own += [contact.mail_consent_source, not is_blocked, contact.paused_until]
        own += [contact.created_at]
    attributes = contact.attributes if isinstance(contact.attributes, dict) else {}
    return own + [_cell(attributes.get(name), kinds.get(name)) for name in names[len(own) :]]


def _cell(value: Any, kind: str | None) -> Cell:
    if isinstance(value, str):
        date: dt.date | None = as_date(value) if kind == AttributeKind.DATE else None
        return date or value
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return show(value)


def _tags(contact: Contact) -> str:
    names = sorted(tag.name for tag in contact.tags.all())
    if any(mark in name for name in names for mark in _SEPARATORS):
        return ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    return ", ".join(names)


def _kinds(owner_ids: set[int]) -> dict[int, dict[str, str]]:
    kinds: dict[int, dict[str, str]] = {}
    for attribute in Attribute.objects.filter(owner__in=owner_ids):
        kinds.setdefault(attribute.owner_id, {})[attribute.key] = attribute.kind
    return kinds


SUBJECTS[NAME] = Subject("contact", "campaigns.view_contact", chosen_contacts, headings, rows)
