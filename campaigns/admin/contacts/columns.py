"""What the list of contacts shows beside their own fields, of all contacts of a page at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from admin_kit.confirmation import say
from admin_kit.lists import ChangeList
from campaigns.contact_status import standings_of
from campaigns.db.few_at_once import answer_within
from campaigns.models import Contact, EngagementKind, EngagementTimes

SEGMENT = "segment"
"""The parameter of the filter by segment."""
SECONDS = 10.0
SEEN = (EngagementKind.OPENED, EngagementKind.CLICKED)
TOO_LONG = _(
    "The contacts of this segment take too long to find just now. Filter more, or look again later."
)

Key = tuple[int, int]
"""An owner and the key of an address."""


class ContactChangeList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """Within a time where a segment chooses: its condition may be any."""
        if SEGMENT not in request.GET:
            self._read(request)
        elif answer_within(SECONDS, lambda: self._read(request)) is None:
            say(request, str(TOO_LONG), error=True)
            self.queryset = self.queryset.none()
            self._read(request)

    def _read(self, request: HttpRequest) -> bool:
        """True when it is done."""
        super().get_results(request)
        contacts: list[Any] = list(self.result_list)
        standings = standings_of(contacts, timezone.now())
        mailed = last_times(contacts, [EngagementKind.SENT])
        seen = last_times(contacts, SEEN)
        for contact in contacts:
            key = (contact.owner_id, contact.address_key)
            contact.standing = standings[contact.pk]
            contact.mailed_at, contact.seen_at = mailed.get(key), seen.get(key)
        self.result_list = contacts
        return True


def last_times(
    contacts: Sequence[Contact], kinds: Iterable[EngagementKind]
) -> dict[Key, dt.datetime]:
    """When any of these things last happened with each person: to people, not to machines that
    open and click. Uses the primary key of the times.
    """
    keys = {(contact.owner_id, contact.address_key) for contact in contacts}
    found: QuerySet[EngagementTimes] = EngagementTimes.objects.filter(
        owner__in={owner for owner, _ in keys},
        address_key__in={key for _, key in keys},
        kind__in=kinds,
        is_machine=False,
        link=0,
    )
    lasts: dict[Key, dt.datetime] = {}
    for owner, key, last in found.values_list("owner_id", "address_key", "times__0"):
        lasts[owner, key] = max(last, lasts.get((owner, key), last))
    return lasts
