"""Subscribe and unsubscribe recipients. Takes effect at once, whether or not a cluster is
running."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from admin_kit.words.stored_texts import in_english
from campaigns import erased_keys, suppressions
from campaigns.models import SubTask
from campaigns.models.contacts import SuppressionReason
from tracking.event_kinds import EventKind
from tracking.events import inbox
from tracking.events.effects import OWN_PAGES
from tracking.events.incoming import Incoming
from tracking.links import tokens

logger = logging.getLogger(__name__)

UNSUBSCRIBED = "unsubscribed: "
"""The log line begins with this; a token follows."""


class Reason(models.TextChoices):
    """The reason for unsubscribing, if the recipient gives one."""

    TOO_OFTEN = "too_often", _("Too many messages")
    NOT_RELEVANT = "not_relevant", _("Not interesting")
    NEVER_ASKED = "never_asked", _("Never asked for it")
    OTHER = "other", _("Another reason")


@dataclass(frozen=True, slots=True)
class Subscriber:
    """The recipient of a message, as identified by one of its links. `sender` is the name that the
    message was from, and `postal_address` that of its sender as it is now, or ""."""

    subtask_id: int
    email: str
    owner_id: int = field(default=0, compare=False)
    sender: str = field(default="", compare=False)
    postal_address: str = field(default="", compare=False)

    @property
    def shown(self) -> str:
        """The address masked: its owner recognises it, a reader of a forwarded message does not
        learn it."""
        return masked(self.email)


def masked(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def subscriber(subtask_id: int) -> Subscriber | None:
    """None when the SubTask does not exist or was anonymised."""
    found = SubTask.objects.filter(pk=subtask_id).values_list(
        "recipient_email",
        "task__owner",
        "content__sender_name",
        "task__sender__postal_address",
    )
    email, owner_id, sender, postal_address = found.first() or ("", 0, "", "")
    if not email or erased_keys.is_placeholder(email):
        return None
    return Subscriber(subtask_id, email, owner_id, sender, postal_address or "")


def state_of(subscriber: Subscriber) -> SuppressionReason | None:
    """Why nothing is sent to the address; None when it may be mailed. A suppressed domain was
    entered by staff."""
    domain = suppressions.domain_of(subscriber.email)
    entries = dict(suppressions.entries_of(subscriber.email).values_list("email", "reason"))
    if domain in entries:
        return SuppressionReason.MANUAL
    reason = next(iter(entries.values()), None)
    return SuppressionReason(reason) if reason else None


def unsubscribe(subscriber: Subscriber, reason: str = "") -> None:
    """Never mail this address again. Idempotent: repeated calls record one event."""
    source = gettext_noop("asked by the recipient of message %(id)s")
    source %= {"id": subscriber.subtask_id}
    row = (subscriber.email, SuppressionReason.UNSUBSCRIBED, source)
    with transaction.atomic():
        key = suppressions.suppress([row])[subscriber.email]
        _tell(EventKind.UNSUBSCRIBED, subscriber, key, _in_words(reason))
    # Read by `manage.py carry_over_log` when the database is lost.
    logged = tokens.sign(tokens.Purpose.LOGGED, subscriber.subtask_id)
    logger.info("%s%s", UNSUBSCRIBED, logged)


def _in_words(reason: str) -> str:
    """For staff, as all that is stored: in English, and not in the recipient's language."""
    if reason not in Reason.values:
        return ""
    with in_english():
        return str(Reason(reason).label)


def resubscribe(subscriber: Subscriber) -> None:
    """Mail this address again, if unsubscribing is the only reason that it is not mailed."""
    with transaction.atomic():
        key = suppressions.lift(subscriber.email)
        if key is not None:
            _tell(EventKind.RESUBSCRIBED, subscriber, key)


def _tell(kind: EventKind, subscriber: Subscriber, suppression_id: int, detail: str = "") -> None:
    """Record one event each time the address is added to the list or removed from it."""
    event = Incoming(
        kind=kind,
        source=OWN_PAGES,
        dedupe_key=f"{kind}:{subscriber.subtask_id}:{suppression_id}",
        subtask_id=subscriber.subtask_id,
        detail=detail,
    )
    inbox.accept([event])
