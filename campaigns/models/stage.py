"""How far the messages of a campaign have got, as its page counts and lists them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.subtask import FailureReason, SubTaskStatus
from campaigns.models.tally import TaskCounts

S = SubTaskStatus


class Stage(models.TextChoices):
    """The first four are steps: each has those that got further, too."""

    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    OPENED = "opened", _("Opened")
    CLICKED = "clicked", _("Clicked")
    NOT_OPENED = "not_opened", _("Delivered, not opened")
    NOT_CLICKED = "not_clicked", _("Opened, not clicked")
    NOTHING_BACK = "nothing_back", _("Sent, no delivery reported")
    BOUNCED = "bounced", _("Bounced")
    WAITING = "waiting", _("Not sent yet")
    IN_DOUBT = "in_doubt", _("In doubt")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


_STATUSES: Mapping[Stage, tuple[SubTaskStatus, ...]] = {
    Stage.SENT: (S.SENT, S.DELIVERED, S.OPENED, S.CLICKED, S.BOUNCED),
    Stage.DELIVERED: (S.DELIVERED, S.OPENED, S.CLICKED),
    Stage.OPENED: (S.OPENED, S.CLICKED),
    Stage.CLICKED: (S.CLICKED,),
    Stage.NOT_OPENED: (S.DELIVERED,),
    Stage.NOT_CLICKED: (S.OPENED,),
    Stage.NOTHING_BACK: (S.SENT,),
    Stage.BOUNCED: (S.BOUNCED,),
    Stage.WAITING: (S.PENDING, S.ALLOCATED, S.SENDING),
}


def number(stage: Stage, counts: TaskCounts) -> int:
    """How many messages are there."""
    match stage:
        case Stage.IN_DOUBT:
            return counts.in_doubt
        case Stage.FAILED:
            return counts.failed
        case Stage.CANCELLED:
            return counts.cancelled
    return sum(counts[status] for status in _STATUSES[stage])


def reached(counts: TaskCounts) -> int:
    """Sent and not come back: not every server reports what it delivers."""
    return number(Stage.SENT, counts) - number(Stage.BOUNCED, counts)


def condition(stage: Stage) -> Q:
    """Which SubTasks are there."""
    cancelled = Q(failure_reason=FailureReason.CANCELLED)
    match stage:
        case Stage.IN_DOUBT:
            return Q(in_doubt_since__isnull=False)
        case Stage.FAILED:
            return Q(status=S.FAILED) & ~cancelled
        case Stage.CANCELLED:
            return cancelled
    return Q(status__in=_STATUSES[stage], in_doubt_since=None)
