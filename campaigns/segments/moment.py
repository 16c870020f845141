"""The moment that conditions are asked about: relative dates count from it, by the database clock,
with the site's date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Moment:
    now: dt.datetime
    conditions: Mapping[int, object] | None = None
    """What segments asked then, by their keys; the others ask what they ask now."""

    @property
    def today(self) -> dt.date:
        """In the site's time zone."""
        return timezone.localtime(self.now, timezone.get_default_timezone()).date()

    def condition(self, segment: int, now: object) -> object:
        """Of a segment that has another one now, perhaps."""
        return (self.conditions or {}).get(segment, now)

    def days_ago(self, days: int) -> dt.datetime:
        """So many times 24 hours ago."""
        return self.now - dt.timedelta(days=days)


def current() -> Moment:
    """The start of the transaction, or of the statement outside of one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return Moment(cursor.fetchone()[0])


def midnight(day: dt.date) -> dt.datetime:
    """When a day begins in the site's time zone."""
    naive = dt.datetime.combine(day, dt.time())
    return timezone.make_aware(naive, timezone.get_default_timezone())
