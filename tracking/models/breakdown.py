"""What was counted of a big campaign, kept until something changes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Breakdown(models.Model):
    """A campaign's messages by mailbox provider, service, variant and time, as of `counted_at`.
    Has numbers and keys of messages, no addresses. No foreign key: it would lock the Task.
    """

    task_id = models.BigIntegerField(primary_key=True)
    counted_at = models.DateTimeField()
    seconds = models.FloatField(help_text=_("How long it took to count."))
    state = models.TextField(help_text=_("The tallies when it was counted: others mean it is old."))
    data = models.JSONField()

    def __str__(self) -> str:
        return f"{self.task_id} at {self.counted_at}"
