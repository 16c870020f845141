"""Dispatchers, each with its heartbeat."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dispatch.models.service import EmailService


class Dispatcher(models.Model):
    """One run of the dispatch loop in one worker process. Its leases hold while its heartbeat is
    fresh.

    `ended_at` is set once, by itself when it ends in order or by the one that found it dead; after
    that it holds nothing.
    """

    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    cluster = models.UUIDField(help_text=_("The qcluster process that runs it."))
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    winding_up = models.BooleanField(
        db_default=False, help_text=_("It claims nothing more: its successor may start.")
    )
    figures = models.JSONField(default=dict, help_text=_("What it has done so far."))
    counted = models.BooleanField(
        db_default=False, help_text=_("Ended, and its figures are in the total.")
    )

    class Meta:
        indexes = [
            # Who is alive: WHERE ended_at IS NULL [AND cluster = …]. Not by the heartbeat, which
            # every tick writes: a row whose indexed columns stay the same is written in place.
            models.Index("cluster", name="dispatcher_alive", condition=models.Q(ended_at=None)),
            # Whose figures are not in the total yet: WHERE ended_at IS NOT NULL AND NOT counted
            models.Index(
                "id",
                name="dispatcher_uncounted",
                condition=models.Q(ended_at__isnull=False, counted=False),
            ),
        ]

    def __str__(self) -> str:
        return gettext("dispatcher %(pk)s on %(host)s") % {"pk": self.pk, "host": self.host}


class ConnectionShare(models.Model):
    """How many of a service's connections a dispatcher may hold. Raised only under the service's
    Pace lock; lowered and deleted without, which only makes room.
    """

    service = models.ForeignKey(
        EmailService, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    dispatcher = models.ForeignKey(
        Dispatcher, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    connections = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint("service", "dispatcher", name="connection_share_once")
        ]

    def __str__(self) -> str:
        return gettext("%(connections)s of service %(service_id)s") % {
            "connections": self.connections,
            "service_id": self.service_id,
        }
