"""History entries about an address."""

from __future__ import annotations

import json

from django.contrib.admin.models import LogEntry
from django.db.models import Q, QuerySet

from addressing.addresses import spellings


def names_of(address: str) -> set[str]:
    """The forms of a stored address in the history: Django keeps some messages as JSON in ASCII."""
    written = spellings(address)
    return written | {json.dumps(each)[1:-1] for each in written}


def naming(address: str) -> QuerySet[LogEntry]:
    """Entries with the address, or with one that it is the beginning or end of."""
    named = Q()
    for each in names_of(address):
        named |= Q(object_repr__icontains=each) | Q(change_message__icontains=each)
    return LogEntry.objects.filter(named)
