"""When a task is expected to be done: as of when it began to be sent, and as of lately."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from campaigns.models import Task


class EndEstimate(models.Model):
    """The first is kept to be compared with when the task was done; what is expected lately is
    for lists, for which it costs too much to be computed. Empty times: no end was known.
    """

    task = models.OneToOneField(Task, primary_key=True, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    expected_at = models.DateTimeField(null=True)
    latest_at = models.DateTimeField(null=True)
    renewed_at = models.DateTimeField(null=True, help_text=_("Of what is expected lately."))
    expected_lately = models.DateTimeField(null=True)
    latest_lately = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("estimated end")
        verbose_name_plural = _("estimated ends")

    def __str__(self) -> str:
        return f"{self.task_id}: {self.expected_at}"
