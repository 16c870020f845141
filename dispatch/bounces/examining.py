"""What a message in the bounce mailbox says, found out in a worker process, as the message is
untrusted. What is found is data: whether it is true, `understanding` checks by what was signed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import re
import traceback
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from email.message import Message
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from dispatch.bounces import (
    automatic,
    complaints,
    delivery_status,
    mail,
    plain_words,
    return_path,
    sns_mail,
)
from sandbox import LimitReached, Limits, bounded
from tracking.event_kinds import EventKind

LIMITS = Limits(cpu_seconds=2, memory_megabytes=256, result_megabytes=1)
ARRIVED_AT = (
    "Delivered-To",
    "X-Original-To",
    "X-Delivered-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-RCPT-To",
    "To",
)
MAX_FOUND = 100
"""Tokens, and Message-IDs, that are kept of a message: more only who makes them up has."""
MAX_NAME = 500  # characters
MAX_DETAIL = 2_000  # characters
MAX_REPORT = 20_000  # characters of all parts of a report together

_QUOTED_IDS = re.compile(
    r"^[ \t>]*+Message-ID:\s*+(<[^<>\s]{5,250}>)", re.IGNORECASE | re.MULTILINE
)
_QUOTED_RETURN_PATHS = re.compile(
    r"^[ \t>]*+Return-Path:\s*+(<[^<>\s]{5,250}>)", re.IGNORECASE | re.MULTILINE
)
_IDS = re.compile(r"<[^<>\s]{5,250}>")
_LIKE_OURS = re.compile(r"<\d{1,19}\.[0-9a-f]{16}@")
_UNSUBSCRIBE = re.compile(r"^\W*+unsubscribe ([\w-]{24})\W*+$", re.ASCII)
_A_WISH = re.compile(r"^\W*+unsubscribe\b", re.IGNORECASE)
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")


class Says(StrEnum):
    """What a message is about."""

    NOTHING = "nothing"
    UNSUBSCRIBE = "unsubscribe"
    EVENT = "event"
    OTHER_FEEDBACK = "other feedback"
    READ_RECEIPT = "read receipt"
    AUTOMATIC_REPLY = "automatic reply"
    NO_REPORT = "no report"


@dataclass(frozen=True, slots=True)
class Found:
    """What a message says. Only of an event there is a `kind` and all that follows it.

    `tokens` are of what may be signed addresses (of one to unsubscribe, the token alone), `ids` are
    what looks like Message-IDs of ours; `name` is the same however often a message is delivered.
    """

    says: Says
    tokens: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    kind: EventKind | None = None
    detail: str = ""
    name: str = ""
    date: dt.datetime | None = None
    kept: dict[str, Any] = field(default_factory=dict)


class Unreadable(Exception):
    """Looking at the message met an error of ours; the text is for the log."""


def _as_json(found: Found) -> dict[str, Any]:
    return {**asdict(found), "date": found.date.isoformat() if found.date else None}


def _from_json(found: dict[str, Any]) -> Found:
    kind, date = found["kind"], found["date"]
    return Found(
        **{
            **found,
            "says": Says(found["says"]),
            "kind": EventKind(kind) if kind else None,
            "date": dt.datetime.fromisoformat(date) if date else None,
        }
    )


@bounded(LIMITS, raises=(LimitReached, Unreadable), encode=_as_json, decode=_from_json)
def examine(raw: bytes) -> Found:
    """Of the first bytes of a message, which hold what matters. Raises LimitReached, Unreadable or
    Failed.
    """
    if not raw.strip():
        return Found(Says.NOTHING)
    try:
        return _examined(raw, mail.parse(raw))
    except (LimitReached, MemoryError, RecursionError):
        raise
    # The boundary to mail of strangers: one that meets a bug must not keep others from being read.
    except Exception as error:
        raise Unreadable(traceback.format_exc()[-2_000:]) from error


def _examined(raw: bytes, message: Message) -> Found:
    if wish := _UNSUBSCRIBE.match(automatic.subject(message)):
        return Found(Says.UNSUBSCRIBE, tokens=[wish[1]])
    if notification := delivery_status.read(message):
        return _event(raw, message, notification.kind, notification.detail)
    if feedback := complaints.read(message):
        if feedback.kind is None:
            return Found(Says.OTHER_FEEDBACK)
        return _event(raw, message, feedback.kind, feedback.detail, feedback.original_sender)
    if report := sns_mail.read(message):
        if report.notification is None:
            return Found(Says.OTHER_FEEDBACK)
        told = report.notification
        return _event(raw, message, told.kind, told.detail, report.about)
    return _in_plain_words(raw, message)


def _in_plain_words(raw: bytes, message: Message) -> Found:
    """Vacation replies go to the return path and have none, as bounces do, and may well speak of
    addresses that are no more: only what comes from a mail server is searched for such words first.
    """
    if automatic.is_receipt(message):
        return Found(Says.READ_RECEIPT)
    is_from_daemon = automatic.is_from_daemon(message)
    if not is_from_daemon and automatic.is_reply(message) and not _needs_a_look(message):
        return Found(Says.AUTOMATIC_REPLY)
    if is_from_daemon or _may_be_a_bounce(message):
        notification = delivery_status.read_in_text(message) or plain_words.read(message)
        if notification:
            return _event(raw, message, notification.kind, notification.detail)
    return Found(Says.NO_REPORT)


def _needs_a_look(message: Message) -> bool:
    """Whether what is marked as an automatic reply by its headers says something else: some servers
    mark bounces so, and some mail programs the wish of a person to unsubscribe.
    """
    subject = automatic.subject(message)
    says_more = plain_words.is_failure(subject, "") or _A_WISH.match(subject)
    return bool(says_more) and not automatic.SUBJECT.search(subject)


def _may_be_a_bounce(message: Message) -> bool:
    return (
        automatic.has_no_return_path(message)
        or _came_to_a_return_path(message)
        or plain_words.is_failure(automatic.subject(message), "")
    )


def _came_to_a_return_path(message: Message) -> bool:
    """People do not see this address; machines write to it, and not all with an empty sender."""
    return bool(return_path.tokens_in(" ".join(mail.headers(message, *ARRIVED_AT))))


def _event(raw: bytes, message: Message, kind: EventKind, detail: str, about: str = "") -> Found:
    return Found(
        Says.EVENT,
        tokens=_tokens(message, about),
        ids=_ids(message, about),
        kind=kind,
        detail=detail[:MAX_DETAIL],
        name=_name_of(raw, message),
        date=_date(message),
        kept=_kept(message),
    )


def _tokens(message: Message, about: str) -> list[str]:
    """Of the return paths by which it came, or that the message had which came back."""
    addresses = [*mail.headers(message, *ARRIVED_AT), about]
    for each in mail.returned(message):
        addresses += mail.headers(each, "Return-Path", "X-Envelope-From")
    addresses += _QUOTED_RETURN_PATHS.findall(mail.texts(message))
    return _first(return_path.tokens_in(" ".join(addresses)))


def _ids(message: Message, about: str) -> list[str]:
    names = [name for each in mail.returned(message) for name in mail.headers(each, "Message-ID")]
    names += _QUOTED_IDS.findall(mail.texts(message))
    names += _IDS.findall(" ".join([about, *mail.headers(message, "In-Reply-To", "References")]))
    return _first(name.strip() for name in names if _LIKE_OURS.match(name) and len(name) < MAX_NAME)


def _first(found: Iterable[str]) -> list[str]:
    return list(itertools.islice(dict.fromkeys(found), MAX_FOUND))


def _name_of(raw: bytes, message: Message) -> str:
    """The same however often a message is delivered, each time with other headers of its way."""
    name = mail.header(message, "Message-ID")
    if name and len(name) <= MAX_NAME:
        return name
    said = _END_OF_HEADERS.split(raw, maxsplit=1)[-1].replace(b"\r\n", b"\n").rstrip()
    written = name or f"{mail.header(message, 'Date')} {mail.header(message, 'From')}"
    return hashlib.sha256(written.encode("utf-8", "replace") + said).hexdigest()


def _date(message: Message) -> dt.datetime | None:
    try:
        return parsedate_to_datetime(mail.header(message, "Date")[:200])
    except (TypeError, ValueError, OverflowError):
        return None


def _kept(message: Message) -> dict[str, Any]:
    """What is kept of it to explain the event: not the message that came back."""
    names = ("From", "To", "Date", "Subject", "Message-ID", "Content-Type", "Auto-Submitted")
    return {
        "headers": {name: mail.header(message, name)[:1_000] for name in names},
        "said": mail.notice(message)[:5_000],
        "report": _report(message),
    }


def _report(message: Message) -> list[str]:
    report: list[str] = []
    left = MAX_REPORT
    for part in mail.parts(message):
        if part.get_content_type() not in (mail.DELIVERY_STATUS, mail.FEEDBACK_REPORT):
            continue
        for fields in mail.blocks(part):
            if left > 0:
                lines = (f"{name}: {value}" for name, value in fields.items())
                report.append("\n".join(lines)[:left])
                left -= len(report[-1]) + 1
    return report
