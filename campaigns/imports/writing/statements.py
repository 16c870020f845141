"""The SQL that merges a piece of an import into contacts, tags and suppressions.

Each piece is staged in a temporary table and looked up once: what that finds is counted, and then
written. A dry run counts the same and writes only what it must remember.
"""

from __future__ import annotations

from django.db import connection

from campaigns.imports.settings import Existing
from campaigns.models import Contact, ImportedAddress, ImportSaid, Tag
from campaigns.suppressions import DOMAIN_SQL

# pg_temp by name: a table of the project that happened to be called the same is never touched.
CREATE = """
DROP TABLE IF EXISTS pg_temp.import_row, pg_temp.import_met;
CREATE TEMPORARY TABLE import_row (
    line bigint, email text, name text, attributes jsonb, tags int[], tracking boolean,
    consent text, consent_at timestamptz, said_given boolean
) ON COMMIT DROP
"""
COPY = """
COPY pg_temp.import_row
    (line, email, name, attributes, tags, tracking, consent, consent_at, said_given)
FROM STDIN
"""
# A tag that does not exist yet, in a dry run, has no id.
ADD_TAGS = """
WITH named AS (
    SELECT name, number FROM unnest(%(names)s::text[]) WITH ORDINALITY AS named(name, number)
    WHERE name IS NOT NULL
)
INSERT INTO {tag} (owner_id, name)
SELECT DISTINCT ON (lower(name)) %(owner)s, name FROM named ORDER BY lower(name), number
ON CONFLICT DO NOTHING
RETURNING id
"""
FIND_TAGS = """
SELECT array_agg(tag.id ORDER BY named.number)
FROM unnest(%(names)s::text[]) WITH ORDINALITY AS named(name, number)
LEFT JOIN {tag} AS tag ON tag.owner_id = %(owner)s AND lower(tag.name) = lower(named.name)
"""
# One look at the indexes by owner and address, and by import and address where the import has
# marked any, for each row. `seen` are further rows of an address: of the others, each counts as one
# address. `ids` are the tags by their numbers in the rows, from 1.
#
# `takes` says whether the contact takes more than refusals from the row. The owner is a value that
# PostgreSQL does not know when it plans: of one whose contacts it has not counted yet it would
# expect none, and walk through all of them for each row.
MEET = """
CREATE TEMPORARY TABLE import_met ON COMMIT DROP AS
WITH looked_up AS (
    SELECT staged.line, staged.email, staged.name, staged.attributes, staged.tracking,
           staged.consent, staged.consent_at, staged.said_given, staged.tags,
           contact.id AS old_id, contact.name AS old_name, contact.attributes AS old_attributes,
           contact.tracking_consent AS old_tracking, contact.mail_consent AS old_consent,
           contact.imported_by_id IS NOT DISTINCT FROM %(operation)s AS is_own,
           mark.touched, mark.told_tracking, mark.was_refused, mark.met_refused,
           mark.touched IS NOT NULL AS is_marked
    FROM pg_temp.import_row AS staged
    LEFT JOIN LATERAL (
        SELECT id, name, attributes, tracking_consent, mail_consent, imported_by_id
        FROM {contact} AS c
        WHERE c.owner_id = (SELECT %(owner)s::integer) AND c.email = staged.email OFFSET 0
    ) AS contact ON true
    LEFT JOIN LATERAL (
        SELECT touched, told_tracking, was_refused, met_refused
        FROM {mark} AS m
        WHERE (SELECT EXISTS (SELECT FROM {mark} WHERE operation_id = %(operation)s))
          AND m.operation_id = %(operation)s AND m.address_key = {key} OFFSET 0
    ) AS mark ON true
), known AS (
    SELECT *, is_marked OR is_own AS seen,
           coalesce(touched, is_own) AS was_touched,
           old_id IS NULL AND NOT is_marked AS is_new,
           coalesce(was_refused, old_consent = 'refused' AND NOT is_own, false) AS had_refused
    FROM looked_up
), taking AS (
    SELECT *, %(existing)s <> 'skip' OR is_new OR is_own OR old_id IS NULL AS takes,
           old_id IS NOT NULL AND NOT seen AND %(existing)s <> 'skip' AS takes_fields
    FROM known
)
SELECT line, email, name, attributes, tags, tracking, consent, consent_at, said_given,
       old_id, seen, was_touched, is_new, is_own, is_marked, had_refused, takes,
       CASE WHEN is_new AND NOT %(dry)s THEN nextval({sequence}) ELSE old_id END AS contact_id,
       CASE WHEN takes_fields THEN {new_name} END AS new_name,
       CASE WHEN takes_fields THEN {new_attributes} END AS new_attributes,
       takes_fields AND (
           {new_name} <> old_name OR {new_attributes} IS DISTINCT FROM old_attributes
       ) AS changes_fields,
       old_id IS NOT NULL AND NOT coalesce(told_tracking, false) AND tracking <> old_tracking
           AND (takes OR NOT tracking) IS TRUE AS changes_tracking,
       CASE WHEN old_id IS NULL THEN NULL
            WHEN consent = 'refused' AND old_consent <> 'refused' THEN 'refused'
            WHEN consent = 'given' AND old_consent = 'unknown' AND takes THEN 'given' END
       AS new_consent,
       old_id IS NOT NULL AND takes AND EXISTS (
           SELECT FROM unnest(tags) AS wanted
           WHERE NOT EXISTS (
               SELECT FROM {contact_tags} AS t
               WHERE t.contact_id = old_id AND t.tag_id = (%(ids)s::bigint[])[wanted]
           )
       ) AS lacks_tag,
       had_refused AND said_given AND NOT coalesce(met_refused, false) AS meets_refused
FROM taking
"""
_TOUCHES = """
(is_new OR changes_fields OR changes_tracking IS TRUE OR lacks_tag OR new_consent IS NOT NULL)
"""
COUNT = f"""
SELECT count(*) FILTER (WHERE is_new),
       count(*) FILTER (WHERE NOT is_new AND NOT was_touched AND {_TOUCHES}),
       count(*) FILTER (WHERE NOT seen AND NOT is_new AND takes AND NOT {_TOUCHES})
         - count(*) FILTER (WHERE seen AND NOT was_touched AND takes AND {_TOUCHES}),
       count(*) FILTER (WHERE NOT seen AND NOT is_new AND NOT takes AND NOT {_TOUCHES})
         - count(*) FILTER (WHERE seen AND NOT was_touched AND NOT takes AND {_TOUCHES}),
       count(*) FILTER (WHERE seen),
       count(*) FILTER (WHERE meets_refused)
FROM pg_temp.import_met
"""
# Addresses that were on the list before the import.
MET_SUPPRESSED = """
SELECT count(*) FILTER (WHERE reason = 'unsubscribed'),
       count(*) FILTER (WHERE reason <> 'unsubscribed')
FROM pg_temp.import_met AS met
CROSS JOIN LATERAL (
    SELECT reason FROM campaigns_suppression AS s
    WHERE s.email IN (met.email, {domain}) AND s.created_at < %(began)s
    ORDER BY s.email LIKE '@%%' LIMIT 1
) AS entry
WHERE NOT seen
"""
# What is stored in so few bytes is not long, however well it was compressed.
TOO_LONG = """
SELECT email FROM pg_temp.import_met
WHERE pg_column_size(coalesce(new_attributes, attributes)) > 300
  AND (is_new OR changes_fields)
  AND octet_length(coalesce(new_attributes, attributes)::text) > %(longest)s
LIMIT 1
"""
# Of an owner's imports, one at a time adds contacts: no order is needed to prevent deadlocks.
ADD_CONTACTS = """
INSERT INTO {contact} (
    id, owner_id, email, name, attributes, tracking_consent, mail_consent, mail_consent_at,
    mail_consent_source, imported_by_id
)
SELECT contact_id, %(owner)s, email, name, attributes, coalesce(tracking, false),
       coalesce(consent, 'unknown'),
       CASE WHEN consent IS NOT NULL THEN coalesce(consent_at, now()) END,
       CASE WHEN consent IS NOT NULL THEN %(source)s ELSE '' END, %(operation)s
FROM pg_temp.import_met WHERE is_new
"""
# The values are computed anew: another transaction may have changed the contact meanwhile.
CHANGE_CONTACTS = """
UPDATE {contact} AS contact
SET name = CASE WHEN changes_fields THEN {set_name} ELSE contact.name END,
    attributes = CASE WHEN changes_fields THEN {set_attributes} ELSE contact.attributes END,
    tracking_consent = CASE WHEN changes_tracking THEN tracking ELSE tracking_consent END,
    mail_consent = coalesce(new_consent, mail_consent),
    mail_consent_at = CASE WHEN new_consent IS NULL THEN mail_consent_at
                           ELSE coalesce(met.consent_at, now()) END,
    mail_consent_source = CASE WHEN new_consent IS NULL THEN mail_consent_source
                               ELSE %(source)s END
FROM (
    SELECT * FROM pg_temp.import_met
    WHERE changes_fields OR changes_tracking OR new_consent IS NOT NULL ORDER BY email
) AS met
WHERE contact.id = met.contact_id
"""
TAG_NEW = """
INSERT INTO {contact_tags} (contact_id, tag_id)
SELECT contact_id, (%(ids)s::bigint[])[number]
FROM pg_temp.import_met, unnest(tags) AS number
WHERE is_new
"""
TAG_EXISTING = """
INSERT INTO {contact_tags} (contact_id, tag_id)
SELECT contact_id, (%(ids)s::bigint[])[number]
FROM pg_temp.import_met, unnest(tags) AS number
WHERE lacks_tag
ON CONFLICT DO NOTHING
"""
# A contact that the import made is known by `imported_by`; only what its further rows need to know
# is written.
MARK = f"""
INSERT INTO {{mark}} AS mark (
    operation_id, address_key, touched, told_tracking, refused, was_refused, met_refused, changed_at
)
SELECT %(operation)s, {{met_key}}, was_touched OR {_TOUCHES}, tracking IS NOT NULL,
       consent IS NOT DISTINCT FROM 'refused', had_refused, meets_refused,
       CASE WHEN old_id IS NOT NULL AND {_TOUCHES} THEN now() END
FROM pg_temp.import_met
WHERE CASE WHEN seen THEN {_TOUCHES} OR tracking IS NOT NULL OR consent IS NOT NULL OR meets_refused
           ELSE %(dry)s OR NOT is_new OR tracking IS NOT NULL END
ON CONFLICT (operation_id, address_key) DO UPDATE SET
    touched = mark.touched OR excluded.touched,
    told_tracking = mark.told_tracking OR excluded.told_tracking,
    refused = mark.refused OR excluded.refused,
    met_refused = mark.met_refused OR excluded.met_refused,
    changed_at = coalesce(excluded.changed_at, mark.changed_at)
"""
SAY = """
COPY {said} (operation_id, line, email, told, suppresses) FROM STDIN
"""
# Contacts that a row keeps out, but that exist (perhaps by another row), and that no entry of the
# list, for the address or its domain, and no refusal keeps from being mailed.
STILL_MAILED = """
SELECT said.line, said.email, said.told
FROM (SELECT DISTINCT ON (email) line, email, told
      FROM {said} WHERE operation_id = %(operation)s AND NOT suppresses
      ORDER BY email, line) AS said
LEFT JOIN {contact} AS contact
    ON contact.owner_id = (SELECT %(owner)s::integer) AND contact.email = said.email
LEFT JOIN {mark} AS mark
    ON mark.operation_id = %(operation)s AND mark.address_key = {said_key}
WHERE (contact.id IS NOT NULL OR (%(dry)s AND mark.touched IS NOT NULL))
  AND coalesce(contact.mail_consent, '') <> 'refused' AND NOT coalesce(mark.refused, false)
  AND NOT EXISTS (
      SELECT FROM campaigns_suppression AS s WHERE s.email IN (said.email, {said_domain})
  )
  AND NOT EXISTS (
      SELECT FROM {said} AS other
      WHERE other.operation_id = %(operation)s AND other.email = said.email AND other.suppresses
  )
ORDER BY said.line
"""

