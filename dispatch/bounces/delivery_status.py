"""Delivery status notifications (RFC 3464, in a report as RFC 6522 wants it, or not quite)."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message

from dispatch.bounces import mail
from dispatch.providers.bounces import ENHANCED, codes_in, kind_of
from tracking.incoming import EventKind

PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
ACTIONS = {
    "delayed": EventKind.DEFERRED,
    "delivered": EventKind.DELIVERED,
    "relayed": EventKind.ACCEPTED,
    "expanded": EventKind.ACCEPTED,
}
CLASSES = {"2": EventKind.DELIVERED, "4": EventKind.DEFERRED}
"""What a status says when the action is none of those that there are."""

MILDEST_FIRST = (
    EventKind.DELIVERED,
    EventKind.ACCEPTED,
    EventKind.DEFERRED,
    EventKind.REJECTED,
    EventKind.SOFT_BOUNCED,
    EventKind.HARD_BOUNCED,
)
MAX_RECIPIENTS = 100
"""A message of ours has one: more only a report has that was made up."""

_TYPE = re.compile(r"^[a-z0-9 .-]{1,30};\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Notification:
    """What became of a message, and in whose words."""

    kind: EventKind
    detail: str


def read(message: Message) -> Notification | None:
    """None for what is no such notification.

    A message of ours has one recipient; when their address leads to several, it is as well as the
    best of them.
    """
    blocks = (
        fields
        for part in mail.parts(message)
        if part.get_content_type() in PARTS
        for fields in mail.blocks(part)
    )
    notice = functools.cache(lambda: mail.notice(message))
    told = [
        notification
        for fields in itertools.islice(blocks, MAX_RECIPIENTS)
        if (notification := _of_recipient(fields, notice))
    ]
    return min(told, key=lambda each: MILDEST_FIRST.index(each.kind), default=None)


def _of_recipient(fields: Message, notice: Callable[[], str]) -> Notification | None:
    action = mail.header(fields, "Action").partition(" ")[0].strip("; ").lower()
    status = ENHANCED.search(mail.header(fields, "Status"))
    diagnostic = _TYPE.sub("", mail.header(fields, "Diagnostic-Code"))
    if not (action or status):
        return None
    said = diagnostic or notice()
    enhanced, basic = codes_in(said)
    if status and not (status[0].endswith(".0.0") and enhanced):
        enhanced = status[0]
    kind = ACTIONS.get(action)
    if kind is None and action != "failed":
        kind = CLASSES.get(status[1]) if status else None
    if kind is None:
        kind = kind_of(enhanced, basic, " ".join(said.split()))
    return Notification(kind, diagnostic or f"{action} {enhanced}".strip())
