"""What requests of strangers leave behind, in tables that cannot grow beyond a fixed size."""

from __future__ import annotations

from django.db import models


class Repeat(models.Model):
    """How often an event was told again since it was last looked at: a row for as long as that.

    The event itself is written once a second at most, however often it is repeated. No foreign key:
    it would lock the event.
    """

    event_id = models.BigIntegerField(primary_key=True)
    times = models.PositiveIntegerField()
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"event {self.event_id}: {self.times} more"


class Allowance(models.Model):
    """How much of a limit is used up since a moment. The table is unlogged: a crash of the database
    gives everybody a new allowance.

    A bucket stands for all whose keyed hash it is, so there are never more rows than buckets.
    """

    bucket = models.IntegerField(primary_key=True)
    since = models.DateTimeField()
    used = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"bucket {self.bucket}: {self.used} since {self.since}"
