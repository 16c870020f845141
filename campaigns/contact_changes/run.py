"""Do a change of contacts, a piece at a time. Each piece is a transaction of its own that notes
what it replaced, so that a killed change goes on where it was and a finished one can be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.contact_changes import undoing
from campaigns.contact_changes.asking import NOT_LAUNCHED, Action
from campaigns.db import statistics
from campaigns.models import ChangedContact, Contact, Operation, Tag, Task
from campaigns.operations import progress
from campaigns.operations.kinds import OperationProblem

PIECE = 5_000
NO_TAGS = _("The tags were deleted meanwhile. What was done until then stays.")

# The contacts and tags are locked, lest one is deleted between the look at it and the link to it.
ADD_SQL = """
WITH people AS MATERIALIZED (
    SELECT id FROM campaigns_contact WHERE id = ANY(%(keys)s) AND owner_id = %(owner)s
    ORDER BY id FOR KEY SHARE
), tags AS MATERIALIZED (
    SELECT id FROM campaigns_tag WHERE id = ANY(%(tags)s) AND owner_id = %(owner)s
    ORDER BY id FOR KEY SHARE
), added AS (
    INSERT INTO campaigns_contact_tags (contact_id, tag_id)
    SELECT people.id, tags.id FROM people, tags ORDER BY 1, 2
    ON CONFLICT DO NOTHING RETURNING id, contact_id
)
UPDATE campaigns_changedcontact n SET before = jsonb_build_object('links', a.links)
FROM (SELECT contact_id, jsonb_agg(id) AS links FROM added GROUP BY 1) AS a
WHERE n.operation_id = %(operation)s AND n.contact_id = a.contact_id
"""

REMOVE_SQL = """
WITH removed AS (
    DELETE FROM campaigns_contact_tags l USING campaigns_contact c
    WHERE c.id = l.contact_id AND c.owner_id = %(owner)s
      AND l.contact_id = ANY(%(keys)s) AND l.tag_id = ANY(%(tags)s)
    RETURNING l.contact_id, l.tag_id
)
UPDATE campaigns_changedcontact n SET before = jsonb_build_object('tags', r.tags)
FROM (SELECT contact_id, jsonb_agg(tag_id) AS tags FROM removed GROUP BY 1) AS r
WHERE n.operation_id = %(operation)s AND n.contact_id = r.contact_id
"""

CONSENT_SQL = """
WITH old AS MATERIALIZED (
    SELECT id, mail_consent, mail_consent_at, mail_consent_source FROM campaigns_contact
    WHERE id = ANY(%(keys)s) AND owner_id = %(owner)s
      AND (mail_consent <> 'refused' OR %(for_refused)s)
    ORDER BY id FOR NO KEY UPDATE
), changed AS (
    UPDATE campaigns_contact c
    SET mail_consent = %(consent)s, mail_consent_at = %(at)s, mail_consent_source = %(source)s,
        changed_at = now()
    FROM old WHERE old.id = c.id
)
UPDATE campaigns_changedcontact n SET before = jsonb_build_object(
    'consent', old.mail_consent, 'at', old.mail_consent_at, 'source', old.mail_consent_source)
FROM old WHERE n.operation_id = %(operation)s AND n.contact_id = old.id
"""


def step(operation: Operation) -> bool:
    """Change the next contacts. Locks the operation's row, then the contacts in the order of their
    keys."""
    with transaction.atomic():
        locked = Operation.objects.select_for_update(no_key=True).get(pk=operation.pk)
        after = locked.position.get("after", 0)
        rows = ChangedContact.objects.filter(operation=locked, contact_id__gt=after)
        keys = list(rows.order_by("contact_id").values_list("contact_id", flat=True)[:PIECE])
        if not keys:
            statistics.contacts_came_in(locked.done)
            return False
        changed = DO[Action(locked.params["action"])](locked, keys)
        locked.position = {"after": keys[-1]}
        locked.done += len(keys)
        locked.result = {**locked.result, "changed": locked.result.get("changed", 0) + changed}
        progress.save(locked)
        is_more = len(keys) == PIECE
        if not is_more:
            statistics.contacts_came_in(locked.done)
    return is_more


def _add_tags(operation: Operation, keys: Sequence[int]) -> int:
    return _write(ADD_SQL, operation, keys, tags=_tags_of(operation))


def _remove_tags(operation: Operation, keys: Sequence[int]) -> int:
    return _write(REMOVE_SQL, operation, keys, tags=_tags_of(operation))


def _tags_of(operation: Operation) -> list[int]:
    """Those that are still there. Raises OperationProblem when none is."""
    tags = Tag.objects.filter(owner=operation.owner_id, pk__in=operation.params["tags"])
    found = list(tags.order_by("pk").values_list("pk", flat=True))
    if not found:
        raise OperationProblem(str(NO_TAGS))
    return found


def _set_consent(operation: Operation, keys: Sequence[int]) -> int:
    wanted = {name: operation.params[name] for name in ("consent", "at", "source", "for_refused")}
    return _write(CONSENT_SQL, operation, keys, **wanted)


def _write(sql: str, operation: Operation, keys: Sequence[int], **params: Any) -> int:
    """Returns how many contacts were changed."""
    known: dict[str, Any] = {
        "operation": operation.pk,
        "owner": operation.owner_id,
        "keys": list(keys),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, {**known, **params})
        return int(cursor.rowcount)


def _delete(operation: Operation, keys: Sequence[int]) -> int:
    """Those chosen for a task that was not launched stay: it would be sent to fewer than meant."""
    people = Contact.objects.filter(owner=operation.owner_id, pk__in=keys)
    chosen = Task.contacts.through.objects.filter(
        contact__in=keys, task__status__in=NOT_LAUNCHED
    ).values_list("contact_id", flat=True)
    in_use = set(people.filter(pk__in=list(chosen)).values_list("pk", flat=True))
    _, by_model = people.exclude(pk__in=in_use).delete()
    result = operation.result
    operation.result = {**result, "in_use": result.get("in_use", 0) + len(in_use)}
    return by_model.get(Contact._meta.label, 0)


DO: dict[Action, Callable[[Operation, Sequence[int]], int]] = {
    Action.ADD_TAGS: _add_tags,
    Action.REMOVE_TAGS: _remove_tags,
    Action.SET_CONSENT: _set_consent,
    Action.DELETE: _delete,
    Action.UNDO: undoing.undo,
}
