"""The contact whose message a preview shows: searched for, the next, a random one, or one for whom
a variable is missing.
"""

from __future__ import annotations

import random

from django.db.models import QuerySet

from access.ownership import User
from campaigns import contact_search
from campaigns.models import Contact, Template
from campaigns.preflight import merge_fields

NEXT, RANDOM, GAP = "next", "random", "gap"
PICKS = (NEXT, RANDOM, GAP)
MOST_FOUND = 8


def search(contacts: QuerySet[Contact], words: str, user: User) -> list[Contact]:
    """The newest whose name or address contains every word, MOST_FOUND at most."""
    found = contact_search.search(contacts, words, user).order_by("-pk")
    return list(found[:MOST_FOUND])


def pick(
    how: str, template: Template, contacts: QuerySet[Contact], now: Contact | None
) -> Contact | None:
    """None when there is none."""
    match how:
        case "next":
            return _after(contacts, now)
        case "random":
            return _random(contacts)
    return merge_fields.with_a_gap(template, contacts, now)


def _after(contacts: QuerySet[Contact], now: Contact | None) -> Contact | None:
    """By key, and the first after the last."""
    ordered = contacts.order_by("pk")
    following = ordered.filter(pk__gt=now.pk).first() if now else None
    return following or ordered.first()


def _random(contacts: QuerySet[Contact]) -> Contact | None:
    """Not each is as likely, for keys have gaps; but each can come."""
    first, last = contacts.order_by("pk").first(), contacts.order_by("-pk").first()
    if first is None or last is None:
        return None
    key = random.randint(first.pk, last.pk)
    return contacts.filter(pk__gte=key).order_by("pk").first()
