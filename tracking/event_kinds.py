"""The kinds of events, and who caused them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventKind(models.TextChoices):
    """What happened to a message, or what its recipient did."""

    ACCEPTED = "accepted", _("Accepted by the provider")
    DEFERRED = "deferred", _("Delayed")
    DELIVERED = "delivered", _("Delivered")
    OPENED = "opened", _("Opened")
    CLICKED = "clicked", _("Clicked")
    SOFT_BOUNCED = "soft_bounced", _("Bounced for now")
    HARD_BOUNCED = "hard_bounced", _("Bounced for good: the address does not exist")
    REJECTED = "rejected", _("Refused: content, policy or the provider's own list")
    COMPLAINED = "complained", _("Reported as spam")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    RESUBSCRIBED = "resubscribed", _("Subscribed again")
    PREFERENCES = "preferences", _("Chose what to get")


BY_RECIPIENTS = frozenset(
    {
        EventKind.OPENED,
        EventKind.CLICKED,
        EventKind.UNSUBSCRIBED,
        EventKind.RESUBSCRIBED,
        EventKind.PREFERENCES,
    }
)
"""Actions at the recipient's end, by a person or a machine; servers report the others."""


class Actor(models.TextChoices):
    """Who opened or clicked, as far as it can be determined."""

    PERSON = "person", _("Person")
    PROXY = "proxy", _("Privacy or image proxy")
    MACHINE = "machine", _("Scanner or other machine")
