"""What maintenance does for notices: wake a worker for those that are due, forget old ones."""

from __future__ import annotations

import datetime as dt

from django.db.models.functions import Now

from campaigns import background
from campaigns.models import BackgroundJob
from notices import outbox, sending
from notices.models import Notice

KEEP = dt.timedelta(days=30)


def ask_for_due() -> None:
    """One job at a time; one that is under way takes what is due meanwhile."""
    at_it = BackgroundJob.objects.filter(kind=sending.KIND, about=0, set_aside_at=None)
    if outbox.due().exists() and not at_it.exists():
        background.ask(sending.KIND, 0, sending.SEND_DUE, name=sending.KIND)


def forget_old() -> None:
    Notice.objects.filter(made_at__lt=Now() - KEEP).delete()
