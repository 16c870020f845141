"""Store samples and totals of figures: jobs of maintenance, run by one leader at a time."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models.functions import Now

from dispatch import counters
from dispatch.models import Dispatcher, FiguresSample, FiguresTotal
from dispatch.monitoring import activity

SAMPLE_EVERY = dt.timedelta(seconds=10)
KEEP_SAMPLES = dt.timedelta(hours=1)
TOTAL_ID = 1
MOST_AT_ONCE = 500


def count_ended() -> int:
    """Add the figures of dispatchers that have ended to the total, each once. Returns how many.

    A row's figures are in the total from the same moment on at which they are no longer read from
    the row, so that the sum never jumps. Locks the Dispatcher rows, then the total.
    """
    with transaction.atomic():
        ended = (
            Dispatcher.objects.select_for_update()
            .filter(ended_at__isnull=False, counted=False)
            .order_by("pk")[:MOST_AT_ONCE]
        )
        counts = dict(ended.values_list("pk", "figures"))
        if counts:
            FiguresTotal.objects.bulk_create([FiguresTotal(pk=TOTAL_ID)], ignore_conflicts=True)
            total = FiguresTotal.objects.select_for_update().get(pk=TOTAL_ID)
            total.figures = counters.add_up([total.figures, *counts.values()])
            total.save(update_fields=["figures"])
            Dispatcher.objects.filter(pk__in=counts).update(counted=True)
    return len(counts)


def take_sample() -> None:
    """Write down the sum of all figures, unless that was done a moment ago, and forget old ones."""
    if FiguresSample.objects.filter(taken_at__gt=Now() - SAMPLE_EVERY).exists():
        return
    now = activity.read_counts()
    FiguresSample.objects.create(
        taken_at=now.at,
        figures=now.overall,
        services=now.services,
        dispatchers={str(each.id): each.handed_over for each in now.dispatchers},
    )
    FiguresSample.objects.filter(taken_at__lt=Now() - KEEP_SAMPLES).delete()
