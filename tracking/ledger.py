"""The door by which every event enters, whoever tells it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db import connection

from tracking import cleaning
from tracking.actors import actor_of, surest
from tracking.incoming import Actor, EventKind, Incoming

logger = logging.getLogger(__name__)

OWN_LINKS = frozenset({"open", "click"})
"""Sources whose events are looked at together with what follows them, before they count."""

_BY_ACTOR = frozenset({EventKind.OPENED, EventKind.CLICKED})

# One statement, also for a thousand events. Sorted, so that two webhooks that tell the same events
# wait for each other instead of locking each other out.
ACCEPT_SQL = """
INSERT INTO tracking_event (kind, source, dedupe_key, actor, service_id, subtask_id, message_id,
                            provider_message_id, recipient, url, detail, ip_address, user_agent,
                            raw, occurred_at, received_at, state, due_at, note)
SELECT kind, source, dedupe_key, actor, service_id, subtask_id, message_id, provider_message_id,
       recipient, url, detail, ip_address, user_agent, raw::jsonb, occurred_at, clock_timestamp(),
       'waiting', clock_timestamp() + make_interval(secs => delay), ''
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[],
            %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::timestamptz[], %s::float8[])
    AS told(kind, source, dedupe_key, actor, service_id, subtask_id, message_id,
            provider_message_id, recipient, url, detail, ip_address, user_agent, raw, occurred_at,
            delay)
ON CONFLICT (source, dedupe_key, service_id) DO NOTHING
"""


def accept(events: Iterable[Incoming]) -> int:
    """Write down what came in, to be applied by the cluster. Returns how many events are new.

    Odd values are cut or cleaned, never refused; what is no event at all is left out. Raises only
    what the database raises when it is not there.
    """
    rows = sorted((row for event in events if (row := _row(event))), key=_KEY)
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(ACCEPT_SQL, [list(column) for column in zip(*rows, strict=True)])
        return int(cursor.rowcount)


_KEY = itemgetter(1, 2)


def _row(event: Incoming) -> tuple[Any, ...] | None:
    """The values of ACCEPT_SQL."""
    if event.kind not in EventKind.values:
        logger.error("%r is no kind of event; it was left out", event.kind)
        return None
    raw = cleaning.payload(event.raw)
    return (
        str(event.kind),
        source := cleaning.text(event.source, 40) or "unknown",
        cleaning.key(event.dedupe_key, 200) or _digest(event, raw),
        str(_actor(event)),
        cleaning.number(event.service_id),
        cleaning.number(event.subtask_id),
        cleaning.text(event.message_id, 255).strip(),
        cleaning.text(event.provider_message_id, 255).strip(),
        cleaning.text(event.recipient, 254).strip().lower(),
        cleaning.text(event.url, 2000),
        cleaning.text(event.detail, 2000),
        cleaning.network(event.ip_address),
        cleaning.text(event.user_agent, 500),
        raw,
        cleaning.moment(event.occurred_at),
        float(settings.SCANNER_SECONDS) if source in OWN_LINKS else 0.0,
    )


def _actor(event: Incoming) -> Actor:
    told = event.actor if event.actor in Actor.values else Actor.PERSON
    if event.kind not in _BY_ACTOR or not event.user_agent:
        return Actor(told)
    return surest(Actor(told), actor_of(cleaning.text(event.user_agent, 500)))


def _digest(event: Incoming, raw: str) -> str:
    """Stands for a key that the source did not give: what is told twice alike is one event."""
    told = (event.kind, event.subtask_id, event.message_id, event.provider_message_id,
            event.recipient, event.url, event.occurred_at, raw)  # fmt: skip
    return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()
