"""Describe what erasing an address would do, before it is confirmed."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext

from admin_kit.words.numbers import number
from campaigns import erasure
from privacy.erasure import STOPPABLE
from tracking.events.erasure import events_of


def details(address: str) -> list[tuple[str, str]]:
    """Names and values; counts only, so that a browser's history holds no personal data."""
    messages = erasure.subtasks_of(address)
    ids = list(messages.values_list("pk", flat=True))
    stopped = messages.filter(status__in=STOPPABLE).count()
    found = [
        (gettext("Contacts to delete"), number(erasure.contacts_of(address).count())),
        (
            gettext("Messages to it"),
            gettext("%(count)s, %(stopped)s of them not sent yet")
            % {"count": number(len(ids)), "stopped": number(stopped)},
        ),
        (gettext("Events"), number(events_of(address, ids).count())),
    ]
    found += [
        (
            gettext("%(what)s to delete") % {"what": capfirst(gettext(holder.plural))},
            number(count),
        )
        for holder in erasure.HOLDERS
        if (count := holder.count(address))
    ]
    accounts = get_user_model()._default_manager.filter(email__iexact=address).count()
    if accounts:
        kept = ngettext(
            "%(count)s account with this address: not touched, change it there",
            "%(count)s accounts with this address: not touched, change it there",
            accounts,
        ) % {"count": number(accounts)}
        found.append((gettext("Staff"), kept))
    return found
