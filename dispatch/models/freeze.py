"""When services were frozen, and why."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dispatch.models.service import EmailService


class Freeze(models.Model):
    """One freeze of a service. A trigger on Pace writes it, for every writer.

    `ended_at` is when it was unfrozen or frozen anew; empty for one that ends by itself at `until`,
    and for one that goes on. With `needs_person` it does not end by itself.
    """

    service = models.ForeignKey(
        EmailService,
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    frozen_at = models.DateTimeField()
    until = models.DateTimeField(
        null=True, help_text=_("As Pace has it: empty when staff froze it.")
    )
    needs_person = models.BooleanField()
    reason = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("freeze")
        verbose_name_plural = _("freezes")
        # A service's page: WHERE service_id = … ORDER BY frozen_at DESC
        indexes = [models.Index("service", "frozen_at", name="freeze_service")]

    def __str__(self) -> str:
        return gettext("service %(service_id)s frozen at %(frozen_at)s") % {
            "service_id": self.service_id,
            "frozen_at": self.frozen_at,
        }
