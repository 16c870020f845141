"""What events say of people's engagement, for segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from campaigns import engagement, erased_keys
from campaigns.engagement import Fact
from campaigns.models import EngagementKind
from tracking.event_kinds import Actor, EventKind
from tracking.events.effects import Matched
from tracking.events.scanners import TRAP_DETAIL

KINDS = {
    EventKind.DELIVERED: EngagementKind.DELIVERED,
    EventKind.OPENED: EngagementKind.OPENED,
    EventKind.CLICKED: EngagementKind.CLICKED,
    EventKind.SOFT_BOUNCED: EngagementKind.BOUNCED,
    EventKind.HARD_BOUNCED: EngagementKind.BOUNCED,
    EventKind.REJECTED: EngagementKind.BOUNCED,
    EventKind.UNSUBSCRIBED: EngagementKind.UNSUBSCRIBED,
    EventKind.COMPLAINED: EngagementKind.COMPLAINED,
}
BY_SOME = frozenset({EventKind.OPENED, EventKind.CLICKED})
"""Done by people, their proxies, which count as they do, or machines."""


def record(matched: Iterable[Matched]) -> None:
    """Write what events say, in the transaction that applies them."""
    engagement.record(fact for each in matched for fact in _facts(each))


def _facts(matched: Matched) -> Iterator[Fact]:
    event, row = matched.event, matched.row
    kind = KINDS.get(EventKind(event.kind))
    if kind is None or erased_keys.is_placeholder(row.recipient_email):
        return
    is_machine = event.kind in BY_SOME and event.actor == Actor.MACHINE
    at = event.last_at or event.received_at
    yield Fact(row.task_id, kind, is_machine, row.recipient_email, "", at)
    if kind == EngagementKind.CLICKED and event.source == "click" and event.detail != TRAP_DETAIL:
        yield Fact(row.task_id, kind, is_machine, row.recipient_email, event.url, at)
