"""Sentences about how many recipients have agreed to open tracking: before and after a launch."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.words.numbers import number
from campaigns import wording
from campaigns.models import Launch, Task
from campaigns.state import lifecycle

WHERE = _("“agrees to open tracking” on the page of a contact, or a column of an imported file")


def warnings(task: Task) -> list[str]:
    """Warnings before the launch of a task that records opens."""
    if not _asks(task):
        return []
    found = lifecycle.expected_contacts(task).aggregate(
        agreed=Count("pk", filter=Q(tracking_consent=True)), all=Count("pk")
    )
    agreed, everyone = found["agreed"], found["all"]
    if agreed >= everyone:
        return []
    text = gettext(
        "Opens will be recorded for %(agreed)s of %(whom)s: the others did not agree to it. "
        "Whether one agrees is said by %(where)s."
    )
    if not agreed:
        text = gettext(
            "“Record opens” is on, but no opens will be recorded: 0 of %(whom)s agreed to it. "
            "Whether one agrees is said by %(where)s."
        )
    return [text % {"agreed": number(agreed), "whom": wording.recipients(everyone), "where": WHERE}]


def of_launched(task: Task) -> str:
    """The same for a launched task; "" when opens are recorded for all, or deliberately for
    none."""
    if not _asks(task):
        return ""
    launch = Launch.objects.filter(task=task, agreed__isnull=False).first()
    if launch is None or (launch.agreed or 0) >= launch.inserted:
        return ""
    text = gettext("Opens are recorded for %(agreed)s of %(whom)s: the others did not agree to it.")
    if not launch.agreed:
        text = gettext(
            "“Record opens” is on, but no opens are recorded: 0 of %(whom)s agreed to it."
        )
    return text % {
        "agreed": number(launch.agreed or 0),
        "whom": wording.recipients(launch.inserted),
    }


def _asks(task: Task) -> bool:
    return task.track_opens and bool(settings.OPENS_NEED_CONSENT)
