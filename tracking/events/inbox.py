"""Event inbox: idempotent insert of incoming events."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db import connection

from campaigns.db.bulk_params import as_json
from tracking.event_kinds import Actor, EventKind
from tracking.events import sanitize, visits
from tracking.events.incoming import Incoming
from tracking.events.user_agents import actor_of, surest

logger = logging.getLogger(__name__)

OWN_LINKS = frozenset({"open", "click"})
"""Sources whose events are reviewed together with later ones, before they count."""

LONGEST_URL = 2_000  # characters that are kept

_BY_ACTOR = frozenset({EventKind.OPENED, EventKind.CLICKED})
_KINDS, _ACTORS = frozenset(EventKind.values), frozenset(Actor.values)

# One statement, also for a thousand events. Sorted, so that two webhooks with the same events wait
# for each other instead of deadlocking.
ACCEPT_SQL = """
INSERT INTO tracking_event (kind, source, dedupe_key, actor, service_id, subtask_id, message_id,
                            provider_message_id, recipient, url, detail, ip_address, user_agent,
                            raw, occurred_at, received_at, state, due_at, note)
SELECT kind, source, dedupe_key, actor, service_id, subtask_id, message_id, provider_message_id,
       recipient, url, detail, ip_address, user_agent, raw::jsonb, occurred_at, clock_timestamp(),
       'waiting', clock_timestamp() + make_interval(secs => delay), ''
FROM json_to_recordset(%s) AS told(
    kind text, source text, dedupe_key text, actor text, service_id bigint, subtask_id bigint,
    message_id text, provider_message_id text, recipient text, url text, detail text,
    ip_address text, user_agent text, raw text, occurred_at timestamptz, delay float8)
ON CONFLICT (source, dedupe_key, service_id) DO NOTHING
"""


def accept(events: Iterable[Incoming]) -> int:
    """Insert incoming events, to be applied by the cluster. Returns how many are new.

    Invalid values are cut or cleaned, never refused; items that are not events are skipped. Raises
    only database errors.
    """
    told = list(events)
    rows = [row for event in told if not event.is_visit and (row := _row(event))]
    seen = [row for event in told if event.is_visit and (row := _row(event))]
    return _insert(rows) + sum(visits.count(row) for row in seen)


def _insert(rows: list[dict[str, Any]]) -> int:
    if not rows:
        return 0
    rows.sort(key=_KEY)
    with connection.cursor() as cursor:
        cursor.execute(ACCEPT_SQL, [as_json(rows)])
        return int(cursor.rowcount)


_KEY = itemgetter("source", "dedupe_key")


def _row(event: Incoming) -> dict[str, Any] | None:
    """The values of ACCEPT_SQL."""
    if event.kind not in _KINDS:
        logger.error("%r is no kind of event; it was left out", event.kind)
        return None
    raw = sanitize.payload(event.raw)
    source = sanitize.text(event.source, 40) or "unknown"
    return {
        "kind": str(event.kind),
        "source": source,
        "dedupe_key": sanitize.key(event.dedupe_key, 200) or _digest(event, raw),
        "actor": str(_actor(event)),
        "service_id": sanitize.number(event.service_id),
        "subtask_id": sanitize.number(event.subtask_id),
        "message_id": sanitize.text(event.message_id, 255).strip(),
        "provider_message_id": sanitize.text(event.provider_message_id, 255).strip(),
        "recipient": sanitize.text(event.recipient, 254).strip().lower(),
        "url": sanitize.text(event.url, LONGEST_URL),
        "detail": sanitize.text(event.detail, 2000),
        "ip_address": sanitize.network(event.ip_address),
        "user_agent": sanitize.text(event.user_agent, 500),
        "raw": raw,
        "occurred_at": sanitize.moment(event.occurred_at),
        "delay": float(settings.SCANNER_SECONDS) if source in OWN_LINKS else 0.0,
    }


def _actor(event: Incoming) -> Actor:
    told = event.actor if event.actor in _ACTORS else Actor.PERSON
    if event.kind not in _BY_ACTOR or not event.user_agent:
        return Actor(told)
    return surest(Actor(told), actor_of(sanitize.text(event.user_agent, 500)))


def _digest(event: Incoming, raw: str) -> str:
    """The key of an event whose source gives none: identical reports are one event."""
    told = (event.kind, event.subtask_id, event.message_id, event.provider_message_id,
            event.recipient, event.url, event.occurred_at, raw)  # fmt: skip
    return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()
