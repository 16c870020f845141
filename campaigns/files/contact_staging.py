"""Stage rows in a temporary table, then merge them into contacts, tags and suppressions in a few
set-based statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.types.json import Jsonb

from campaigns.files import time_limits
from campaigns.models import Contact, Tag
from campaigns.models.contacts import MAX_STORED
from campaigns.suppressions import DOMAIN_SQL

# pg_temp by name: a table of the project that happened to be called the same is never touched.
CREATE = """
DROP TABLE IF EXISTS
    pg_temp.contact_import, pg_temp.contact_import_kept_out, pg_temp.contact_import_touched;
CREATE TEMPORARY TABLE contact_import (
    line bigint, email text, name text, attributes jsonb, tags text[], tracking_consent boolean,
    suppressed_as text, told text, kept_out boolean
) ON COMMIT DROP;
CREATE TEMPORARY TABLE contact_import_kept_out (line bigint, email text, told text) ON COMMIT DROP;
CREATE TEMPORARY TABLE contact_import_touched (contact_id bigint, created boolean) ON COMMIT DROP
"""
COPY = """
COPY pg_temp.contact_import
    (line, email, name, attributes, tags, tracking_consent, suppressed_as, told, kept_out)
FROM STDIN
"""
KEEP_OUT = """
WITH kept_out AS (
    DELETE FROM pg_temp.contact_import WHERE kept_out RETURNING line, email, told
)
INSERT INTO pg_temp.contact_import_kept_out SELECT line, email, told FROM kept_out
"""

# The first row of an address counts. In the order of the addresses, so that concurrent imports wait
# for each other instead of deadlocking.
MERGE_CONTACTS = """
WITH merged AS (
    INSERT INTO {contact} AS contact (owner_id, email, name, attributes, tracking_consent)
    SELECT DISTINCT ON (email) %(owner)s, email, name, attributes, false
    FROM pg_temp.contact_import
    ORDER BY email, line
    ON CONFLICT (owner_id, email) DO UPDATE
    SET name = coalesce(nullif(excluded.name, ''), contact.name),
        attributes = contact.attributes || excluded.attributes
    WHERE contact.name <> coalesce(nullif(excluded.name, ''), contact.name)
       OR contact.attributes IS DISTINCT FROM contact.attributes || excluded.attributes
    RETURNING contact.id, contact.xmax = 0 AS created
)
INSERT INTO pg_temp.contact_import_touched SELECT id, created FROM merged
"""
ADD_TAGS = """
INSERT INTO {tag} (owner_id, name)
SELECT DISTINCT ON (lower(named.name)) %(owner)s, named.name
FROM pg_temp.contact_import AS staged, unnest(staged.tags) AS named(name)
ORDER BY lower(named.name), staged.line
ON CONFLICT DO NOTHING
"""
# Unlike the other fields, tags are taken from every row of an address.
TAG_CONTACTS = """
WITH tagged AS (
    INSERT INTO {contact_tags} (contact_id, tag_id)
    SELECT DISTINCT contact.id, tag.id
    FROM pg_temp.contact_import AS staged
    CROSS JOIN unnest(staged.tags) AS named(name)
    JOIN {contact} AS contact ON contact.owner_id = %(owner)s AND contact.email = staged.email
    JOIN {tag} AS tag ON tag.owner_id = %(owner)s AND lower(tag.name) = lower(named.name)
    ON CONFLICT DO NOTHING
    RETURNING contact_id
)
INSERT INTO pg_temp.contact_import_touched SELECT contact_id, false FROM tagged
"""
# The first row of an address with a value counts.
RECORD_CONSENT = """
WITH said AS (
    SELECT DISTINCT ON (email) email, tracking_consent
    FROM pg_temp.contact_import WHERE tracking_consent IS NOT NULL
    ORDER BY email, line
), changed AS (
    UPDATE {contact} AS contact SET tracking_consent = said.tracking_consent
    FROM said
    WHERE contact.owner_id = %(owner)s AND contact.email = said.email
      AND contact.tracking_consent <> said.tracking_consent
    RETURNING contact.id
)
INSERT INTO pg_temp.contact_import_touched SELECT id, false FROM changed
"""
# The most severe reason for an address counts. Sorted and updated as in `campaigns.suppressions`.
SUPPRESS = """
INSERT INTO campaigns_suppression AS s (email, reason, source)
SELECT DISTINCT ON (email) email, suppressed_as, told
FROM pg_temp.contact_import WHERE suppressed_as IS NOT NULL
ORDER BY email, suppressed_as = 'unsubscribed', line
ON CONFLICT (email) DO UPDATE SET reason = excluded.reason, source = excluded.source
WHERE s.reason = 'unsubscribed' AND excluded.reason <> 'unsubscribed'
"""
# Contacts that a row keeps out, but that exist (perhaps by another row), and no entry of the list,
# for the address or its domain, keeps from being mailed.
STILL_MAILED = """
SELECT kept_out.line, kept_out.email, kept_out.told
FROM (SELECT DISTINCT ON (email) line, email, told
      FROM pg_temp.contact_import_kept_out ORDER BY email, line) AS kept_out
