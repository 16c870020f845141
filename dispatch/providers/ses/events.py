"""Events of SES, as SNS posts them: one notification, with one or more recipients."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import requests
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_noop

from dispatch.providers import hooks
from dispatch.providers.bounces import by_status_code, codes_in, unless_others_are_blamed
from dispatch.providers.hooks import Malformed, Post, WebhookRejection
from dispatch.providers.http.connection import HandOverSession
from dispatch.providers.ses import sns
from dispatch.providers.ses.transport import METADATA
from tracking.event_kinds import EventKind
from tracking.events.incoming import Incoming

Event = Mapping[str, Any]

CONFIRM_TIMEOUT = (2, 2)  # seconds
SNS_ADDRESS = re.compile(r"\Ahttps://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/\?[!-~]+\Z")
KINDS = {
    "Send": EventKind.ACCEPTED,
    "Delivery": EventKind.DELIVERED,
    "DeliveryDelay": EventKind.DEFERRED,
    "Open": EventKind.OPENED,
    "Click": EventKind.CLICKED,
    "Complaint": EventKind.COMPLAINED,
    "Reject": EventKind.REJECTED,
    "Rendering Failure": EventKind.REJECTED,
}
BY_BOUNCE = {
    # (bounceType, bounceSubType); "" stands for every other subtype.
    ("Permanent", "Suppressed"): EventKind.REJECTED,  # SES's own list
    ("Permanent", "OnAccountSuppressionList"): EventKind.REJECTED,
    ("Permanent", "UnsubscribedRecipient"): EventKind.UNSUBSCRIBED,  # by its own list
    ("Permanent", ""): EventKind.HARD_BOUNCED,
    ("Transient", "ContentRejected"): EventKind.REJECTED,
    ("Transient", "AttachmentRejected"): EventKind.REJECTED,
    ("Transient", "MessageTooLarge"): EventKind.REJECTED,
    ("Transient", ""): EventKind.SOFT_BOUNCED,
    ("Undetermined", ""): EventKind.SOFT_BOUNCED,
}


def incoming(post: Post) -> list[Incoming]:
    """Raises WebhookRejection, Malformed or NotNow, or one of MALFORMED."""
    hooks.check_password(post)
    notification = post.json()
    topic = post.secret("topic_arn")
    if not hmac.compare_digest(str(notification["TopicArn"]).encode(), topic.encode()):
        raise WebhookRejection(gettext_noop("not from the service's SNS topic"))
    sns.check(notification, post.now)
    if notification["Type"] == "SubscriptionConfirmation":
        _confirm(str(notification["SubscribeURL"]))
    if notification["Type"] != "Notification":
        return []
    return hooks.of_one(_events(notification, post.service_id))


def _confirm(address: str) -> None:
    if not SNS_ADDRESS.fullmatch(address):
        raise WebhookRejection(
            gettext_noop("the address to confirm the subscription at is not Amazon's")
        )
    try:
        with HandOverSession() as session:
            request = {"method": "GET", "url": address, "timeout": CONFIRM_TIMEOUT}
            answer = session.hand_over(request)
    except requests.RequestException as error:
        raise Malformed(
            gettext_noop("Amazon could not be told that the subscription is wanted")
        ) from error
    if not answer.ok:
        raise Malformed(
            gettext_noop("Amazon refused the confirmation of the subscription: %(status_code)s")
            % {"status_code": answer.status_code}
        )


def _events(notification: Event, service_id: int) -> Iterator[Incoming]:
    try:
        event = json.loads(notification["Message"])
    except ValueError:
        return  # the greeting of a new topic is plain text
    mail = event["mail"]
    name, details = _named(event)
    for recipient, kind, reply in told_of_recipients(event):
        if kind is None:
            continue
        occurred = details.get("timestamp") or notification.get("Timestamp") or ""
        yield Incoming(
            kind=kind,
            source="ses",
            dedupe_key=hooks.fingerprint(
                name, notification["MessageId"], recipient, details.get("link")
            ),
            occurred_at=parse_datetime(str(occurred)),
            service_id=service_id,
            subtask_id=hooks.subtask_id(_metadata(mail).get("subtask")),
            provider_message_id=hooks.text(mail["messageId"]),
            recipient=hooks.text(recipient).lower(),
            url=hooks.text(details.get("link")),
            user_agent=hooks.text(details.get("userAgent")),
            detail=hooks.text(reply or details.get("reason") or details.get("errorMessage")),
            raw=event,
        )


def told_of_recipients(event: Event) -> Iterator[tuple[str, EventKind | None, str]]:
    """Each recipient of an event, what it means for them, and what their server said. None: nothing
    follows. Raises one of MALFORMED.
    """
    name, details = _named(event)
    for recipient, reply in _recipients(name, details, event["mail"]):
        yield recipient, _kind(name, details, reply), reply


def _named(event: Event) -> tuple[str, Event]:
    """The name of an event, and what it says under it."""
    name = event.get("eventType") or event["notificationType"]
    return name, event.get("failure" if name == "Rendering Failure" else _key(name)) or {}


def _key(name: str) -> str:
    return name[:1].lower() + name[1:]


def _recipients(name: str, details: Event, mail: Event) -> Iterator[tuple[str, str]]:
    """Each recipient that an event is about, with what its server said."""
    listed = {
        "Bounce": "bouncedRecipients",
        "Complaint": "complainedRecipients",
        "DeliveryDelay": "delayedRecipients",
    }.get(name)
    if listed:
        for each in details[listed]:
            yield str(each["emailAddress"]), str(each.get("diagnosticCode") or "")
    else:
        for address in details.get("recipients") or mail["destination"]:
            yield str(address), str(details.get("smtpResponse") or "")


def _kind(name: str, details: Event, reply: str) -> EventKind | None:
    if name == "Complaint" and details.get("complaintSubType") == "OnAccountSuppressionList":
        return EventKind.REJECTED  # of an earlier message; this one was never sent
    if name == "Subscription":
        return _of_preferences(details.get("newTopicPreferences") or {})
    if name != "Bounce":
        return KINDS.get(name)
    kind, subtype = details.get("bounceType", ""), details.get("bounceSubType", "")
    if (kind, subtype) == ("Transient", "General") and codes_in(reply) == ("", ""):
        return None  # so SES reports the automatic replies of those who are away
    found = BY_BOUNCE.get((kind, subtype)) or BY_BOUNCE.get((kind, ""), EventKind.SOFT_BOUNCED)
    if (kind, subtype) == ("Permanent", "General"):
        found = by_status_code(reply) or found
    return unless_others_are_blamed(found, reply)


def _of_preferences(preferences: Event) -> EventKind | None:
    """What a person chose on SES's own page; topics are of no interest."""
    return EventKind.UNSUBSCRIBED if preferences.get("unsubscribeAll") is True else None


def _metadata(mail: Event) -> Event:
    for header in mail.get("headers") or []:
        if header["name"] == METADATA:
            metadata = json.loads(header["value"])
            return metadata if isinstance(metadata, dict) else {}
    return {}
