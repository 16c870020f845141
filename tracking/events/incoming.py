"""The common format of incoming events, from every source.

Provider webhooks, the bounce mailbox, our own links and pages, and dispatchers (for immediate
refusals) turn their reports into `Incoming` and pass it to `tracking.events.inbox.accept`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tracking.event_kinds import Actor, EventKind


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event as received, before it is matched to a SubTask.

    `source` names the reporter ("engagelab", "postmark", "click"). `dedupe_key` is the same
    whenever that source reports the same event again, and different for any other; at most 200
    characters. `service_id` is the EmailService whose webhook received it: an event may only
    concern SubTasks of that service. It is matched by `subtask_id`, else by `message_id` (our
    Message-ID with its brackets), else by `provider_message_id` and `recipient`. `occurred_at` is
    the source's time, never trusted for order. `raw` is the payload of this event alone, as JSON,
    without credentials. With `is_visit` a repeated event is counted rather than ignored: then
    `dedupe_key` names the link and, as far as it can be determined, the visitor.
    """

    kind: EventKind
    source: str
    dedupe_key: str
    occurred_at: dt.datetime | None = None
    service_id: int | None = None
    subtask_id: int | None = None
    message_id: str = ""
    provider_message_id: str = ""
    recipient: str = ""
    actor: Actor = Actor.PERSON
    url: str = ""
    ip_address: str = ""
    user_agent: str = ""
    detail: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)
    is_visit: bool = False
