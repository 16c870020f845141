"""EngageLab's webhook: one event or an array, either about a message's status or about what its
recipient did. The body is not signed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from typing import Any

from dispatch.providers import hooks
from dispatch.providers.bounces import unless_others_are_blamed
from dispatch.providers.engagelab.transport import SUBTASK
from dispatch.providers.hooks import Post
from tracking.event_kinds import EventKind
from tracking.events.incoming import Incoming

Event = Mapping[str, Any]

LONGEST_TO = 1_000  # characters of name and address; reading many is slow
FRESH_FOR = dt.timedelta(minutes=15)
BY_STATUS = {
    "target": EventKind.ACCEPTED,
    "sent": EventKind.ACCEPTED,
    "delivered": EventKind.DELIVERED,
    "soft_bounce": EventKind.SOFT_BOUNCED,
    "invalid_email": EventKind.HARD_BOUNCED,
}
BY_RESPONSE = {
    "open": EventKind.OPENED,
    "click": EventKind.CLICKED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "report_spam": EventKind.COMPLAINED,
}
BY_SUB_STAT = {
    # Of soft_bounce and invalid_email.
    "401": EventKind.REJECTED,  # on EngageLab's own list
    "402": EventKind.REJECTED,  # unsubscribed at EngageLab before
    "403": EventKind.SOFT_BOUNCED,  # error of the receiving server
    "404": EventKind.HARD_BOUNCED,  # malformed address
    "406": EventKind.HARD_BOUNCED,  # does not exist
    "407": EventKind.REJECTED,  # taken for spam
    "408": EventKind.REJECTED,  # rejected by the receiver
}


def incoming(post: Post) -> list[Incoming]:
    """Raises WebhookRejection or Malformed, or one of MALFORMED."""
    _check_signature(post)
    return hooks.each(post.json(), lambda event: _incoming(event, post.service_id), "engagelab")


def _check_signature(post: Post) -> None:
    """Documented in two ways, of which either is taken."""
    key = post.secret("webhook_app_key")
    timestamp = post.header("X-WebHook-Timestamp")
    app = post.header("X-WebHook-AppKey")
    digest = hashlib.md5(f"{timestamp}{app}{key}".encode(), usedforsecurity=False).hexdigest()
    keyed = hmac.new(key.encode(), timestamp.encode(), hashlib.sha256).hexdigest()
    hooks.check_equal(post.header("X-WebHook-Signature").lower(), digest, keyed)
    hooks.check_fresh(timestamp, post.now, FRESH_FOR)


def _incoming(event: Event, service_id: int) -> Iterator[Incoming]:
    error: Event = {}
    if event.get("response"):
        name, data = event["response"]["event"], event["response"].get("response_data") or {}
        kind = BY_RESPONSE.get(name)
    else:
        status = event["status"]
        name, data = status["message_status"], status.get("status_data") or {}
        error = status.get("error_detail") or data.get("error_detail") or {}
        kind = _kind(name, error)
    if kind is None:  # mail that came in, or something new
        return
    email_id = data.get("email_id") or event.get("message_id")
    yield Incoming(
        kind=kind,
        source="engagelab",
        dedupe_key=hooks.fingerprint(email_id, name, event.get("itime"), data.get("url")),
        occurred_at=hooks.from_epoch(event.get("itime"), unit=0.001),
        service_id=service_id,
        subtask_id=hooks.subtask_id((event.get("custom_args") or {}).get(SUBTASK)),
        provider_message_id=hooks.text(email_id),
        recipient=hooks.text(parseaddr(str(event.get("to") or "")[:LONGEST_TO])[1]).lower(),
        url=hooks.text(data.get("url")),
        ip_address=hooks.text(data.get("ip")),
        user_agent=hooks.text(data.get("user_agent")),
        detail=hooks.text(error.get("message")),
        raw=dict(event),
    )


def _kind(name: str, error: Event) -> EventKind | None:
    kind = BY_STATUS.get(name)
    if kind in (EventKind.SOFT_BOUNCED, EventKind.HARD_BOUNCED):
        told = BY_SUB_STAT.get(str(error.get("sub_stat")), kind)
        return unless_others_are_blamed(told, error.get("message"))
    return kind
