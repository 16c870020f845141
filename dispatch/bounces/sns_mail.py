"""What Amazon SES reports through a topic of SNS that is subscribed by mail: JSON as the text.

It has no signature: like a bounce it is believed by the return path or Message-ID that it names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any

from dispatch.bounces import mail
from dispatch.bounces.delivery_status import Notification, mildest
from dispatch.providers.hooks import MALFORMED
from dispatch.providers.ses.events import told_of_recipients
from tracking.event_kinds import EventKind

MARK = "x-amz-sns-message-id"
MAX_EVENT = 10 * mail.MAX_TEXT  # characters
KINDS = frozenset(
    {
        EventKind.HARD_BOUNCED,
        EventKind.SOFT_BOUNCED,
        EventKind.REJECTED,
        EventKind.DEFERRED,
        EventKind.DELIVERED,
        EventKind.COMPLAINED,
    }
)
_FOLD = re.compile(r"!\n ")
"""How mail servers break lines that are too long."""


@dataclass(frozen=True, slots=True)
class SnsReport:
    """`notification` is None when nothing follows; `about` has the addresses and ids of the
    message that it is about.
    """

    notification: Notification | None
    about: str = ""


def read(message: Message) -> SnsReport | None:
    """None for what is no such mail or cannot be read."""
    if not mail.header(message, MARK):
        return None
    try:
        event = _event(mail.texts(message))
        told = [
            Notification(kind, reply)
            for _, kind, reply in told_of_recipients(event)
            if kind in KINDS
        ]
        return SnsReport(mildest(told), " ".join(_about(event["mail"])))
    except MALFORMED:
        return None


def _event(said: str) -> dict[str, Any]:
    """The object at the start of the text, or the one that is the message in it; a line about how
    to unsubscribe follows.
    """
    event, _ = json.JSONDecoder().raw_decode(_FOLD.sub("", said.lstrip()[:MAX_EVENT]))
    if isinstance(event, dict) and event.get("Type") == "Notification":
        event = json.loads(event["Message"])
    if not isinstance(event, dict):
        raise ValueError
    return event


def _about(sent: dict[str, Any]) -> Iterator[str]:
    yield f"<{sent.get('source')}>"
    for each in list(sent.get("headers") or [])[: mail.MAX_HEADERS]:
        yield str(each.get("value"))[: mail.MAX_PARAMETERS]
