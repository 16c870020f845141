"""What a message in the bounce mailbox means. Whoever wrote it may have made it up: nothing is
believed that does not show a token or a Message-ID that was signed here.

| message | becomes |
|---|---|
| delivery status notification, or a bounce in plain words | bounced, delayed or delivered |
| complaint, wish to unsubscribe | reported as spam, unsubscribed |
| automatic reply, read receipt, "this is not spam" | nothing |
| not about a message of ours, forged, no report, unreadable | set aside for a person |
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from campaigns.message_ids import subtask_id_in
from dispatch.bounces import (
    automatic,
    complaints,
    delivery_status,
    mail,
    plain_words,
    return_path,
)
from tracking.incoming import EventKind, Incoming
from tracking.tokens import Purpose, read

SOURCE = "bounce mail"
ARRIVED_AT = (
    "Delivered-To",
    "X-Original-To",
    "X-Delivered-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-RCPT-To",
    "To",
)
_QUOTED_IDS = re.compile(r"^[ \t>]*Message-ID:\s*(<[^<>\s]{5,250}>)", re.IGNORECASE | re.MULTILINE)
_QUOTED_RETURN_PATHS = re.compile(
    r"^[ \t>]*Return-Path:\s*(<[^<>\s]{5,250}>)", re.IGNORECASE | re.MULTILINE
)
_IDS = re.compile(r"<[^<>\s]{5,250}>")
_LIKE_OURS = re.compile(r"<\d{1,19}\.[0-9a-f]{16}@")
_UNSUBSCRIBE = re.compile(r"^\W*unsubscribe ([\w-]{24})\W*$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """It tells this."""

    event: Incoming


@dataclass(frozen=True, slots=True)
class Passed:
    """It is what it is, and nothing follows."""

    what: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """Nothing follows, and a person may want to look at it."""

    why: str


@dataclass(frozen=True, slots=True)
class Wish:
    """The recipient of this SubTask wants no more mail, and says so by mail."""

    subtask_id: int


Meaning = Told | Passed | SetAside | Wish
AUTOMATIC_REPLY = Passed("automatic reply")
READ_RECEIPT = Passed("read receipt")
OTHER_FEEDBACK = Passed("other feedback")
EMPTY = SetAside("empty")
NO_REPORT = SetAside("no report")
UNKNOWN = SetAside("not about a message of ours")
FORGED = SetAside("wrong signature")
UNREADABLE = SetAside("unreadable")


def understand(raw: bytes) -> Meaning:
    """Of the first bytes of a message, which hold what matters. Touches no database."""
    if not raw.strip():
        return EMPTY
    message = mail.parse(raw)
    if wish := _UNSUBSCRIBE.match(automatic.subject(message)):
        ids = read(Purpose.UNSUBSCRIBE, wish[1])
        return Wish(ids[0]) if ids else FORGED
    if notification := delivery_status.read(message):
        return _told(raw, message, notification.kind, notification.detail)
    if feedback := complaints.read(message):
        if feedback.kind is None:
            return OTHER_FEEDBACK
        return _told(raw, message, feedback.kind, feedback.detail, feedback.original_sender)
    return _in_plain_words(raw, message)


def _in_plain_words(raw: bytes, message: Message) -> Meaning:
    """Vacation replies go to the return path and have none, as bounces do, and may well speak of
    addresses that are no more: only what comes from a mail server is searched for such words first.
    """
    if automatic.is_receipt(message):
        return READ_RECEIPT
    is_from_daemon = automatic.is_from_daemon(message)
    if not is_from_daemon and automatic.is_reply(message):
        return AUTOMATIC_REPLY
    if is_from_daemon or automatic.has_no_return_path(message) or _came_to_a_return_path(message):
        if notification := plain_words.read(message):
            return _told(raw, message, notification.kind, notification.detail)
        if automatic.is_reply(message):
            return AUTOMATIC_REPLY
    return NO_REPORT


def _came_to_a_return_path(message: Message) -> bool:
    """Nobody sees this address and writes to it; machines do, and not all keep theirs empty."""
    return bool(return_path.tokens_in(" ".join(mail.headers(message, *ARRIVED_AT))))


def _told(
    raw: bytes, message: Message, kind: EventKind, detail: str, original_sender: str = ""
) -> Told | SetAside:
    subtask_id = _subtask_of(message, original_sender)
    if isinstance(subtask_id, SetAside):
        return subtask_id
    return Told(
        Incoming(
            kind=kind,
            source=SOURCE,
            # With the SubTask, so that nobody uses up the key of somebody else's bounce.
            dedupe_key=f"{subtask_id} {_name_of(raw, message)}",
            occurred_at=_date(message),
            subtask_id=subtask_id,
            detail=detail,
            raw=_kept(message),
        )
    )


def _name_of(raw: bytes, message: Message) -> str:
    """The same however often a message is delivered, each time with other headers of its way."""
    if name := mail.header(message, "Message-ID"):
        return name
    said = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[-1].replace(b"\r\n", b"\n").rstrip()
    written = f"{mail.header(message, 'Date')} {mail.header(message, 'From')}"
    return hashlib.sha256(written.encode("utf-8", "replace") + said).hexdigest()


def _subtask_of(message: Message, original_sender: str) -> int | SetAside:
    """By the signed return path, else by the signed Message-ID of the message that came back."""
    returned, quoted = mail.returned(message), mail.texts(message)
    addresses = [*mail.headers(message, *ARRIVED_AT), original_sender]
    for each in returned:
        addresses += mail.headers(each, "Return-Path", "X-Envelope-From")
    addresses += _QUOTED_RETURN_PATHS.findall(quoted)
    if tokens := return_path.tokens_in(" ".join(addresses)):
        return return_path.subtask_id_of(tokens) or FORGED
    names = [name for each in returned for name in mail.headers(each, "Message-ID")]
    names += _QUOTED_IDS.findall(quoted)
    names += _IDS.findall(" ".join(mail.headers(message, "In-Reply-To", "References")))
    known = (subtask_id for name in names if (subtask_id := subtask_id_in(name)))
    looks_forged = any(_LIKE_OURS.match(name) for name in names)
    return next(known, FORGED if looks_forged else UNKNOWN)


def _date(message: Message) -> dt.datetime | None:
    try:
        return parsedate_to_datetime(mail.header(message, "Date"))
    except (TypeError, ValueError, OverflowError):
        return None


def _kept(message: Message) -> dict[str, Any]:
    """What is kept of it for whoever looks into the event: not the message that came back."""
    status = [
        "\n".join(f"{name}: {value}" for name, value in fields.items())
        for part in mail.parts(message)
        if part.get_content_type() in delivery_status.PARTS | {complaints.PART}
        for fields in mail.blocks(part)
    ]
    names = ("From", "To", "Date", "Subject", "Message-ID", "Content-Type", "Auto-Submitted")
    return {
        "headers": {name: mail.header(message, name)[:1_000] for name in names},
        "said": mail.notice(message)[:5_000],
        "report": status,
    }
