"""What a message in the bounce mailbox means. It may be forged: only what shows a token or a
Message-ID that was signed here is believed.

| message | becomes |
|---|---|
| delivery status notification, or a bounce in plain words | bounced, delayed or delivered |
| complaint, wish to unsubscribe | reported as spam, unsubscribed |
| automatic reply, read receipt, "this is not spam" | nothing |
| not about a message of ours, forged, no report, unreadable | set aside for a person |
| takes more to read than any message may | set aside for a person |
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from addressing.message_ids import subtask_id_in
from dispatch.bounces import return_path
from dispatch.bounces.examining import Found, Says, Unreadable, examine
from sandbox import LimitReached
from tracking.events.incoming import Incoming
from tracking.links.personalise import TEST
from tracking.links.tokens import Purpose, read

logger = logging.getLogger(__name__)
SOURCE = gettext_noop("bounce mail")


@dataclass(frozen=True, slots=True)
class Told:
    """It tells this."""

    event: Incoming


@dataclass(frozen=True, slots=True)
class Passed:
    """Recognised; no action required."""

    what: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """Nothing follows, and a person may want to look at it."""

    why: str


@dataclass(frozen=True, slots=True)
class UnsubscribeRequest:
    """The recipient of this SubTask wants no more mail, and says so by mail."""

    subtask_id: int


Meaning = Told | Passed | SetAside | UnsubscribeRequest
AUTOMATIC_REPLY = Passed(gettext_noop("automatic reply"))
READ_RECEIPT = Passed(gettext_noop("read receipt"))
OF_TEST = Passed(gettext_noop("of a test message"))
OTHER_FEEDBACK = Passed(gettext_noop("other feedback"))
EMPTY = SetAside(gettext_noop("empty"))
NO_REPORT = SetAside(gettext_noop("no report"))
UNKNOWN = SetAside(gettext_noop("not about a message of ours"))
FORGED = SetAside(gettext_noop("wrong signature"))
UNREADABLE = SetAside(gettext_noop("unreadable"))
ENDS_ITS_READER = SetAside(gettext_noop("ends what reads it"))
_NO_EVENT: dict[Says, Meaning] = {
    Says.NOTHING: EMPTY,
    Says.OTHER_FEEDBACK: OTHER_FEEDBACK,
    Says.READ_RECEIPT: READ_RECEIPT,
    Says.AUTOMATIC_REPLY: AUTOMATIC_REPLY,
    Says.NO_REPORT: NO_REPORT,
}


def understand(raw: bytes) -> Meaning:
    """Of the first bytes of a message, which hold what matters. Touches no database.

    What takes more to read than `examining.LIMITS` is set aside with the limit as the reason.
    Raises Failed, which says nothing about the message.
    """
    try:
        found = examine(raw)
    except LimitReached as limit:
        return SetAside(str(limit))
    except Unreadable as error:
        logger.error("a message of the bounce mailbox was set aside: %s", error)
        return UNREADABLE
    return _meaning(found)


def _meaning(found: Found) -> Meaning:
    if found.says == Says.UNSUBSCRIBE:
        ids = read(Purpose.UNSUBSCRIBE, found.tokens[0])
        return OF_TEST if ids == (TEST,) else UnsubscribeRequest(ids[0]) if ids else FORGED
    return _told(found) if found.says == Says.EVENT else _NO_EVENT[found.says]


def _told(found: Found) -> Told | SetAside:
    subtask_id = _subtask_of(found)
    if isinstance(subtask_id, SetAside) or found.kind is None:
        return subtask_id if isinstance(subtask_id, SetAside) else NO_REPORT
    return Told(
        Incoming(
            kind=found.kind,
            source=SOURCE,
            # With the SubTask, so that no message uses up the key of another SubTask's bounce.
            dedupe_key=f"{subtask_id} {found.name}",
            occurred_at=found.date,
            subtask_id=subtask_id,
            detail=found.detail,
            raw=found.kept,
        )
    )


def _subtask_of(found: Found) -> int | SetAside:
    """By the signed return path, else by the signed Message-ID of the message that came back."""
    if found.tokens:
        return return_path.subtask_id_of(found.tokens) or FORGED
    known = (subtask_id for name in found.ids if (subtask_id := subtask_id_in(name)))
    return next(known, FORGED if found.ids else UNKNOWN)