JOIN {contact} AS contact ON contact.owner_id = %(owner)s AND contact.email = kept_out.email
WHERE NOT EXISTS (
    SELECT FROM campaigns_suppression AS s
    WHERE s.email IN (kept_out.email, {domain})
)
ORDER BY kept_out.line
"""
# What is stored in so few bytes is not long, however well it was compressed.
TOO_LONG = """
SELECT contact.email FROM pg_temp.contact_import_touched AS touched
JOIN {contact} AS contact ON contact.id = touched.contact_id
WHERE pg_column_size(contact.attributes) > 300
  AND octet_length(contact.attributes::text) > %(longest)s
LIMIT 1
"""
COUNT = """
SELECT
    (SELECT count(*) FROM pg_temp.contact_import),
    (SELECT count(DISTINCT email) FROM pg_temp.contact_import),
    (SELECT count(*) FROM pg_temp.contact_import_touched WHERE created),
    (SELECT count(DISTINCT contact_id) FROM pg_temp.contact_import_touched)
"""


class AttributesTooLong(Exception):
    """A contact would exceed the limit, together with its existing attributes."""


class StagedContact(NamedTuple):
    """A valid row; `line` says which of several rows of one address came first."""

    line: int
    email: str
    name: str
    attributes: dict[str, str]
    tags: list[str]
    tracking_consent: bool | None = None
    suppressed_as: str | None = None
    told: str = ""
    kept_out: bool = False
    """It makes no contact, and changes none."""


class MergeCounts(NamedTuple):
    """Rows staged, addresses among them, contacts created, contacts created or changed."""

    rows: int
    addresses: int
    created: int
    touched: int


class Staging:
    """The temporary table, valid within one transaction."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(CREATE)

    def add(self, contacts: Iterable[StagedContact]) -> None:
        rows = ((*contact[:3], Jsonb(contact.attributes), *contact[4:]) for contact in contacts)
        time_limits.copy_rows(COPY, rows)

    def merge(self, owner_id: Any) -> MergeCounts:
        """Raises AttributesTooLong."""
        with connection.cursor() as cursor:
            cursor.execute(SUPPRESS)
            cursor.execute(KEEP_OUT)
            cursor.execute("ANALYZE pg_temp.contact_import")
            statements = (MERGE_CONTACTS, ADD_TAGS, TAG_CONTACTS, RECORD_CONSENT)
            for statement in statements:
                cursor.execute(_named(statement, cursor), {"owner": owner_id})
            cursor.execute(_named(TOO_LONG, cursor), {"longest": MAX_STORED})
            if too_long := cursor.fetchone():
                raise AttributesTooLong(
                    f"With the values of this file the contact {too_long[0]} would have attributes "
                    f"of more than {MAX_STORED:,} bytes. Import fewer columns, or clear some first."
                )
            cursor.execute(COUNT)
            return MergeCounts(*cursor.fetchone())

    def still_mailed(self, owner_id: Any) -> Iterator[tuple[int, str, str]]:
        """Line, address and text of rows kept out whose contacts are still mailed."""
        with connection.cursor() as cursor:
            cursor.execute(_named(STILL_MAILED, cursor), {"owner": owner_id})
            yield from cursor


def _named(statement: str, cursor: CursorWrapper) -> str:
    quote = connection.ops.quote_name
    return statement.format(
        contact=quote(Contact._meta.db_table),
        tag=quote(Tag._meta.db_table),
        contact_tags=quote(Contact.tags.through._meta.db_table),
        domain=DOMAIN_SQL.format(address="kept_out.email"),
    )
