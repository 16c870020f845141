"""Forgetting what is kept for a while only."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

BATCH = 5_000

# Uses index event_payload. The event itself stays: it is what keeps it from counting twice.
FORGET_SQL = """
UPDATE tracking_event SET raw = NULL, ip_address = '', user_agent = ''
WHERE id = ANY(ARRAY(
    SELECT id FROM tracking_event
    WHERE raw IS NOT NULL AND received_at < now() - make_interval(days => %s)
    ORDER BY received_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED))
"""


def forget_payloads() -> int:
    """Erase payloads, addresses and user agents that are too old, a batch each time. Returns how
    many.
    """
    with connection.cursor() as cursor:
        cursor.execute(FORGET_SQL, [settings.EVENT_PAYLOAD_DAYS, BATCH])
        return int(cursor.rowcount)
