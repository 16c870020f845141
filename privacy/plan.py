"""Describe what erasing an address would do, before it is confirmed."""

from __future__ import annotations

from django.contrib.auth import get_user_model

from campaigns import erasure
from campaigns.wording import counted
from privacy.erasure import STOPPABLE
from tracking.events.erasure import events_of


def details(address: str) -> list[tuple[str, str]]:
    """Names and values; counts only, so that a browser's history holds no personal data."""
    messages = erasure.subtasks_of(address)
    ids = list(messages.values_list("pk", flat=True))
    stopped = messages.filter(status__in=STOPPABLE).count()
    found = [
        ("Contacts to delete", f"{erasure.contacts_of(address).count():,}"),
        ("Messages to it", f"{len(ids):,}, {stopped:,} of them not sent yet"),
        ("Events", f"{events_of(address, ids).count():,}"),
    ]
    found += [
        (f"{holder.plural.capitalize()} to delete", f"{number:,}")
        for holder in erasure.HOLDERS
        if (number := holder.count(address))
    ]
    accounts = get_user_model()._default_manager.filter(email__iexact=address).count()
    if accounts:
        kept = f"{counted(accounts, 'account')} with this address: not touched, change it there"
        found.append(("Staff", kept))
    return found
