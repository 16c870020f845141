"""Write what people did with messages, and forget it.

What was sent is not written here: triggers of the SubTask table do that (see the migrations).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet, Value

from campaigns.models import Engagement, EngagementKind, Task
from campaigns.models.contacts import AddressKey


class Fact(NamedTuple):
    """That something happened with the message of a task to an address. `link` is the destination
    of what was clicked, "" for any."""

    task_id: int
    kind: EngagementKind
    is_machine: bool
    email: str
    link: str
    at: dt.datetime


# Sorted, so that concurrent writers wait for each other instead of deadlocking. Keeps the last
# time: an event that is reported late changes nothing.
RECORD_SQL = """
INSERT INTO campaigns_engagement AS e (task_id, kind, is_machine, address_key, link, owner_id, at)
SELECT v.task_id, v.kind, v.is_machine, ('x' || left(md5(v.email), 16))::bit(64)::bigint,
       CASE WHEN v.link = '' THEN 0 ELSE ('x' || left(md5(v.link), 16))::bit(64)::bigint END,
       t.owner_id, max(v.at)
FROM unnest(%s::bigint[], %s::smallint[], %s::bool[], %s::text[], %s::text[], %s::timestamptz[])
    AS v(task_id, kind, is_machine, email, link, at)
JOIN campaigns_task t ON t.id = v.task_id
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (task_id, kind, is_machine, address_key, link)
DO UPDATE SET at = excluded.at WHERE excluded.at > e.at
"""


def record(facts: Iterable[Fact]) -> None:
    """Write facts, once each; again only when it happened again."""
    if not (rows := list(facts)):
        return
    task_ids, kinds, machines, emails, links, times = zip(*rows, strict=True)
    columns = [task_ids, map(int, kinds), machines, emails, links, times]
    with connection.cursor() as cursor:
        cursor.execute(RECORD_SQL, [list(column) for column in columns])


def link_key(url: str) -> int:
    """As RECORD_SQL writes it."""
    digest = hashlib.md5(url.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], signed=True)


def of_address(address: str) -> QuerySet[Engagement]:
    """What is known of an address, of every owner. Lists what leads the primary key, which it
    uses."""
    facts: QuerySet[Engagement] = Engagement.objects.filter(
        task__in=Task.objects.values("pk"),
        kind__in=EngagementKind.values,
        is_machine__in=[False, True],
        address_key=AddressKey(Value(address)),
    )
    return facts.order_by("task", "kind", "at")


def forget(address: str) -> None:
    """Delete what is known of an address, of every owner."""
    of_address(address).order_by().delete()
