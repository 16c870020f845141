"""What people tell their mailbox provider about a message: feedback reports (ARF, RFC 5965), and
the older ones of Outlook.com (JMRP), which forward the message with a header of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from django.utils.translation import gettext_noop

from dispatch.bounces import mail
from tracking.event_kinds import EventKind

KINDS = {
    "abuse": EventKind.COMPLAINED,
    "fraud": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "opt-out": EventKind.UNSUBSCRIBED,
    "opt-out-list": EventKind.UNSUBSCRIBED,
}
"""All others ("not-spam", "virus", "auth-failure" and so on) say nothing about being mailed. A
report that does not say what it is counts as a complaint."""

OUTLOOK_HEADER = "X-HmXmrOriginalRecipient"


@dataclass(frozen=True, slots=True)
class FeedbackReport:
    """`kind` is None when nothing follows from it; `original_sender` is the return path that the
    message had, as far as it is told.
    """

    kind: EventKind | None
    detail: str
    original_sender: str = ""


def read(message: Message) -> FeedbackReport | None:
    """None for what is no feedback."""
    for part in mail.parts(message):
        if part.get_content_type() == mail.FEEDBACK_REPORT:
            for fields in mail.blocks(part)[:1]:
                return _feedback(fields)
    if any(mail.header(each, OUTLOOK_HEADER) for each in mail.returned(message)):
        return FeedbackReport(EventKind.COMPLAINED, gettext_noop("Reported as junk at Outlook.com"))
    return None


def _feedback(fields: Message) -> FeedbackReport:
    kind = mail.header(fields, "Feedback-Type").lower() or "abuse"
    teller = mail.header(fields, "User-Agent") or mail.header(fields, "Source")
    return FeedbackReport(
        KINDS.get(kind),
        f"{kind} {teller}".strip()[:200],
        mail.header(fields, "Original-Mail-From"),
    )
