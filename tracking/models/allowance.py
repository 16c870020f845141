"""State that public requests leave behind, in tables of bounded size."""

from __future__ import annotations

from django.db import models


class Repeat(models.Model):
    """How often an event was repeated since the last fold; the fold deletes the row.

    The event itself is written once a second at most, however often it is repeated. No foreign key:
    it would lock the event.
    """

    event_id = models.BigIntegerField(primary_key=True)
    times = models.PositiveIntegerField()
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"event {self.event_id}: {self.times} more"


class Allowance(models.Model):
    """The used part of a limit since a moment. The table is unlogged: after a crash of the database
    every limit starts afresh.

    A bucket stands for all networks or tokens with the same keyed hash, so there are never more
    rows than buckets.
    """

    bucket = models.IntegerField(primary_key=True)
    since = models.DateTimeField()
    used = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"bucket {self.bucket}: {self.used} since {self.since}"
