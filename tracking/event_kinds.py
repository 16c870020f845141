"""The kinds of events, and who caused them."""

from __future__ import annotations

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from admin_kit.words.stored_texts import shown


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


SOURCES: dict[str, str | Promise] = {
    "open": _("a picture in the message"),
    "click": _("a link in the message"),
    "hand-over": _("the server, when it was handed over"),
}
"""What reporters are called on pages; dependent apps add those that they know."""


def source_in_words(source: str) -> str:
    """Who reported an event, by the name that the inbox keeps."""
    return shown(str(SOURCES.get(source, source)))
