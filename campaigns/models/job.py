"""Jobs of the background workers."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class BackgroundJob(models.Model):
    """One background job, until it is done. Only `campaigns.background` writes it.

    The queue only wakes a worker; the attempts, the time of the next one and the last error are
    stored here.
    """

    kind = models.CharField(max_length=30)
    about = models.BigIntegerField(help_text=_("The key of the row that it is about."))
    name = models.CharField(max_length=100)
    func = models.CharField(max_length=200)
    args = models.JSONField(default=list, encoder=DjangoJSONEncoder)

    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(
        db_default=Now(), help_text=_("While it is being tried, when that has taken too long.")
    )
    queued_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, help_text=_("Since when a worker is at it."))
    token = models.UUIDField(
        null=True, help_text=_("Of the attempt: one that was given up writes nothing.")
    )
    cluster = models.UUIDField(null=True)
    pid = models.PositiveIntegerField(null=True)
    asked_again = models.BooleanField(default=False, help_text=_("While a worker was at it."))
    reason = models.TextField(blank=True, help_text=_("Why the last attempt failed."))
    set_aside_at = models.DateTimeField(null=True, help_text=_("It is not tried any more."))

    class Meta:
        constraints = [models.UniqueConstraint("kind", "about", name="background_job_once")]

    def __str__(self) -> str:
        return self.name
