"""What all dispatchers together have counted; `dispatch.engine.figures` defines the counts."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class FiguresTotal(models.Model):
    """The counts of all dispatchers that have ended: one row, so that the sum with those of the
    living only grows, however many have been forgotten.
    """

    figures = models.JSONField(default=dict)

    def __str__(self) -> str:
        return gettext("the figures of dispatchers that have ended")


class FiguresSample(models.Model):
    """The sum at one moment. Kept for an hour: a rate is the difference of two."""

    taken_at = models.DateTimeField(db_default=Now())
    figures = models.JSONField(help_text=_("All but what is in the other two."))
    services = models.JSONField(help_text=_("The counts of each service, by its key."))
    dispatchers = models.JSONField(
        help_text=_("What each dispatcher that was alive had handed over, by its key.")
    )

    class Meta:
        # The latest, the one of a minute ago, the last hour: WHERE taken_at >= … ORDER BY taken_at
        indexes = [models.Index("taken_at", name="figures_sample_time")]

    def __str__(self) -> str:
        return gettext("figures at %(taken_at)s") % {"taken_at": self.taken_at}
