"""What people did with the variants of a test, in its sample."""

from __future__ import annotations

import html

from django.db import connection

from campaigns.ab_tests.figures import People
from campaigns.models import ABTest

# By index event_subtask. A person's own opens and clicks: machines and proxies tell nothing of
# people. The hidden link is followed by machines alone.
BY_PEOPLE_SQL = """
SELECT s.content_id,
       count(DISTINCT s.id) FILTER (WHERE e.kind = 'opened'),
       count(DISTINCT s.id) FILTER (WHERE e.kind = 'clicked'),
       count(DISTINCT s.id) FILTER (WHERE e.kind = 'clicked' AND e.source = 'click'
                                      AND e.url = ANY(%s))
FROM unnest((SELECT subtask_ids FROM campaigns_absample WHERE test_id = %s)) AS d(id)
JOIN campaigns_subtask s ON s.id = d.id AND s.status <> 'bounced'
JOIN tracking_event e ON e.subtask_id = s.id AND e.kind IN ('opened', 'clicked')
    AND e.actor = 'person' AND e.state = 'applied'
GROUP BY 1
"""


def by_people(test: ABTest) -> dict[int, People]:
    with connection.cursor() as cursor:
        cursor.execute(BY_PEOPLE_SQL, [[test.link, html.unescape(test.link)], test.pk])
        return {content: People(*counts) for content, *counts in cursor.fetchall()}
