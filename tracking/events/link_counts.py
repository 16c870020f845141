"""Click counts for each link of a task. Counts our own links only: a URL that a provider reports
may be unique to one recipient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from tracking.event_kinds import EventKind
from tracking.events.effects import Matched
from tracking.events.scanners import TRAP_DETAIL


class Followed(NamedTuple):
    """Clicks on one link by one recipient."""

    task_id: int
    subtask_id: int
    url: str
    actor: str


# As in `tracking.events.effects.COUNT_SQL`: applied events were counted before. Uses index
# event_subtask.
COUNT_SQL = """
INSERT INTO tracking_linktally AS t (task_id, url, actor, clicks, recipients)
SELECT v.task_id, v.url, v.actor, sum(v.clicks), count(*) FILTER (WHERE NOT EXISTS (
    SELECT 1 FROM tracking_event e
    WHERE e.subtask_id = v.subtask_id AND e.kind = 'clicked' AND e.actor = v.actor
      AND e.source = 'click' AND e.url = v.url AND e.state = 'applied'))
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[])
    AS v(task_id, subtask_id, url, actor, clicks)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
ON CONFLICT (task_id, md5(url), actor) DO UPDATE SET
    clicks = t.clicks + excluded.clicks, recipients = t.recipients + excluded.recipients
"""


def count(matched: Iterable[Matched]) -> None:
    """Raise the click counts, before the events are marked as applied."""
    followed: Counter[Followed] = Counter()
    for event, row in ((each.event, each.row) for each in matched):
        is_link = event.source == "click" and event.detail != TRAP_DETAIL
        if event.kind == EventKind.CLICKED and is_link:
            followed[Followed(row.task_id, row.id, event.url, str(event.actor))] += event.times
    if not followed:
        return
    columns = [list(column) for column in zip(*followed, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(COUNT_SQL, [*columns, list(followed.values())])
