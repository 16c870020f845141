"""What came of a campaign in each of its languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from campaigns.models import Content, Task

# By index subtask_recipient_once; a second for some million.
COUNT_SQL = """
SELECT c.language, count(*),
       count(*) FILTER (WHERE s.status IN ('sent', 'delivered', 'opened', 'clicked', 'bounced')),
       count(*) FILTER (WHERE s.status IN ('delivered', 'opened', 'clicked')),
       count(s.opened_at), count(s.clicked_at),
       count(*) FILTER (WHERE s.status = 'bounced'),
       count(*) FILTER (WHERE s.status = 'failed')
FROM campaigns_content c JOIN campaigns_subtask s ON s.task_id = c.task_id AND s.content_id = c.id
WHERE c.task_id = %s
GROUP BY 1 ORDER BY min(c.id)
"""


class OfLanguage(NamedTuple):
    """Numbers of recipients. `language` is "" for everyone else."""

    language: str
    recipients: int
    sent: int
    delivered: int
    opened: int
    clicked: int
    bounced: int
    failed: int


def are_there(task: Task) -> bool:
    """Whether a campaign was launched in several languages."""
    found = Content.objects.filter(task=task).order_by().values_list("language", flat=True)
    return len(found.distinct()[:2]) > 1


def of(task: Task) -> Sequence[OfLanguage]:
    """In the order of the campaign's templates; without languages that no recipient gets."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_SQL, [task.pk])
        return [OfLanguage(*row) for row in cursor.fetchall()]
