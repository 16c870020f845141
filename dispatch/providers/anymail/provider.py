"""What a provider that django-anymail knows has to say about itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from anymail.exceptions import AnymailConfigurationError, AnymailError
from anymail.signals import AnymailTrackingEvent, EventType
from anymail.webhooks.base import AnymailBaseWebhookView
from django.utils.translation import gettext_noop

from dispatch.providers import hooks
from dispatch.providers.anymail.api import AnymailApi
from dispatch.providers.anymail.transport import SUBTASK, AnymailTransport
from dispatch.providers.bounces import unless_others_are_blamed
from dispatch.providers.hooks import Malformed, Post
from tracking.event_kinds import Actor, EventKind
from tracking.events.incoming import Incoming

KINDS = {
    EventType.QUEUED: EventKind.ACCEPTED,
    EventType.SENT: EventKind.ACCEPTED,
    EventType.DEFERRED: EventKind.DEFERRED,
    EventType.DELIVERED: EventKind.DELIVERED,
    EventType.OPENED: EventKind.OPENED,
    EventType.CLICKED: EventKind.CLICKED,
    EventType.BOUNCED: EventKind.SOFT_BOUNCED,
    EventType.REJECTED: EventKind.REJECTED,
    EventType.FAILED: EventKind.REJECTED,
    EventType.COMPLAINED: EventKind.COMPLAINED,
    EventType.UNSUBSCRIBED: EventKind.UNSUBSCRIBED,
    EventType.SUBSCRIBED: EventKind.RESUBSCRIBED,
}


@dataclass(frozen=True, slots=True)
class OneEvent:
    """In the place of a request: as much of one as django-anymail reads."""

    body: bytes
    headers: Mapping[str, str]
    content_type: str


class AnymailProvider(AnymailApi):
    """A provider through django-anymail."""

    webhook: ClassVar[type[AnymailBaseWebhookView]]
    takes_webhooks = True
    posts_arrays: ClassVar[bool] = False
    """Whether its webhook posts arrays of events, and django-anymail expects one."""

    def transport(self, settings: Mapping[str, Any]) -> AnymailTransport:
        return AnymailTransport(self, settings)

    # Webhooks

    def authenticate(self, post: Post) -> None:
        """Raises WebhookRejection. Most offer only a password in the address of the webhook."""
        hooks.check_password(post)

    def view_options(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def kind_of(self, event: AnymailTrackingEvent) -> EventKind | None:
        """What happened; None for what is of no interest. Providers tell hard bounces from soft
        ones here.
        """
        return KINDS.get(event.event_type)

    def actor_of(self, event: AnymailTrackingEvent) -> Actor:
        return Actor.PERSON

    def payload_of(self, event: AnymailTrackingEvent) -> Mapping[str, Any]:
        """The part of the body that is about this event."""
        payload: Mapping[str, Any] = event.esp_event
        return payload

    def identity_of(self, event: AnymailTrackingEvent) -> tuple[object, ...]:
        """What is the same whenever this event is told again, and different for any other."""
        if event.event_id:
            return (event.event_id, event.recipient)
        return (event.message_id, event.recipient, event.timestamp, event.click_url)

    def incoming(self, post: Post) -> list[Incoming]:
        self.authenticate(post)
        view = self.webhook(**self.view_options(post.settings))

        def read(told: Mapping[str, Any]) -> list[Incoming]:
            body = json.dumps([told] if self.posts_arrays else told).encode()
            request = OneEvent(body, post.request.headers, post.request.content_type or "")
            try:
                events = view.parse_events(request)
            except (AnymailError, AnymailConfigurationError) as error:
                raise Malformed(str(error)) from error
            if len(events) > hooks.MOST_OF_ONE:
                raise Malformed(gettext_noop("too many recipients"))
            found = [self._incoming(event, post.service_id) for event in events]
            return [event for event in found if event is not None]

        return hooks.each(post.json(), read, self.name)

    def _incoming(self, event: AnymailTrackingEvent, service_id: int) -> Incoming | None:
        kind = unless_others_are_blamed(self.kind_of(event), event.mta_response)
        if kind is None:
            return None
        identity = hooks.fingerprint(kind, *self.identity_of(event))
        details = (event.description, event.mta_response)
        return Incoming(
            kind=kind,
            source=self.name,
            dedupe_key=identity,
            occurred_at=event.timestamp,
            service_id=service_id,
            subtask_id=hooks.subtask_id((event.metadata or {}).get(SUBTASK)),
            provider_message_id=hooks.text(event.message_id),
            recipient=hooks.text(event.recipient).lower(),
            actor=self.actor_of(event),
            url=hooks.text(event.click_url),
            user_agent=hooks.text(event.user_agent),
            detail=": ".join(hooks.text(detail) for detail in details if detail),
            raw=dict(self.payload_of(event)),
        )
