"""The base of reports about a service that are asked for and stored."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from dispatch.models.service import EmailService

AGAIN = dt.timedelta(minutes=10)
"""How long a report that was asked for may take until it is asked for again."""


class ServiceReport(models.Model):
    """The base of what is kept about a service, one of a kind. Empty `checked_at`: it was asked for
    and has not been done yet.
    """

    asked_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


def due(
    services: QuerySet[EmailService], report: str, changed: Q, every: dt.timedelta
) -> QuerySet[EmailService]:
    """Those of enabled services whose `report`, by its name in EmailService, is missing, about what
    has changed since, or older than `every`; without those it was asked for just now.
    """
    missing = Q(**{report: None}) | Q(**{f"{report}__checked_at": None})
    old = Q(**{f"{report}__checked_at__lt": Now() - every})
    waiting = Q(**{f"{report}__asked_at__gt": Now() - AGAIN})
    return services.filter(missing | changed | old, enabled=True).exclude(waiting)
