"""Counts that are kept up to date rather than computed."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import MD5
from django.utils.translation import gettext_lazy as _

from tracking.event_kinds import Actor, EventKind


class EventTally(models.Model):
    """How many events of a kind a task's messages had, by whom, and of how many recipients.

    Exact: raised in the transaction that applies the events. One row per task, kind and actor, so
    reading costs the same for ten SubTasks or ten million. No foreign key: it would lock the Task.
    """

    task_id = models.BigIntegerField()
    kind = models.CharField(max_length=15, choices=EventKind)
    actor = models.CharField(max_length=10, choices=Actor)
    events = models.PositiveBigIntegerField()
    recipients = models.PositiveBigIntegerField()

    class Meta:
        verbose_name_plural = _("event tallies")
        constraints = [
            models.UniqueConstraint("task_id", "kind", "actor", name="event_tally_once"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.kind} by {self.actor}: {self.events}"


class LinkTally(models.Model):
    """How often a link of a task's messages was followed, by whom, and of how many recipients.

    Exact, as `EventTally`. `url` is the destination as it stands in the HTML, so that there are no
    more rows than links, however many recipients.
    """

    task_id = models.BigIntegerField()
    url = models.TextField()
    actor = models.CharField(max_length=10, choices=Actor)
    clicks = models.PositiveBigIntegerField()
    recipients = models.PositiveBigIntegerField()

    class Meta:
        verbose_name_plural = _("link tallies")
        constraints = [
            # By its digest: a URL of 2,000 characters does not fit into an index.
            models.UniqueConstraint("task_id", MD5("url"), "actor", name="link_tally_once"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.url} by {self.actor}: {self.clicks}"


class PauseBaseline(models.Model):
    """The counts of a task when it was last resumed: earlier events do not pause it again. No
    foreign key: it would lock the Task."""

    task_id = models.BigIntegerField(primary_key=True)
    resumed_at = models.DateTimeField()
    messages = models.PositiveBigIntegerField()
    hard_bounces = models.PositiveBigIntegerField()
    complaints = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.task_id} since {self.resumed_at}"


class RejectedRequests(models.Model):
    """Requests to a public endpoint that were rejected on a day, for a reason; the sum over the
    shards is the number. Nothing else is kept of them."""

    day = models.DateField(verbose_name=_("day"))
    endpoint = models.CharField(max_length=40, verbose_name=_("endpoint"))
    reason = models.CharField(max_length=40, verbose_name=_("reason"))
    shard = models.PositiveSmallIntegerField(db_default=0, verbose_name=_("shard"))
    count = models.PositiveBigIntegerField(verbose_name=_("count"))

    class Meta:
        verbose_name = _("rejected requests")
        verbose_name_plural = _("rejected requests")
        constraints = [
            models.UniqueConstraint(
                "day", "endpoint", "reason", "shard", name="rejected_requests_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.endpoint}: {self.reason} {self.count}"
