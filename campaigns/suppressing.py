"""Writing addresses to the suppression list, and taking them off again."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from campaigns.models import Suppression
from campaigns.models.contacts import SuppressionReason

# Sorted, so that two writers wait for each other instead of locking each other out. An address that
# turns out to be worse than unsubscribed says so: its owner cannot subscribe it again. The update
# of a row to itself is what makes it return its key.
SUPPRESS_SQL = """
INSERT INTO campaigns_suppression AS s (email, reason, source)
SELECT DISTINCT ON (v.email) v.email, v.reason, left(v.source, 200)
FROM unnest(%s::text[], %s::text[], %s::text[]) AS v(email, reason, source)
ORDER BY v.email, v.reason = 'unsubscribed'
ON CONFLICT (email) DO UPDATE SET
    reason = CASE WHEN s.reason = 'unsubscribed' THEN excluded.reason ELSE s.reason END,
    source = CASE WHEN s.reason = 'unsubscribed' AND excluded.reason <> 'unsubscribed'
                  THEN excluded.source ELSE s.source END
RETURNING s.email, s.id
"""


def suppress(rows: Iterable[tuple[str, SuppressionReason, str]]) -> dict[str, int]:
    """Suppress addresses, each with a reason and a source. Returns the key of each one's row.

    Idempotent: an address that is on the list keeps its row, and its reason unless that was only
    that it unsubscribed.
    """
    rows = list(rows)
    if not rows:
        return {}
    emails, reasons, sources = zip(*rows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(SUPPRESS_SQL, [list(emails), [str(r) for r in reasons], list(sources)])
        return dict(cursor.fetchall())


def lift(email: str) -> int | None:
    """Take an address off the list whose owner had unsubscribed and wants to be mailed again.

    Returns the key that its row had; None when it was not on the list, or for another reason, which
    only staff can lift.
    """
    found = Suppression.objects.filter(email=email, reason=SuppressionReason.UNSUBSCRIBED)
    row = found.select_for_update().first()
    if row is None:
        return None
    key: int = row.pk
    row.delete()
    return key
