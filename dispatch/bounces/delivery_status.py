"""Delivery status notifications (RFC 3464, in a report as RFC 6522 wants it, or not quite)."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.message import Message

from dispatch.bounces import mail, recipients
from dispatch.providers.bounces import ENHANCED, codes_in, is_after_data, kind_of
from tracking.event_kinds import EventKind

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
    EventKind.COMPLAINED,
)
MAX_RECIPIENTS = 100
"""A message of ours has one: more only a report has that was made up."""

LONGEST_DETAIL = 300  # characters of what the notice says

_FIELDS = re.compile(
    r"^[ \t>]*+(?:Reporting-MTA|Final-Recipient|Original-Recipient|Action)[ \t]*+:",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTES = re.compile(r"^[ \t>]*+(?=[\w-]{1,40}:)", re.MULTILINE)
_TYPE = re.compile(r"^[a-z0-9 .-]{1,30};\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Notification:
    """What became of a message, and in whose words."""

    kind: EventKind
    detail: str


def read(message: Message) -> Notification | None:
    """None for what is no such notification.

    Of several recipients the one counts that the message was for, where it comes back with the
    report; else it is as well as the best of them.
    """
    blocks = (
        fields
        for part in mail.parts(message)
        if part.get_content_type() == mail.DELIVERY_STATUS
        for fields in mail.blocks(part)
    )
    return _of_recipients(message, blocks)


def read_in_text(message: Message) -> Notification | None:
    """The same of a message that has the fields of such a notification in its text."""
    said = mail.texts(message)
    start = _FIELDS.search(said)
    if start is None:
        return None
    fields = _QUOTES.sub("", said[start.start() :])
    return _of_recipients(message, mail.fields_in(fields))


def _of_recipients(message: Message, blocks: Iterable[Message]) -> Notification | None:
    notice = functools.cache(lambda: mail.notice(message))
    told = [
        (fields, notification)
        for fields in itertools.islice(blocks, MAX_RECIPIENTS)
        if (notification := _of_recipient(fields, notice))
    ]
    sent_to = recipients.sent_to(message) if len(told) > 1 else set()
    ours = [each for fields, each in told if _recipient(fields) in sent_to]
    return mildest(ours or [each for _, each in told])


def mildest(told: Iterable[Notification]) -> Notification | None:
    """None of none."""
    return min(told, key=lambda each: MILDEST_FIRST.index(each.kind), default=None)


def _recipient(fields: Message) -> str:
    told = mail.header(fields, "Original-Recipient") or mail.header(fields, "Final-Recipient")
    return _TYPE.sub("", told).strip(" <>").lower()


def _says_something(diagnostic: str) -> bool:
    """More than a code or two."""
    return bool(re.search(r"[^\W\d_]{3}", diagnostic))


def _of_recipient(fields: Message, notice: Callable[[], str]) -> Notification | None:
    action = mail.header(fields, "Action").partition(" ")[0].strip("; ").lower()
    status = ENHANCED.search(mail.header(fields, "Status"))
    diagnostic = _TYPE.sub("", mail.header(fields, "Diagnostic-Code"))
    if not (action or status):
        return None
    said = diagnostic
    if not _says_something(diagnostic):
        said = " ".join([diagnostic, *recipients.told_of(notice(), {_recipient(fields)})])
    enhanced, basic = codes_in(said)
    # The words of the server that refused outrank what the reporting one makes of them.
    if status and not (enhanced or (basic and _says_something(diagnostic))):
        enhanced = status[0]
    kind = ACTIONS.get(action)
    if kind is None and action != "failed":
        kind = CLASSES.get(status[1]) if status else None
    if kind is None:
        kind = kind_of(enhanced, basic, " ".join(said.split()), after_data=is_after_data(notice()))
    detail = diagnostic or recipients.said_of(notice(), _recipient(fields))[:LONGEST_DETAIL]
    return Notification(kind, detail or f"{action} {enhanced}".strip())
