"""The kinds of events, and who caused them."""

from __future__ import annotations

from django.db import models


class EventKind(models.TextChoices):
    """What happened to a message, or what its recipient did."""

    ACCEPTED = "accepted", "Accepted by the provider"
    DEFERRED = "deferred", "Delayed"
    DELIVERED = "delivered", "Delivered"
    OPENED = "opened", "Opened"
    CLICKED = "clicked", "Clicked"
    SOFT_BOUNCED = "soft_bounced", "Bounced for now"
    HARD_BOUNCED = "hard_bounced", "Bounced for good: the address does not exist"
    REJECTED = "rejected", "Refused: content, policy or the provider's own list"
    COMPLAINED = "complained", "Reported as spam"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    RESUBSCRIBED = "resubscribed", "Subscribed again"
    PREFERENCES = "preferences", "Chose what to get"


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

    PERSON = "person", "Person"
    PROXY = "proxy", "Privacy or image proxy"
    MACHINE = "machine", "Scanner or other machine"
