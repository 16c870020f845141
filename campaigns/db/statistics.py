"""What PostgreSQL knows of how many rows an owner or a tag has, by which it plans."""

from __future__ import annotations

from django.db import connection, transaction

MANY = 1_000
"""Rows of one owner or tag that come in at once, after which the tables are counted anew."""
ANALYZE = "ANALYZE (SKIP_LOCKED) campaigns_contact, campaigns_contact_tags"

# Where transactions were rolled back, and others are still open.
BELIEVED_EMPTY = """
SELECT 1 FROM pg_class
WHERE oid = 'campaigns_contact'::regclass AND reltuples = 0 AND relpages > 0
  AND EXISTS (SELECT FROM campaigns_contact)
"""


def count_if_believed_empty() -> None:
    """Count the contacts, also those of this transaction, if PostgreSQL believes that there are
    none. Then all indexes that begin with the owner are the same to it, and it may take one by
    which it walks through all contacts of the owner for each that it looks up.
    """
    with connection.cursor() as cursor:
        cursor.execute(BELIEVED_EMPTY)
        if cursor.fetchone():
            cursor.execute(ANALYZE)


def contacts_came_in(number: int) -> None:
    """After this transaction, count what there is now, if these are many: a second for a million.

    Of an owner whose contacts were not counted yet PostgreSQL expects none, and walks through all
    of them for each of them; it counts by itself only when a share of the whole table is new.
    """
    if number >= MANY:
        transaction.on_commit(_analyze)


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute(ANALYZE)
