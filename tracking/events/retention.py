"""Retention: delete data that is kept for a limited time."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

BATCH = 5_000

# Uses index event_payload. The event itself stays, so that a repeated report is not counted twice.
FORGET_SQL = """
UPDATE tracking_event SET raw = NULL, ip_address = '', user_agent = ''
WHERE id = ANY(ARRAY(
    SELECT id FROM tracking_event
    WHERE raw IS NOT NULL AND received_at < now() - make_interval(days => %s)
    ORDER BY received_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED))
"""


def forget_payloads() -> int:
    """Erase payloads, addresses and user agents that are too old, in batches. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET_SQL, [settings.EVENT_PAYLOAD_DAYS, BATCH])
        return int(cursor.rowcount)
