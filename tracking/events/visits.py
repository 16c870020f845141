"""Count visits by our own links: a repeated visit raises a number instead of adding a row.

A visit is an event of its own once per window of its link: 10 s for the first ones, so that a
person is told from a scanner that came before, later an hour and a day. So a link that is fetched
without end adds a few rows, and finally none.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import connection

FINE, HOURLY, DAILY = 10, 50, 100
"""The first FINE events of a link have windows of 10 s; up to HOURLY, of an hour; up to DAILY, of a
day. No more are added."""
MOST_OF_A_MESSAGE = 1_000
"""The most events of a kind (opens or clicks) that one message can have by our own links."""
MOST_TIMES = 1_000
"""The most repeats of an event that are counted: beyond it nothing is written."""
MISSED, FULL, AGAIN, NEW = "missed", "full", "again", "new"

# One statement: an insert of what is new, as cheap as it was, and only else a row beside the event,
# which maintenance adds to it. An event that is known is not inserted in vain: that would wait for
# a transaction that applies it. `seen` walks index event_subtask, at most MOST_OF_A_MESSAGE rows.
# Says MISSED when another request has written the same event since this statement began.
COUNT_SQL = f"""
WITH told AS MATERIALIZED (
    SELECT * FROM json_to_record(%s) AS told(
        kind text, source text, dedupe_key text, actor text, subtask_id bigint, url text,
        detail text, ip_address text, user_agent text, delay float8)
), seen AS (
    SELECT count(*) AS all_links, count(*) FILTER (WHERE held.is_same) AS this_link FROM (
        SELECT e.url = told.url AND e.detail = told.detail AS is_same
        FROM told JOIN tracking_event e ON e.subtask_id = told.subtask_id AND e.kind = told.kind
        LIMIT {MOST_OF_A_MESSAGE}) AS held
), windowed AS (
    SELECT CASE
        WHEN seen.all_links >= {MOST_OF_A_MESSAGE} OR seen.this_link >= {DAILY} THEN NULL
        WHEN seen.this_link < {FINE} THEN 10 WHEN seen.this_link < {HOURLY} THEN 3600
        ELSE 86400 END AS seconds
    FROM seen
), visit AS (
    SELECT told.*, told.dedupe_key || ':' || windowed.seconds || ':' ||
        floor(extract(epoch FROM statement_timestamp()) / windowed.seconds)::bigint AS key
    FROM told, windowed WHERE windowed.seconds IS NOT NULL
), known AS (
    SELECT e.id, e.times FROM visit JOIN tracking_event e
        ON e.source = visit.source AND e.dedupe_key = visit.key AND e.service_id IS NULL
), new AS (
    INSERT INTO tracking_event (kind, source, dedupe_key, actor, subtask_id, message_id,
                                provider_message_id, recipient, url, detail, ip_address,
                                user_agent, raw, received_at, state, due_at, note)
    SELECT kind, source, key, actor, subtask_id, '', '', '', url, detail, ip_address, user_agent,
           '{{}}', clock_timestamp(), 'waiting',
           clock_timestamp() + make_interval(secs => delay), ''
    FROM visit WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (source, dedupe_key, service_id) DO NOTHING
    RETURNING id
), again AS (
    INSERT INTO tracking_repeat AS r (event_id, times, last_at)
    SELECT known.id, 1, clock_timestamp() FROM known
    WHERE known.times < {MOST_TIMES} AND NOT EXISTS (
        SELECT FROM tracking_repeat r WHERE r.event_id = known.id AND r.times >= {MOST_TIMES})
    ON CONFLICT (event_id) DO UPDATE SET times = r.times + 1, last_at = excluded.last_at
    RETURNING event_id
)
SELECT CASE WHEN EXISTS (SELECT FROM new) THEN '{NEW}'
            WHEN EXISTS (SELECT FROM again) THEN '{AGAIN}'
            WHEN EXISTS (SELECT FROM known) OR NOT EXISTS (SELECT FROM visit) THEN '{FULL}'
            ELSE '{MISSED}' END
"""


def count(row: dict[str, Any]) -> int:
    """Count a visit whose values are already sanitised. Returns how many events are new."""
    told = json.dumps(row, default=str, ensure_ascii=False)
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(COUNT_SQL, [told])
            (outcome,) = cursor.fetchone()
            if outcome != MISSED:
                break
    return int(outcome == NEW)
