"""Delivery status notifications (RFC 3464, in a report as RFC 6522 wants it, or not quite)."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message

from dispatch.bounces import mail
from dispatch.providers.bounces import ENHANCED, codes_in, kind_of, softened
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

_QUOTED = re.compile(r"^[ \t>]*+> ?", re.MULTILINE)
_FIELD = re.compile(r"^(Original-Recipient|Final-Recipient|Action|Status):", re.MULTILINE)
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
    blocks = itertools.chain(_in_parts(message), _in_plain_text(message))
    notice = functools.cache(lambda: mail.notice(message))
    told = [
        notification
        for fields in itertools.islice(blocks, MAX_RECIPIENTS)
        if (notification := _of_recipient(fields, notice))
    ]
    return min(told, key=lambda each: MILDEST_FIRST.index(each.kind), default=None)


def _in_parts(message: Message) -> Iterator[Message]:
    for part in mail.parts(message):
        if part.get_content_type() in PARTS:
            yield from mail.blocks(part)


def _in_plain_text(message: Message) -> Iterator[Message]:
    """The same fields in words, as Amazon WorkMail writes them, and forwarded reports have them."""
    if any(part.get_content_type() in PARTS for part in mail.parts(message)):
        return
    said = _QUOTED.sub("", mail.texts(message))
    if first := _FIELD.search(said):
        yield from (
            fields
            for fields in mail.blocks_of(said[first.start() :])
            if fields["Final-Recipient"] and fields["Action"]
        )


def _of_recipient(fields: Message, notice: Callable[[], str]) -> Notification | None:
    action = mail.header(fields, "Action").partition(" ")[0].strip("; ").lower()
    status = ENHANCED.search(mail.header(fields, "Status"))
    diagnostic = _TYPE.sub("", mail.header(fields, "Diagnostic-Code"))
    if not (action or status):
        return None
    said = diagnostic or notice()
    enhanced, basic = codes_in(said)
    if status and not (enhanced and (diagnostic or status[0].endswith(".0.0"))):
        enhanced = status[0]  # the words of the server that refused go before it
    kind = ACTIONS.get(action)
    if kind is None and action != "failed":
        kind = CLASSES.get(status[1]) if status else None
    if kind is None:
        kind = kind_of(enhanced, basic, " ".join(said.split()))
        kind = softened(kind, f"{diagnostic} {notice()}")
    return Notification(kind, diagnostic or f"{action} {enhanced}".strip())