_NAMES = {
    Existing.UPDATE: "coalesce(nullif({new}.name, ''), {old_name})",
    Existing.FILL: "coalesce(nullif({old_name}, ''), {new}.name)",
}
_ATTRIBUTES = {
    Existing.UPDATE: "{old_attributes} || {new}.attributes",
    Existing.FILL: """
        {new}.attributes || {old_attributes} || coalesce((
            SELECT jsonb_object_agg(key, value) FROM jsonb_each({new}.attributes)
            WHERE coalesce({old_attributes} ->> key, '') = ''
        ), '{{}}')""",
}


def named(statement: str, existing: Existing = Existing.UPDATE) -> str:
    """The statement with the names of tables, and with what becomes of existing contacts."""
    quote = connection.ops.quote_name
    how = Existing.UPDATE if existing is Existing.SKIP else existing
    contact = quote(Contact._meta.db_table)
    met = {"new": "taking", "old_name": "old_name", "old_attributes": "old_attributes"}
    stored = {"new": "met", "old_name": "contact.name", "old_attributes": "contact.attributes"}
    return statement.format(
        contact=contact,
        tag=quote(Tag._meta.db_table),
        contact_tags=quote(Contact.tags.through._meta.db_table),
        mark=quote(ImportedAddress._meta.db_table),
        said=quote(ImportSaid._meta.db_table),
        sequence=f"(SELECT pg_get_serial_sequence('{Contact._meta.db_table}', 'id')::regclass)",
        key=_key("staged.email"),
        met_key=_key("email"),
        said_key=_key("said.email"),
        domain=DOMAIN_SQL.format(address="met.email"),
        said_domain=DOMAIN_SQL.format(address="said.email"),
        new_name=_NAMES[how].format(**met),
        new_attributes=_ATTRIBUTES[how].format(**met),
        set_name=_NAMES[how].format(**stored),
        set_attributes=_ATTRIBUTES[how].format(**stored),
    )


def _key(address: str) -> str:
    """As AddressKey."""
    return f"('x' || left(md5({address}), 16))::bit(64)::bigint"
