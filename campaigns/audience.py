"""The audience of a task as one SQL set: all contacts, those with a tag, or chosen ones; never
those with an excluded tag."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from campaigns import suppressions
from campaigns.models import Audience, Contact, Task


def contacts_of(task: Task) -> QuerySet[Contact]:
    """The contacts a task is for, suppressed or not."""
    contacts: QuerySet[Contact] = Contact.objects.filter(owner=task.owner_id)
    tagged = Contact.tags.through.objects.filter(contact=OuterRef("pk"))
    if task.audience == Audience.TAGS:
        contacts = contacts.filter(Exists(tagged.filter(tag__in=task.include_tags.values("pk"))))
    elif task.audience == Audience.CHOSEN:
        chosen = Task.contacts.through.objects.filter(task=task, contact=OuterRef("pk"))
        contacts = contacts.filter(Exists(chosen))
    return contacts.exclude(Exists(tagged.filter(tag__in=task.exclude_tags.values("pk"))))


def mailable(contacts: QuerySet[Contact]) -> QuerySet[Contact]:
    """Those whose address, or its domain, is not suppressed."""
    return suppressions.not_suppressed(contacts, "email")
