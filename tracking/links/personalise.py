"""The parts of a message that differ per recipient: links, URLs, headers. Touches no database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from django.conf import settings

from campaigns.models import Content
from campaigns.rendering.liquid import dates
from tracking.links.tokens import Purpose, sign_each

UNSUBSCRIBE_URL, PREFERENCES_URL, WEB_VIEW_URL = (
    "unsubscribe_url",
    "preferences_url",
    "web_view_url",
)
OPEN_URL, TRAP_URL, LINK = "edm_open_url", "edm_trap_url", "edm_link_"
RESERVED = frozenset({UNSUBSCRIBE_URL, PREFERENCES_URL, WEB_VIEW_URL})
CONSENT = "tracking_consent"
TEST = 0
"""Stands in tokens for the SubTask of a message outside of any task: a preview, a test."""
TRAP = 0
"""Stands in a click's token for the hidden link that people do not see."""

PATHS = {
    Purpose.OPEN: "o",
    Purpose.CLICK: "c",
    Purpose.WEB_VIEW: "w",
    Purpose.UNSUBSCRIBE: "u",
    Purpose.PREFERENCES: "p",
}
SENDER_ID_BYTES = 5


def address(purpose: Purpose, *ids: int) -> str:
    """A public URL of this site, with a signed token."""
    return addresses(purpose, [ids])[0]


def addresses(purpose: Purpose, rows: Iterable[tuple[int, ...]]) -> list[str]:
    """One for each row of ids."""
    beginning = f"{settings.PUBLIC_URL}/{PATHS[purpose]}/"
    return [beginning + token for token in sign_each(purpose, rows)]


def variables(
    subtask_id: int, content: Content, recipient: Mapping[str, Any], at: dt.datetime | None = None
) -> dict[str, Any]:
    """What a template sees: the recipient's variables, and what stands for the links in it.

    `at` is when the message is handed over, which templates take for now: it is the same message
    whenever it is rendered again. It and the links come last: no attribute of a contact can take
    their place.
    """
    times = dates.times_of(at) if at else {}
    return {**recipient, **times, **links(subtask_id, content, recipient)}


def links(subtask_id: int, content: Content, recipient: Mapping[str, Any]) -> dict[str, str]:
    """The URL of the open pixel is empty for a recipient who has not agreed to it."""
    trap, *clicks = addresses(
        Purpose.CLICK, [(subtask_id, link_id) for link_id in (TRAP, *content.link_ids)]
    )
    values = {
        UNSUBSCRIBE_URL: address(Purpose.UNSUBSCRIBE, subtask_id),
        PREFERENCES_URL: address(Purpose.PREFERENCES, subtask_id),
        WEB_VIEW_URL: address(Purpose.WEB_VIEW, subtask_id),
        TRAP_URL: trap,
        OPEN_URL: "",
    }
    for position, click in enumerate(clicks):
        values[f"{LINK}{position}"] = click
    if content.tracks_opens and may_record_opens(recipient):
        values[OPEN_URL] = address(Purpose.OPEN, subtask_id)
    return values


def links_of_test(content: Content, recipient: Mapping[str, Any]) -> dict[str, str]:
    """Links to pages that say that it is a test, and record nothing."""
    return links(TEST, content, recipient)


def may_record_opens(recipient: Mapping[str, Any]) -> bool:
    """Whether the recipient had agreed when the task was launched, or need not be asked."""
    return not settings.OPENS_NEED_CONSENT or recipient.get(CONSENT) is True


def headers(task_id: int, content: Content, domain: str, unsubscribe_url: str) -> dict[str, str]:
    """The headers that mailbox providers require of bulk mail (RFC 2369, 2919, 8058)."""
    local_part = content.sender_local_part
    return {
        "List-Unsubscribe": ", ".join(_ways_out(unsubscribe_url)),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"<{local_part}.{domain}>",
        # By campaign, template and sender, never by recipient; the last field names the sender.
        "Feedback-ID": f"{task_id}:{content.pk or TEST}:{local_part}:{_sender_id(domain)}",
    }


def _ways_out(unsubscribe_url: str) -> list[str]:
    ways = [f"<{unsubscribe_url}>"]
    if settings.UNSUBSCRIBE_MAILBOX:
        token = unsubscribe_url.rpartition("/")[2]
        subject = quote(f"unsubscribe {token}")
        ways.append(f"<mailto:{settings.UNSUBSCRIBE_MAILBOX}?subject={subject}>")
    return ways


def _sender_id(domain: str) -> str:
    """Five to fifteen characters, always the same for a domain."""
    return "edm" + blake2b(domain.encode("utf-8"), digest_size=SENDER_ID_BYTES).hexdigest()
