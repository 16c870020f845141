"""Sentences about how many recipients have agreed to open tracking: before and after a launch."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count, Q

from campaigns.models import Launch, Task
from campaigns.state import lifecycle
from campaigns.wording import counted

WHERE = "“agrees to open tracking” on the page of a contact, or a column of an imported file"


def warnings(task: Task) -> list[str]:
    """Warnings before the launch of a task that records opens."""
    if not _asks(task):
        return []
    found = lifecycle.expected_contacts(task).aggregate(
        agreed=Count("pk", filter=Q(tracking_consent=True)), all=Count("pk")
    )
    said = _said(found["agreed"], found["all"], "will be")
    return [f"{said} Whether one agrees is said by {WHERE}."] if said else []


def of_launched(task: Task) -> str:
    """The same for a launched task; "" when opens are recorded for all, or deliberately for
    none."""
    if not _asks(task):
        return ""
    launch = Launch.objects.filter(task=task, agreed__isnull=False).first()
    return _said(launch.agreed or 0, launch.inserted, "are") if launch else ""


def _asks(task: Task) -> bool:
    return task.track_opens and bool(settings.OPENS_NEED_CONSENT)


def _said(agreed: int, recipients: int, verb: str) -> str:
    whom = counted(recipients, "recipient")
    if agreed >= recipients:
        return ""
    if not agreed:
        return f"“Record opens” is on, but no opens {verb} recorded: 0 of {whom} agreed to it."
    return f"Opens {verb} recorded for {agreed:,} of {whom}: the others did not agree to it."
