"""Undo a piece of a change: where a contact still is as the change left it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.utils.translation import gettext_lazy as _

from campaigns.contact_changes.asking import Action
from campaigns.models import Operation
from campaigns.operations.kinds import OperationProblem

GONE = _("What it is to undo is no longer known: the record of that change was deleted.")

NOTED = """
noted AS MATERIALIZED (
    SELECT contact_id, before FROM campaigns_changedcontact
    WHERE operation_id = %(of)s AND contact_id = ANY(%(keys)s) AND before IS NOT NULL
)
"""

# A link that was removed and made again since has another key.
ADDED_SQL = f"""
WITH {NOTED}, undone AS (
    DELETE FROM campaigns_contact_tags l
    USING noted, jsonb_array_elements_text(noted.before -> 'links') AS link
    WHERE l.id = link::bigint RETURNING l.contact_id
)
SELECT count(DISTINCT contact_id) FROM undone
"""

REMOVED_SQL = f"""
WITH {NOTED}, people AS MATERIALIZED (
    SELECT id FROM campaigns_contact WHERE id = ANY(%(keys)s) AND owner_id = %(owner)s
    ORDER BY id FOR KEY SHARE
), tags AS MATERIALIZED (
    SELECT id FROM campaigns_tag WHERE id = ANY(%(tags)s) AND owner_id = %(owner)s
    ORDER BY id FOR KEY SHARE
), undone AS (
    INSERT INTO campaigns_contact_tags (contact_id, tag_id)
    SELECT people.id, tags.id
    FROM noted JOIN people ON people.id = noted.contact_id,
         jsonb_array_elements_text(noted.before -> 'tags') AS removed
         JOIN tags ON tags.id = removed::bigint
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING RETURNING contact_id
)
SELECT count(DISTINCT contact_id) FROM undone
"""

CONSENT_SQL = f"""
WITH {NOTED}, same AS MATERIALIZED (
    SELECT c.id, noted.before FROM campaigns_contact c JOIN noted ON noted.contact_id = c.id
    WHERE c.owner_id = %(owner)s AND c.mail_consent = %(consent)s AND c.mail_consent_at = %(at)s
      AND c.mail_consent_source = %(source)s
    ORDER BY c.id FOR NO KEY UPDATE OF c
), undone AS (
    UPDATE campaigns_contact c
    SET mail_consent = same.before ->> 'consent',
        mail_consent_at = (same.before ->> 'at')::timestamptz,
        mail_consent_source = same.before ->> 'source', changed_at = now()
    FROM same WHERE same.id = c.id RETURNING 1
)
SELECT count(*) FROM undone
"""

SQL = {
    Action.ADD_TAGS: ADDED_SQL,
    Action.REMOVE_TAGS: REMOVED_SQL,
    Action.SET_CONSENT: CONSENT_SQL,
}


def undo(operation: Operation, keys: Sequence[int]) -> int:
    """Returns how many contacts are as before the change again. Raises OperationProblem."""
    done = Operation.objects.filter(
        pk=operation.params["of"], owner=operation.owner_id, kind=operation.kind
    ).first()
    if done is None:
        raise OperationProblem(str(GONE))
    known = {"of": done.pk, "owner": operation.owner_id, "keys": list(keys)}
    with connection.cursor() as cursor:
        cursor.execute(SQL[Action(done.params["action"])], {**done.params, **known})
        return int(cursor.fetchone()[0])
